/** `boxmark check`: is this session whole and unchanged? */

import { EXIT } from '../../bench/errors.ts';
import { recheck } from '../../bench/kinds/recheck.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { CHANGED, type CheckResult, checkSession, type Finding } from '../../bench/session/check.ts';
import { loadSession } from '../../bench/session/load.ts';
import { sealOf } from '../../bench/session/seal.ts';
import { clean } from '../../reports/text.ts';
import { conclude } from '../conclude.ts';
import { nagios } from '../session/nagios.ts';
import { stdout } from '../terminal/streams.ts';

export async function check(flags: FlagValues<'check'>, session: string): Promise<number> {
  if (flags.nagios === true) {
    const maxAgeMs = flags.maxAge === undefined ? undefined : flags.maxAge / 1e6;
    const { line, code } = await nagios({ path: session, maxAgeMs, verify: (dir) => checkWhole(dir, flags.seal) });
    stdout.write(line);
    return code;
  }
  const result = await checkWhole(session, flags.seal);
  const good = result.findings.length === 0;
  return conclude(
    {
      json: flags.json,
      document: () => ({ ok: good, ...result }),
      text: () => linesOf(session, result),
    },
    good ? EXIT.ok : EXIT.failed,
  );
}

function linesOf(session: string, { findings, samples, starts, wrongAnswers, recomputed, seal }: WholeCheck): string {
  const wrong = wrongAnswers === 0 ? '' : `, ${wrongAnswers} of them wrong answers, recorded as such`;
  const whole = recomputed ? 'whole and unchanged, its figures recomputed' : 'whole and unchanged';
  const verdict = findings.length === 0 ? whole : `${findings.length} findings`;
  const last = `${session}: ${verdict} (${samples} samples${wrong}; ${starts} starts)`;
  const sealed = seal !== null && findings.length === 0 ? [`Seal: ${seal}`] : [];
  return `${[...findings.map(lineOf), last, ...sealed].join('\n')}\n`;
}

interface WholeCheck extends CheckResult {
  readonly recomputed: boolean;
  readonly seal: string | null;
}

/** All its rows are in memory at once when figures are computed from them. */
const MOST_ROWS = 300_000;

/** What is damaged first: only a session that can be read can be recomputed. */
async function checkWhole(dir: string, expected: string | undefined): Promise<WholeCheck> {
  const result = await checkSession(dir);
  const seal = sealOf(dir);
  const foreign = expected === undefined || expected === seal ? [] : [sealFinding(expected, seal)];
  const isReadable = result.findings.every(({ problem }) => problem === CHANGED);
  const recomputed = isReadable && result.samples <= MOST_ROWS;
  const wrong = recomputed ? recheck(await loadSession(dir)) : [];
  return { ...result, findings: [...foreign, ...result.findings, ...wrong], recomputed, seal };
}

function sealFinding(expected: string, seal: string | null): Finding {
  const found = seal === null ? 'there is no manifest' : `the seal of this one is ${seal}`;
  return { file: 'manifest.json', problem: `is not that of the session with the seal ${expected}: ${found}` };
}

/** Names and cells come from the folder, which may be a stranger's. */
function lineOf({ file, problem }: Finding): string {
  return clean(`${file}: ${problem}`);
}
