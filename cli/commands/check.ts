/** `boxmark check`: is this session whole and unchanged? */

import { EXIT } from '../../bench/errors.ts';
import { checkWhole, type WholeCheck } from '../../bench/kinds/whole-check.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import type { Finding } from '../../bench/session/check.ts';
import { readPublicKeys } from '../../bench/session/signature/public-keys.ts';
import type { SignatureState } from '../../bench/session/signature/session-signature.ts';
import { clean, neutral } from '../../reports/text.ts';
import { count } from '../../reports/words.ts';
import { conclude } from '../conclude.ts';
import { withSession } from '../pack/open.ts';
import { nagios } from '../session/nagios.ts';
import { stdout } from '../terminal/streams.ts';

export async function check(flags: FlagValues<'check'>, session: string): Promise<number> {
  if (flags.nagios === true) {
    const maxAgeMs = flags.maxAge === undefined ? undefined : flags.maxAge / 1e6;
    const { line, code } = await nagios({ path: session, maxAgeMs, verify: (dir) => checkExpecting(dir, flags) });
    stdout.write(line);
    return code;
  }
  return withSession(session, async ({ dir, findings }) =>
    concludeCheck(session, await checkExpecting(dir, flags, findings), flags),
  );
}

function concludeCheck(session: string, result: WholeCheck, flags: FlagValues<'check'>): number {
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

function linesOf(session: string, result: WholeCheck): string {
  const { findings, samples, starts, wrongAnswers, recomputed, seal, signature, copyOf } = result;
  const wrong = wrongAnswers === 0 ? '' : `, ${wrongAnswers} of them wrong answers, recorded as such`;
  const whole = recomputed ? 'whole and unchanged, its figures recomputed' : 'whole and unchanged';
  const verdict = findings.length === 0 ? whole : count(findings.length, 'finding');
  const last = `${neutral(session)}: ${verdict} (${samples} samples${wrong}; ${starts} starts)`;
  const isSealed = seal !== null && findings.length === 0;
  const sealed = isSealed ? [`Seal: ${seal}`, ...signatureLines(signature)] : [];
  const copy = copyOf === null ? [] : [`Anonymised copy of the session with the seal ${copyOf}`];
  return `${[...findings.map(lineOf), last, ...copy, ...sealed].join('\n')}\n`;
}

function signatureLines({ key, signer, verified }: SignatureState): string[] {
  if (key === null) return [];
  const who = signer === null ? '' : ` of ${clean(signer, 200)}`;
  return [verified ? `Signed: by ${key}${who}` : `Signed: by ${key}, whose owner is not verified (--key FILE)`];
}

type Expected = Pick<FlagValues<'check'>, 'seal' | 'key'>;

/** `before`: what was found already. */
async function checkExpecting(
  dir: string,
  { seal, key }: Expected,
  before: readonly Finding[] = [],
): Promise<WholeCheck> {
  const result = await checkWhole(dir, key === undefined ? null : readPublicKeys(key));
  const foreign = seal === undefined || seal === result.seal ? [] : [sealFinding(seal, result.seal)];
  return { ...result, findings: [...foreign, ...before, ...result.findings] };
}

function sealFinding(expected: string, seal: string | null): Finding {
  const found = seal === null ? 'there is no manifest' : `the seal of this one is ${seal}`;
  return { file: 'manifest.json', problem: `is not that of the session with the seal ${expected}: ${found}` };
}

/** Names and cells come from the folder, which may be a stranger's. */
function lineOf({ file, problem }: Finding): string {
  return clean(`${file}: ${problem}`);
}
