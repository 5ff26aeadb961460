/** The disk of a guest for its payload's data: an empty file system in a sparse file of the host. */

import { closeSync, constants, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import type { BoxSpec, DataFolder } from '../../bench/types.ts';
import { findCommand } from '../kit/commands.ts';
import { SCRATCH_MOUNT } from '../kit/places.ts';
import { hostExec } from '../kit/process.ts';

/** Only what is written takes room on the host's disk. */
const DATA_BYTES = 512 << 20;
/** Nothing is left for the guest to do while it is measured, and few files take little room. */
const DATA_OPTIONS = ['-N', '64', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0'];

/** Modules that a guest needs for it. */
export const DATA_MODULES = ['ext4'] as const;
/** What such a disk is, for lists. */
export const DATA_DISK = 'ext4 on a disk of its own, a raw file of the host';

export interface DataDisk {
  readonly file: string;
  /** The emulator can open the file past the host's page cache. */
  readonly direct: boolean;
}

/** An empty ext4 in a new file. Throws `BoxmarkError` with what mkfs said. */
export async function makeExt4(file: string, bytes: number, options: readonly string[]): Promise<void> {
  const made = await open(file, 'wx', 0o600);
  await made.truncate(bytes);
  await made.close();
  const done = await hostExec(['mkfs.ext4', '-q', '-F', ...options, file]);
  if (done.exitCode === 0) return;
  throw new BoxmarkError({
    what: 'The disk of the guest could not be made.',
    value: done.stderr.trim(),
    remedy: 'install e2fsprogs',
  });
}

/** A fresh disk in a folder of the machine, when its payload is to have one; none on a host without mkfs.ext4. */
export async function makeDataDisk(folder: string, spec: BoxSpec | undefined): Promise<DataDisk | undefined> {
  if (spec?.scratch !== true || findCommand('mkfs.ext4') === undefined) return undefined;
  const file = join(folder, 'data');
  await makeExt4(file, DATA_BYTES, DATA_OPTIONS);
  return { file, direct: takesDirect(file) };
}

/** Where the guest mounts it. With `direct` the guest's own reads past its cache come from the host's disk. */
export function dataOfDisk(disk: DataDisk | undefined, direct: boolean): { data?: DataFolder } {
  return disk === undefined ? {} : { data: { path: SCRATCH_MOUNT, behindCache: !direct } };
}

function takesDirect(file: string): boolean {
  try {
    closeSync(openSync(file, constants.O_RDONLY | constants.O_DIRECT));
    return true;
  } catch {
    return false;
  }
}
