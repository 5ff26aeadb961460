/** Whether a host can be measured: what it is, and what it has. */

import type { Connection } from '../../runners/kit/ssh/connection.ts';
import type { FoundHost } from '../transport.ts';
import { answerIn, refusal } from './remote.ts';
import { ASK, COMMANDS } from './scripts.ts';

/** For kit, image store and session. */
const ROOM_BYTES = 2 ** 30;
/** As `uname -m` has them, by the names of Node.js. */
const MACHINES: Readonly<Record<string, string>> = { x86_64: 'x64', amd64: 'x64', aarch64: 'arm64', arm64: 'arm64' };

/** `architecture`: that of the kit. Throws `BoxmarkError` when the host runs no commands. */
export async function lookAt(
  connection: Pick<Connection, 'exec'>,
  architecture: string,
): Promise<Pick<FoundHost, 'architecture' | 'refused'>> {
  const asked = await connection.exec(['sh', '-c', ASK, 'sh', ...COMMANDS]);
  if (answerIn(asked.stdout, /^end$/) === undefined) {
    throw refusal('The host runs no commands', asked, 'a user whose login shell does, and sh and timeout there');
  }
  return judge(asked.stdout, architecture);
}

/** From the answers to `ASK`. */
export function judge(output: string, architecture: string): Pick<FoundHost, 'architecture' | 'refused'> {
  const answer = (name: string) =>
    answerIn(output, new RegExp(`^${name} `))
      ?.slice(name.length + 1)
      .trim();
  const machine = answer('machine') ?? '';
  const found =
    (Object.hasOwn(MACHINES, machine) ? MACHINES[machine] : undefined) ??
    (machine === '' ? null : machine.slice(0, 32));
  const refused = (reason: string) => ({ architecture: found, refused: reason });
  const system = answer('system');
  if (system !== 'Linux') return refused(`it runs ${system?.slice(0, 60) || 'an unknown system'}, not Linux`);
  if (found !== architecture) {
    return refused(`it is another type of machine: ${machine || 'unknown'}, and the kit is for ${architecture}`);
  }
  const missing = output.split('\n').flatMap((line) => answerIn(line, /^missing \w+$/)?.slice('missing '.length) ?? []);
  if (missing.length > 0) return refused(`it has no ${missing.slice(0, 10).join(', ')} (try: install them there)`);
  // Columns of df -P: size, used, available in KiB, and the share in use; the device before may have blanks.
  const [, free] = / (\d+) +\d+% /.exec(` ${answer('disk') ?? ''} `) ?? [];
  const freeBytes = free === undefined ? Number.POSITIVE_INFINITY : Number(free) * 1024;
  if (freeBytes < ROOM_BYTES) {
    return refused(`/var/tmp has ${Math.floor(freeBytes / 2 ** 20)} MiB free, and a job needs 1 GiB`);
  }
  return { architecture: found, refused: null };
}
