/** `boxmark compare`: has the candidate become slower than the baseline? The regression gate. */

import { resolve } from 'node:path';
import { Command } from 'commander';
import { DEFAULT_MARGIN } from '../../bench/analysis/contrast/verdict.ts';
import { compareStored, gateOf } from '../../bench/analysis/regression.ts';
import { BoxmarkError, EXIT, usageError } from '../../bench/errors.ts';
import { nearest } from '../../bench/plan/plan.ts';
import { parsePercent } from '../../bench/units.ts';
import { type CompareText, renderCompare } from '../../reports/compare.ts';
import { renderCompareMarkdown } from '../../reports/compare-markdown.ts';
import { hostDifferences } from '../compare/hosts.ts';
import type { PairedResult } from '../compare/paired.ts';
import { pairedCase, runPaired } from '../compare/paired-case.ts';
import { readSides, type Sides } from '../compare/sides.ts';
import { assertOut } from '../out-folder.ts';
import { programVersion } from '../paths.ts';
import { appendStepSummary } from '../step-summary.ts';
import { type AllowEnvFlag, allowEnvOption } from '../stored-origin.ts';
import { stderr, stdout } from '../streams.ts';

export interface CompareFlags extends AllowEnvFlag {
  readonly stored?: boolean;
  readonly env?: string;
  readonly blocks?: string;
  readonly margin?: string;
  readonly cpu?: string;
  readonly out?: string;
  readonly allowDifferentHosts?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const JSON_SCHEMA = 1;

const EXAMPLES = `
Examples:
  boxmark compare results/20261120T090000Z-12ab34 results/20261123T170000Z-ab12cd
  boxmark compare --stored results results/20261123T170000Z-ab12cd     against all sessions there, measuring nothing
  boxmark compare main.session branch.session -e native,docker --blocks 10 || echo "exit code $?"`;

export function compareCommand(): Command {
  return new Command('compare')
    .description('the regression gate: is the candidate slower than the baseline?')
    .argument('<baseline>', 'folder of a session, or a folder of sessions')
    .argument('<candidate>', 'likewise')
    .option('--stored', 'compare what is stored; measure nothing')
    .option('-e, --env <list>', 'only these environments, joined by commas')
    .option('--margin <percent>', "differences up to this count as none (default: the baseline's)")
    .option('--blocks <n>', "blocks of a paired run (default: the baseline's plan)")
    .option('--cpu <list>', "CPUs of a paired run (default: the baseline's, where they are)")
    .option('-o, --out <dir>', 'parent folder of the sessions of a paired run (default: results)')
    .addOption(allowEnvOption())
    .option('--allow-different-hosts', 'compare although the hardware is not the same')
    .option('--json', 'print the result as one JSON document')
    .option('-q, --quiet', 'no progress')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', EXAMPLES)
    .action(async (baseline: string, candidate: string, flags: CompareFlags) => {
      process.exitCode = await compare(baseline, candidate, flags);
    });
}

async function compare(baselinePath: string, candidatePath: string, flags: CompareFlags): Promise<number> {
  const margin = flags.margin === undefined ? undefined : parsePercent(flags.margin, '--margin');
  const sides = await readSides(baselinePath, candidatePath, {
    allowDifferentHosts: flags.allowDifferentHosts === true,
  });
  const only = wantedEnvironments(sides, flags.env);
  const [baseline, candidate] = [sides.baseline.at(-1), sides.candidate.at(-1)];
  if (baseline === undefined || candidate === undefined) throw usageError('There is nothing to compare.', baselinePath);
  const known = {
    program: programVersion(),
    margin: margin ?? baseline.info.plan.margin ?? DEFAULT_MARGIN,
    baseline: sides.baseline.map(({ info }) => info.session),
    candidate: sides.candidate.map(({ info }) => info.session),
    differences: hostDifferences(baseline.info, candidate.info),
    leftOut: sides.leftOut,
  };
  const out = resolve(flags.out ?? 'results');
  const found = flags.stored === true ? 'that was asked for' : await pairedCase(sides, { ...flags, only, ...known });
  if (typeof found === 'string') return concludeStored(sides, only, { ...known, why: found }, flags);
  assertOut(out);
  const paired = await runPaired(found, { ...flags, out });
  if (paired === null) return EXIT.interrupted;
  if (typeof paired === 'string') return concludeStored(sides, only, { ...known, why: paired }, flags);
  return concludePaired({ ...known, ...paired, remarks: [...sides.remarks, ...found.remarks] }, out, flags);
}

type Known = Omit<CompareText, 'mode' | 'rows' | 'gate' | 'remarks' | 'times' | 'why'>;

function concludePaired(
  { sessions, interrupted, ...known }: Known & PairedResult & { readonly remarks: readonly string[] },
  out: string,
  flags: CompareFlags,
): number {
  const dirs = sessions.map((name) => resolve(out, name));
  const result: CompareText = { ...known, mode: 'paired', gate: gateOf(known.rows) };
  if (interrupted) stderr.write('boxmark: interrupted; what was measured is kept\n  try: the same again\n');
  return print(result, { dirs }, flags, interrupted);
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
  return print(
    { ...known, mode: 'stored', gate: gateOf(rows), rows, times: rowsOf('times'), remarks },
    {},
    flags,
    false,
  );
}

function print(
  result: CompareText,
  more: { readonly dirs?: readonly string[] },
  flags: CompareFlags,
  interrupted: boolean,
): number {
  appendStepSummary(() => renderCompareMarkdown(result));
  if (flags.json === true) {
    stdout.write(`${JSON.stringify({ schema: JSON_SCHEMA, ...result, ...more }, null, 2)}\n`);
  } else {
    const files = (more.dirs ?? []).map((dir) => `\nFiles: ${dir}`).join('');
    stdout.write(`${renderCompare(result)}${files === '' ? '' : `${files}\n`}`);
  }
  if (interrupted) return EXIT.interrupted;
  return { regressed: EXIT.regression, passed: EXIT.ok, 'no verdict': EXIT.inconclusive }[result.gate];
}

/** Environments of either side, or those of them that were asked for. */
function wantedEnvironments(sides: Sides, list: string | undefined): ReadonlySet<string> {
  const all = new Set(
    [...sides.baseline, ...sides.candidate].flatMap(({ info }) => info.plan.environments.map(({ path }) => path)),
  );
  if (list === undefined) return all;
  const wanted = list.split(',').map((path) => path.trim());
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
