/** `boxmark check`: is this session whole and unchanged? */

import { EXIT } from '../../bench/errors.ts';
import { recheck } from '../../bench/kinds/recheck.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { CHANGED, type CheckResult, checkSession, type Finding } from '../../bench/session/check.ts';
import { loadSession } from '../../bench/session/load.ts';
import { clean } from '../../reports/text.ts';
import { stdout } from '../streams.ts';

export async function check(flags: FlagValues<'check'>, session: string): Promise<number> {
  const result = await checkWhole(session);
  const good = result.findings.length === 0;
  const [first] = result.findings;
  if (flags.json) stdout.write(`${JSON.stringify({ ok: good, ...result }, null, 2)}\n`);
  else if (flags.nagios) {
    const said = good ? `OK - ${result.samples} samples whole` : `CRITICAL - ${lineOf(first).replaceAll('|', '/')}`;
    stdout.write(`BOXMARK ${said} | samples=${result.samples} starts=${result.starts} wrong=${result.wrongAnswers}\n`);
  } else {
    for (const finding of result.findings) stdout.write(`${lineOf(finding)}\n`);
    const wrong = result.wrongAnswers === 0 ? '' : `, ${result.wrongAnswers} of them wrong answers, recorded as such`;
    const whole = result.recomputed ? 'whole and unchanged, its figures recomputed' : 'whole and unchanged';
    const verdict = good ? whole : `${result.findings.length} findings`;
    stdout.write(`${session}: ${verdict} (${result.samples} samples${wrong}; ${result.starts} starts)\n`);
  }
  return good ? EXIT.ok : EXIT.failed;
}

/** All its rows are in memory at once when figures are computed from them. */
const MOST_ROWS = 3_000_000;

/** What is damaged first: only a session that can be read can be recomputed. */
async function checkWhole(dir: string): Promise<CheckResult & { readonly recomputed: boolean }> {
  const result = await checkSession(dir);
  const isReadable = result.findings.every(({ problem }) => problem === CHANGED);
  if (!isReadable || result.samples > MOST_ROWS) return { ...result, recomputed: false };
  return { ...result, findings: [...result.findings, ...recheck(await loadSession(dir))], recomputed: true };
}

/** Names and cells come from the folder, which may be a stranger's. */
function lineOf(finding: Finding | undefined): string {
  return clean(`${finding?.file}: ${finding?.problem}`);
}
