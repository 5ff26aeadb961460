/** A program that stands in for one that can't run here: it records how it was called, and prints a prepared answer. */

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Box } from '../../bench/types.ts';

export interface Recorded {
  readonly folder: string;
  /** Words of every call, in order. */
  calls(): string[][];
  /** A box that finds the programs first. */
  on(box: Box): Box;
  dispose(): void;
}

/** Programs by name, each a piece of shell that runs after the call was recorded. */
export function recorded(programs: Readonly<Record<string, string>>): Recorded {
  const folder = mkdtempSync('/var/tmp/boxmark-test-recorded-');
  const log = join(folder, 'calls');
  writeFileSync(log, '');
  for (const [name, script] of Object.entries(programs)) {
    const file = join(folder, name);
    // One call a line: words end with the unit separator.
    const record = `{ printf '%s\\037' ${name} "$@"; echo; } >>'${log}'`;
    writeFileSync(file, `#!/bin/sh\n${record}\n${script}\n`);
    chmodSync(file, 0o755);
  }
  const env = { PATH: `${folder}:/usr/sbin:/usr/bin:/sbin:/bin` };
  return {
    folder,
    calls: () =>
      readFileSync(log, 'utf8')
        .split('\x1f\n')
        .filter(Boolean)
        .map((line) => line.split('\x1f')),
    on: (box) => ({
      ...box,
      exec: (argv, options) => box.exec(argv, { ...options, env: { ...options?.env, ...env } }),
      spawn: (argv, options) => box.spawn(argv, { ...options, env: { ...options?.env, ...env } }),
    }),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
