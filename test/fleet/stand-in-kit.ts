/** A kit whose program is a few lines of shell: it says and does what its job's flags ask for. */

import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SshKit } from '../../fleet/ssh/kit.ts';

/** `started`, then by the first flag of the job: the end, or work until a signal or the end of its input. */
const PROGRAM = `case "$1" in --version) echo 0.0.0; exit 0;; clean) : >"$CLEANED"; exit 0;; esac
read -r job
printf "job %s\\n" "$job"
case $job in
*say-*) echo 'two words'; echo oops >&2; exit 3;;
*die-*) kill -9 $$;;
*stubborn-*) trap '' TERM; echo started; while :; do sleep 1; done;;
*) trap 'echo ended; exit 130' TERM; echo started; while :; do sleep 0.1; done;;
esac
`;

export interface StandIn extends SshKit {
  /** Appears when the program was asked to clean up. */
  readonly cleaned: string;
  /** Changes its archive, not its digests. */
  damage(): void;
  remove(): void;
}

/** `ballast`: bytes that nothing compresses, beside it. */
export function standInKit(ballast = 0): StandIn {
  const folder = mkdtempSync('/var/tmp/boxmark-test-kit-');
  const [root, archive, cleaned] = [join(folder, 'root'), join(folder, 'root.tar.gz'), join(folder, 'cleaned')];
  const program = PROGRAM.replace('$CLEANED', cleaned);
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const pack = (text: string): void => {
    writeFileSync(join(root, 'program.sh'), text);
    writeFileSync(join(root, 'ballast'), randomBytes(ballast));
    execFileSync('tar', ['-C', root, '-czf', archive, 'program.sh', 'ballast']);
  };
  mkdirSync(root);
  pack(program);
  return {
    // Of no other test.
    digest: sha256(folder + readFileSync(archive, 'hex')),
    architecture: process.arch,
    archive: async () => archive,
    sums: async () => `${sha256(program)}  program.sh\n`,
    words: async (place) => ['sh', join(place, 'program.sh')],
    cleaned,
    damage: () => pack(`${program}# changed\n`),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
