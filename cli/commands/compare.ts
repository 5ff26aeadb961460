/** `boxmark compare`: has the candidate become slower than the baseline? The regression gate. */

import { resolve } from 'node:path';
import { powerOf } from '../../bench/analysis/gate-power.ts';
import { gateOf } from '../../bench/analysis/regression.ts';
import { compareStored } from '../../bench/analysis/stored-gate.ts';
import { BoxmarkError, EXIT, nearest, usageError } from '../../bench/errors.ts';
import { DEFAULT_MARGIN } from '../../bench/plan/profiles.ts';
import { defaultFor, type FlagValues } from '../../bench/plan/read-flags.ts';
import { compareDocument } from '../../reports/documents/compare.ts';
import { markdownText } from '../../reports/formats/markdown.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import type { Comparison } from '../../reports/sections/comparison.ts';
import { hostDifferences } from '../compare/hosts.ts';
import type { PairedResult } from '../compare/paired.ts';
import { pairedCase, runPaired } from '../compare/paired-case.ts';
import { readSides, type Sides } from '../compare/sides.ts';
import { conclude, jsonFormOf } from '../conclude.ts';
import { withSessions } from '../pack/open.ts';
import { programVersion } from '../paths.ts';
import { assertOut } from '../session/out-folder.ts';
import { stderr } from '../terminal/streams.ts';

const JSON_SCHEMA = 1;

type CompareFlags = FlagValues<'compare'>;

export function compare(flags: CompareFlags, ...paths: readonly string[]): Promise<number> {
  return withSessions(paths, ([baseline, candidate]) => compareIn(flags, baseline?.dir, candidate?.dir));
}

async function compareIn(flags: CompareFlags, baselinePath = '', candidatePath = ''): Promise<number> {
  const sides = await readSides(baselinePath, candidatePath, {
    allowDifferentHosts: flags.allowDifferentHosts === true,
  });
  const only = wantedEnvironments(sides, flags.env);
  const [baseline, candidate] = [sides.baseline.at(-1), sides.candidate.at(-1)];
  if (baseline === undefined || candidate === undefined) throw usageError('There is nothing to compare.', baselinePath);
  const known = {
    program: programVersion(),
    margin: flags.margin ?? baseline.info.plan.margin ?? DEFAULT_MARGIN,
    baseline: sides.baseline.map(({ info }) => info.session),
    candidate: sides.candidate.map(({ info }) => info.session),
    differences: hostDifferences(baseline.info, candidate.info),
    leftOut: sides.leftOut,
  };
  const out = resolve(flags.out ?? defaultFor('compare', 'out'));
  const found = flags.stored === true ? 'that was asked for' : await pairedCase(sides, { ...flags, only, ...known });
  if (typeof found === 'string') return concludeStored(sides, only, { ...known, why: found }, flags);
  assertOut(out);
  const paired = await runPaired(found, { ...flags, out });
  if (paired === null) return EXIT.interrupted;
  if (typeof paired === 'string') return concludeStored(sides, only, { ...known, why: paired }, flags);
  return concludePaired({ ...known, ...paired, remarks: [...sides.remarks, ...found.remarks] }, out, flags);
}

type Known = Omit<Comparison, 'mode' | 'rows' | 'gate' | 'remarks' | 'times' | 'why' | 'power'>;

function concludePaired(
  { sessions, interrupted, ...known }: Known & PairedResult & { readonly remarks: readonly string[] },
  out: string,
  flags: CompareFlags,
): number {
  const dirs = sessions.map((name) => resolve(out, name));
  const result: Comparison = { ...known, mode: 'paired', gate: gateOf(known.rows) };
  if (interrupted) stderr.write('boxmark: interrupted; what was measured is kept\n  try: the same again\n');
  const code = concludeGate(result, { dirs }, flags);
  return interrupted ? EXIT.interrupted : code;
}

function concludeStored(
  sides: Sides,
  only: ReadonlySet<string>,
  known: Known & { readonly why: string },
  flags: CompareFlags,
): number {
  const rowsOf = (figure: 'ratios' | 'times') =>
    compareStored(
      sides.baseline.map((session) => session[figure].filter(({ env }) => only.has(env))),
      sides.candidate.map((session) => session[figure].filter(({ env }) => only.has(env))),
      known.margin,
    );
  const rows = rowsOf('ratios');
  const { remarks } = sides;
  const measure = sides.candidate.at(-1)?.info.plan.measure;
  const power = powerOf(rows, known.margin);
  return concludeGate(
    {
      ...{ ...known, ...(measure === undefined ? {} : { measure }) },
      ...{ mode: 'stored', gate: gateOf(rows), rows, power, times: rowsOf('times'), remarks },
    },
    {},
    flags,
  );
}

function concludeGate(result: Comparison, more: { readonly dirs?: readonly string[] }, flags: CompareFlags): number {
  return conclude(
    {
      ...{ json: jsonFormOf(flags), ...more },
      document: () => ({ schema: JSON_SCHEMA, ...result, ...more }),
      text: () => terminalText(compareDocument(result)),
      markdown: () => markdownText(compareDocument(result)),
    },
    { regressed: EXIT.regression, passed: EXIT.ok, 'no verdict': EXIT.inconclusive }[result.gate],
  );
}

/** Environments of either side, or those of them that were asked for. */
function wantedEnvironments(sides: Sides, wanted: readonly string[] | undefined): ReadonlySet<string> {
  const all = new Set(
    [...sides.baseline, ...sides.candidate].flatMap(({ info }) => info.plan.environments.map(({ path }) => path)),
  );
  if (wanted === undefined) return all;
  const unknown = wanted.find((path) => !all.has(path));
  if (unknown === undefined) return new Set(wanted);
  throw new BoxmarkError(
    {
      what: `The sessions have no environment of this name${nearest(unknown, [...all])}.`,
      value: unknown,
      remedy: [...all].join(', '),
    },
    EXIT.usage,
  );
}
