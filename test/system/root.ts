/** A root as the image has it, with what workloads of the system find there; for payloads that run without a box. */

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FILE_COUNT, filePath, fileText } from '../../bench/payload/image-files.ts';
import { staticPrograms } from '../../runners/image/static-programs.ts';
import { PAYLOAD } from '../bench/boxes.ts';

export interface Root {
  readonly dir: string;
  /** The bundled payload, at its place below the root. */
  readonly payload: string;
  /** A folder on a disk. */
  readonly scratch: string;
  remove(): void;
}

export function makeRoot(): Root {
  const dir = mkdtempSync(join(tmpdir(), 'boxmark-test-root-'));
  const payload = join(dir, 'boxmark/payload.cjs');
  mkdirSync(dirname(join(dir, filePath(0))), { recursive: true });
  copyFileSync(PAYLOAD, payload);
  for (let index = 0; index < FILE_COUNT; index++) writeFileSync(join(dir, filePath(index)), fileText(index));
  for (const [path, program] of Object.entries(staticPrograms(process.arch))) {
    writeFileSync(join(dir, path), program, { mode: 0o755 });
  }
  // On a disk where /tmp is in memory.
  const scratch = mkdtempSync('/var/tmp/boxmark-test-scratch-');
  const remove = () => {
    for (const folder of [dir, scratch]) rmSync(folder, { recursive: true, force: true });
  };
  return { dir, payload, scratch, remove };
}
