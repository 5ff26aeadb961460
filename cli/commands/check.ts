/** `boxmark check`: is this session whole and unchanged? */

import { EXIT } from '../../bench/errors.ts';
import { recheck } from '../../bench/kinds/recheck.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { CHANGED, type CheckResult, checkSession, type Finding } from '../../bench/session/check.ts';
import { loadSession } from '../../bench/session/load.ts';
import { clean } from '../../reports/text.ts';
import { conclude } from '../conclude.ts';

export async function check(flags: FlagValues<'check'>, session: string): Promise<number> {
  const result = await checkWhole(session);
  const good = result.findings.length === 0;
  return conclude(
    {
      json: flags.json,
      document: () => ({ ok: good, ...result }),
      text: () => (flags.nagios ? nagiosLine(result) : linesOf(session, result)),
    },
    good ? EXIT.ok : EXIT.failed,
  );
}

function nagiosLine({ findings: [first], samples, starts, wrongAnswers }: CheckResult): string {
  const said =
    first === undefined ? `OK - ${samples} samples whole` : `CRITICAL - ${lineOf(first).replaceAll('|', '/')}`;
  return `BOXMARK ${said} | samples=${samples} starts=${starts} wrong=${wrongAnswers}\n`;
}

function linesOf(session: string, { findings, samples, starts, wrongAnswers, recomputed }: WholeCheck): string {
  const wrong = wrongAnswers === 0 ? '' : `, ${wrongAnswers} of them wrong answers, recorded as such`;
  const whole = recomputed ? 'whole and unchanged, its figures recomputed' : 'whole and unchanged';
  const verdict = findings.length === 0 ? whole : `${findings.length} findings`;
  const last = `${session}: ${verdict} (${samples} samples${wrong}; ${starts} starts)`;
  return `${[...findings.map(lineOf), last].join('\n')}\n`;
}

type WholeCheck = CheckResult & { readonly recomputed: boolean };

/** All its rows are in memory at once when figures are computed from them. */
const MOST_ROWS = 3_000_000;

/** What is damaged first: only a session that can be read can be recomputed. */
async function checkWhole(dir: string): Promise<WholeCheck> {
  const result = await checkSession(dir);
  const isReadable = result.findings.every(({ problem }) => problem === CHANGED);
  if (!isReadable || result.samples > MOST_ROWS) return { ...result, recomputed: false };
  return { ...result, findings: [...result.findings, ...recheck(await loadSession(dir))], recomputed: true };
}

/** Names and cells come from the folder, which may be a stranger's. */
function lineOf({ file, problem }: Finding): string {
  return clean(`${file}: ${problem}`);
}
