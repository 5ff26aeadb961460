/** The private folder of a run, and who owns it: a folder whose owner is dead is a leftover, one whose owner lives is not. */

import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import { removeWorkspaceGroups } from '../cgroup/group.ts';
import { removeTree } from '../kit/remove.ts';
import { mountsBelow } from './mounts.ts';
import { isOwnFolder, readOwnFile } from './ownership.ts';
import { identify, isAlive } from './processes.ts';

/** On a real file system (/tmp may be a tmpfs, which can't be below an overlay file system), and kept across reboots. */
export const WORK_ROOT = '/var/tmp';
const PREFIX = 'boxmark-';
/** Time that a run gets between making its folder and naming its owner. */
const GRACE_MS = 60_000;

interface Owner {
  readonly pid: number;
  readonly startTicks: number;
  readonly id: string;
  readonly bootId: string | null;
  /** Process ids mean nothing outside their namespace. */
  readonly pidNamespace: string | null;
}

/** Makes the folder of a run, named after a fresh id of 8 hex digits, and names this process as its owner. */
export async function createWorkspaceDir(): Promise<{ id: string; dir: string }> {
  for (let attempt = 0; ; attempt++) {
    const id = randomBytes(4).toString('hex');
    const dir = workspaceDir(id);
    try {
      await mkdir(dir, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' && attempt < 5) continue;
      throw new BoxmarkError({
        what: `No work folder can be made in ${WORK_ROOT}.`,
        value: (error as Error).message,
        remedy: `make ${WORK_ROOT} writable`,
        cause: error,
      });
    }
    const owner: Owner = {
      pid: process.pid,
      startTicks: identify(process.pid)?.startTicks ?? 0,
      id,
      bootId: bootId(),
      pidNamespace: pidNamespace(),
    };
    // Renamed into place: half an owner would read as none.
    await writeFile(join(dir, '.owner.json'), `${JSON.stringify(owner)}\n`, { mode: 0o600 });
    await rename(join(dir, '.owner.json'), join(dir, 'owner.json'));
    return { id, dir };
  }
}

/** Removes the folder of a run and its empty control groups. @throws `BoxmarkError` when something is still mounted in it: removing would reach through the mount. Throws too when the folder is not this user's own. */
export async function removeWorkspaceDir(dir: string): Promise<void> {
  const mounted = mountsBelow(dir);
  if (mounted.length > 0) {
    throw new BoxmarkError({
      what: 'The work folder still has mounts in it; it was not removed.',
      value: mounted.join(' '),
      remedy: 'boxmark clean',
    });
  }
  if (existsSync(dir) && !isOwnFolder(dir)) {
    throw new BoxmarkError({
      what: 'The work folder belongs to another user, or others can write to it; it was not removed.',
      value: dir,
      remedy: 'remove it by hand if you know what it is',
    });
  }
  const id = idInName(basename(dir));
  if (id !== null) await removeWorkspaceGroups(id);
  // Last: as long as the folder is there, `boxmark clean` knows whose the rest is.
  await removeTree(dir);
}

export function workspaceDir(id: string): string {
  return join(WORK_ROOT, `${PREFIX}${id}`);
}

/** Id in a name such as `boxmark-0a1b2c3d` or `boxmark-0a1b2c3d-anything`; null for any other name. */
export function idInName(name: string): string | null {
  return /^boxmark-([0-9a-f]{8})(?:$|[-.])/.exec(name)?.[1] ?? null;
}

/** `alive`: hands off, as with a folder of another user. `dead`: what is left of it may go. `absent`: there is no folder of that id. */
export type OwnerState = 'alive' | 'dead' | 'absent';

/** Is the run with this id still alive? In doubt it is. */
export function ownerState(id: string): OwnerState {
  const dir = workspaceDir(id);
  let madeMs: number;
  try {
    const { mtimeMs, ctimeMs } = lstatSync(dir);
    madeMs = Math.max(mtimeMs, ctimeMs);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'alive';
  }
  // Anyone can make a folder of this name: neither its content nor what it refers to is trusted.
  if (!isOwnFolder(dir)) return 'alive';
  let record: string | null;
  try {
    record = readOwnFile(join(dir, 'owner.json'));
  } catch {
    return 'alive';
  }
  const owner = ownerIn(record ?? '');
  if (owner === null) return Date.now() - madeMs < GRACE_MS ? 'alive' : 'dead';
  // A copy of another run's folder, which no run makes.
  if (owner.id !== id) return 'alive';
  if (owner.bootId !== null && owner.bootId !== bootId()) return 'dead';
  if (owner.pidNamespace !== null && owner.pidNamespace !== pidNamespace()) return 'alive';
  return isAlive(owner) ? 'alive' : 'dead';
}

/** Ids of this user's runs that are alive. What others make, or a copy, has a say only about itself. */
export function liveRuns(): string[] {
  const ids = readdirSync(WORK_ROOT).map(idInName);
  return ids.filter(
    (id) => id !== null && isOwnFolder(workspaceDir(id)) && !isCopy(id) && ownerState(id) === 'alive',
  ) as string[];
}

function isCopy(id: string): boolean {
  try {
    const owner = ownerIn(readOwnFile(join(workspaceDir(id), 'owner.json')) ?? '');
    return owner !== null && owner.id !== id;
  } catch {
    return false;
  }
}

function ownerIn(record: string): Owner | null {
  try {
    const owner = JSON.parse(record) as Partial<Owner>;
    if (!Number.isSafeInteger(owner.pid) || !Number.isSafeInteger(owner.startTicks)) return null;
    const { pid, startTicks, id, bootId = null, pidNamespace = null } = owner as Owner;
    if (typeof id !== 'string') return null;
    return { pid, startTicks, id, bootId, pidNamespace };
  } catch {
    return null;
  }
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}
