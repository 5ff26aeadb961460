/** `boxmark check`: is this session whole and unchanged? */

import { EXIT } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { type CheckResult, checkSession, type Finding } from '../../bench/session/check.ts';
import { clean } from '../../reports/text.ts';
import { conclude } from '../conclude.ts';

export async function check(flags: FlagValues<'check'>, session: string): Promise<number> {
  const result = await checkSession(session);
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

function linesOf(session: string, { findings, samples, starts, wrongAnswers }: CheckResult): string {
  const wrong = wrongAnswers === 0 ? '' : `, ${wrongAnswers} of them wrong answers, recorded as such`;
  const verdict = findings.length === 0 ? 'whole and unchanged' : `${findings.length} findings`;
  const last = `${session}: ${verdict} (${samples} samples${wrong}; ${starts} starts)`;
  return `${[...findings.map(lineOf), last].join('\n')}\n`;
}

/** Names and cells come from the folder, which may be a stranger's. */
function lineOf({ file, problem }: Finding): string {
  return clean(`${file}: ${problem}`);
}
