/** `boxmark verify`: checks published claims against a session. */

import { type ClaimsFile, readClaims } from '../../bench/analysis/claims/file.ts';
import { type ClaimResult, judgeClaims } from '../../bench/analysis/claims/judge.ts';
import { EXIT, nearest } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { checkSession } from '../../bench/session/check.ts';
import { type LoadedSession, loadSession, wholeSamples } from '../../bench/session/load.ts';
import { sealOf } from '../../bench/session/seal.ts';
import type { FootprintRow } from '../../bench/types.ts';
import { claimsDocument } from '../../reports/documents/claims.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { isFailed } from '../../reports/sections/claims.ts';
import { clean } from '../../reports/text.ts';
import { RUNNERS } from '../../runners/index.ts';
import { conclude } from '../conclude.ts';
import { withSession } from '../pack/open.ts';
import { publishedClaims } from '../paths.ts';
import { programName } from '../terminal/called-as.ts';
import { stderr, stdout } from '../terminal/streams.ts';

export function verify(flags: FlagValues<'verify'>, session = ''): Promise<number> {
  return withSession(session, ({ dir }) => verifyIn(dir, flags));
}

async function verifyIn(dir: string, { claims, json }: FlagValues<'verify'>): Promise<number> {
  const file = readClaims(claims ?? publishedClaims());
  const session = await loadSession(dir);
  const results = judge(file, session);
  await warnOfDamage(dir);
  const seal = sealOf(dir);
  const { session: id, blocksCompleted: blocks } = session.info;
  const colour = stdout.isTTY === true && !process.env.NO_COLOR;
  return conclude(
    {
      json,
      document: () => documentOf(file, session, { seal, results }),
      text: () => terminalText(claimsDocument({ session: id, blocks, seal, title: file.title, results }), { colour }),
    },
    results.some(isFailed) ? EXIT.regression : EXIT.ok,
  );
}

function judge({ claims }: ClaimsFile, session: LoadedSession): ClaimResult[] {
  const { info } = session;
  const kinds = new Map(RUNNERS.map(({ name, kind }) => [name, kind]));
  return judgeClaims(
    claims,
    {
      plan: info.plan,
      environments: info.environments,
      host: info.host,
      samples: wholeSamples(session),
      starts: session.starts.filter(({ block }) => block <= info.blocksCompleted),
      footprint: heldRows(session).filter(({ block }) => block <= info.blocksCompleted),
      events: session.events,
    },
    { kindOf: (layer) => kinds.get(layer), nearest },
  );
}

/** Idle instances that were held, whichever kind of measurement held them. */
function heldRows({ footprint, density }: LoadedSession): FootprintRow[] {
  const held = density.filter(({ status }) => status === 'completed');
  return [...footprint, ...held.map((row) => ({ ...row, imageBytes: null }))];
}

/** A changed session is still worth reading, but not in silence. */
async function warnOfDamage(dir: string): Promise<void> {
  const { findings } = await checkSession(dir);
  const [first] = findings;
  if (first === undefined) return;
  const more = findings.length > 1 ? `, and ${findings.length - 1} more findings` : '';
  stderr.write(
    `boxmark: the session is not whole: ${clean(`${first.file}: ${first.problem}`)}${more}\n  try: ${programName()} check ${dir}\n`,
  );
}

function documentOf(
  file: ClaimsFile,
  { info }: LoadedSession,
  { seal, results }: { readonly seal: string | null; readonly results: readonly ClaimResult[] },
): Readonly<Record<string, unknown>> {
  return {
    session: info.session,
    seal,
    blocks: info.blocksCompleted,
    claims: { file: file.file, title: file.title },
    failed: results.filter(isFailed).map(({ claim }) => claim.id),
    results: results.map(({ claim, pair, ...result }) => ({
      ...claim,
      historical: claim.historical ?? false,
      numerator: pair?.numerator ?? null,
      denominator: pair?.denominator ?? null,
      // After the claim's own: a rate claim has a workload of its own, which may be a list.
      ...result,
    })),
  };
}
