/** What is said of a stranger's programs before they run: everything that would run, however the session words it. */

import { describe, expect, it } from 'vitest';
import type { BoxmarkError } from '../../bench/errors.ts';
import type { CommandWorkload } from '../../bench/types.ts';
import { announcement, assertAllowed, originOf } from '../../cli/session/stored-origin.ts';

const program: CommandWorkload = {
  id: 'prog',
  command: ['sh', '-c', 'touch ran'],
  argv: ['@image/boxmark/bin/prog', '3'],
  env: { LD_PRELOAD: './theirs.so' },
  workdir: '/srv',
  stdin: '/etc/shadow',
  files: ['/root/.ssh'],
  setup: 'touch set-up',
  prepare: 'touch prepared',
  cleanup: 'touch cleaned',
};
const PARTS = [
  "prog=exec:sh -c 'touch ran'",
  'in its image /boxmark/bin/prog 3',
  'with LD_PRELOAD=./theirs.so',
  'in the folder /srv',
  'reading /etc/shadow',
  'reading /root/.ssh',
  'reading /root/theirs',
  'setup: touch set-up',
  'prepare: touch prepared',
  'cleanup: touch cleaned',
];
const origin = (allowCommand: string[]) =>
  originOf('theirs', { commands: [program], with: ['/root/theirs'] }, { allowCommand });

describe('a program of a stored session', () => {
  it('is refused with all that it would run and read, as typed and as in its image', () => {
    let refused: BoxmarkError | undefined;
    try {
      assertAllowed(['native'], origin([]));
    } catch (error) {
      refused = error as BoxmarkError;
    }
    for (const part of PARTS) expect(refused?.message).toContain(part);
    expect(refused?.message).toContain('--allow-command prog');
  });

  it('runs when it is named, and the same is said before', () => {
    expect(() => assertAllowed(['native'], origin(['prog']))).not.toThrow();
    const said = announcement({ paths: ['native'], origin: origin(['prog']), imageFile: undefined }).join('\n');
    for (const part of PARTS) expect(said).toContain(part);
  });

  it('is not allowed by the name of another one', () => {
    expect(() => assertAllowed(['native'], origin(['other']))).toThrow('no program of this name');
  });
});
