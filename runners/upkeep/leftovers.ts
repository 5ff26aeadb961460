/** Finds what killed runs left on the host, and nothing else: every find names the run it belongs to, and that run's owner is dead. */

import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { MEMORY_FOLDERS } from '../../bench/payload/image-files.ts';
import { cgroupMounts, mountsBelow } from '../host/mounts.ts';
import { isOwnEntry } from '../host/ownership.ts';
import { isOpenSomewhere, listProcesses, ownLine, type ProcessIdentity } from '../host/processes.ts';
import { idInName, type OwnerState, ownerState, WORK_ROOT, workspaceDir } from '../host/workspace.ts';
import { storeDir } from '../image/store.ts';
import { abandonedPolicy } from './service-policy.ts';

/** In the order in which they are removed: what uses others first. */
export const LEFTOVER_KINDS = [
  'process',
  'container',
  'volume',
  'image',
  'namespace',
  'mount',
  'cgroup',
  'folder',
  'file',
] as const;
export type LeftoverKind = (typeof LEFTOVER_KINDS)[number];

export interface Leftover {
  readonly kind: LeftoverKind;
  /** Id of the run it belongs to; empty for what belongs to no single run. */
  readonly run: string;
  /** Path, process id, or the engine's id. */
  readonly target: string;
  /** For people: command line, name. */
  readonly detail: string;
  /** Only for processes: makes sure that the id still means the same one. */
  readonly process?: ProcessIdentity;
}

const RUN_ID = /^[0-9a-f]{8}$/;
/** Does this id belong to a dead run of this user? */
export type IsDead = (id: string | null) => id is string;

/** What an engine leaves on the host, outside the work folder, when its run is killed. */
export interface Leavings {
  /** Folders that it makes at each start and leaves empty: they go with the last run. */
  readonly emptyFolders?: readonly string[];
  /** Whatever else it leaves of dead runs. Only looks; never throws. */
  find?(isDead: IsDead, dead: ReadonlySet<string>): Promise<Leftover[]>;
  /** Uses an image of a dead run, for the last time, on what else is left of it. Never throws. */
  beforeImage?(image: string, run: string, dir: string): Promise<void>;
  /** Ends and takes down what would outlive the work folder of a dead run. Never throws. */
  beforeFolder?(dir: string): Promise<void>;
}

/** Groups without a work folder may belong to a run that is just being set up. */
const ORPHAN_AGE_MS = 60_000;
/** Building an image or unpacking a kernel takes seconds, on slow disks minutes. */
const STORE_AGE_MS = 15 * 60_000;
/** Build folders, unpacking kernels, and stamps that are written whole before they get their name. A file that merely ends in `.tmp` may be anybody's. */
const UNFINISHED = /\/\.(?:build|tmp)-[^/]*$|\/[0-9a-f]{64}\.\d+\.[0-9a-z]+\.tmp$/;

/**
 * Everything that killed runs left, in the order of removal. Only looks. Never throws for what can't be read.
 * @param engines what they leave is looked for, too
 * @param options.storeAgeMs how long a half-built store entry must have been left untouched
 */
export async function findLeftovers(
  engines: readonly { readonly leavings?: Leavings }[],
  options: { storeAgeMs?: number } = {},
): Promise<Leftover[]> {
  const states = new Map<string, OwnerState>();
  const stateOf = (id: string): OwnerState => {
    const known = states.get(id) ?? ownerState(id);
    states.set(id, known);
    return known;
  };
  /** A name alone is not enough: it takes the record of this user's own dead run. */
  const isDead = (id: string | null): id is string => id !== null && RUN_ID.test(id) && stateOf(id) === 'dead';

  const folders = namesIn(WORK_ROOT)
    .filter((name) => /^boxmark-[0-9a-f]{8}$/.test(name))
    .map((name) => idInName(name))
    .filter(isDead)
    .map((id) => leftover('folder', id, workspaceDir(id), 'work folder of a dead run'));
  const cgroups = cgroupMounts().flatMap((mount) =>
    namesIn(join(mount, 'boxmark'))
      .filter((name) => RUN_ID.test(name))
      .map((id) => ({ id, path: join(mount, 'boxmark', id) }))
      // Without a folder, its run may have one where this process can't see it, as under systemd's PrivateTmp.
      .filter(({ id, path }) => isDead(id) || (stateOf(id) === 'absent' && isAbandoned(id, path)))
      .map(({ id, path }) => leftover('cgroup', id, path, 'control group of a dead run')),
  );
  const dead = new Set(folders.map((found) => found.run));
  const byName = (folder: string, kind: LeftoverKind, detail: string): Leftover[] =>
    namesIn(folder)
      .map((name) => ({ id: idInName(name), path: join(folder, name) }))
      .flatMap(({ id, path }) => (isDead(id) ? [leftover(kind, id, path, detail)] : []));
  const ofEngines: Leftover[] = [];
  for (const { leavings } of engines) ofEngines.push(...((await leavings?.find?.(isDead, dead)) ?? []));
  return [
    ...processesOf(dead),
    ...ofEngines,
    ...byName('/run/netns', 'namespace', 'network namespace of a dead run'),
    ...folders.flatMap(({ run, target }) => mountsBelow(target).map((path) => leftover('mount', run, path, 'mount'))),
    ...cgroups,
    ...MEMORY_FOLDERS.flatMap((folder) => byName(folder, 'file', 'memory of a dead run')).filter(({ target }) =>
      isOwnEntry(target),
    ),
    ...folders,
    ...unfinishedStoreEntries(options.storeAgeMs ?? STORE_AGE_MS),
    ...abandonedPolicy().map((file) => leftover('file', '', file, 'set-up kept services from starting with it')),
  ];
}

/** Processes in the cgroups of these runs, or that name one of their work folders and have no terminal. */
export function processesOf(runs: ReadonlySet<string>): Leftover[] {
  if (runs.size === 0) return [];
  const spared = ownLine();
  const found: Leftover[] = [];
  for (const { pid, startTicks, argv, cgroups, onTerminal } of listProcesses()) {
    if (spared.has(pid)) continue;
    const inGroup = cgroups.map((path) => /^\/boxmark\/([0-9a-f]{8})(?:\/|$)/.exec(path)?.[1]);
    const named = onTerminal ? [] : argv.flatMap(idsInArgument);
    const run = [...inGroup, ...named].find((id) => id !== undefined && runs.has(id));
    if (run === undefined) continue;
    const detail = argv.join(' ').slice(0, 120);
    found.push({ ...leftover('process', run, String(pid), detail), process: { pid, startTicks } });
  }
  return found;
}

/** Ids of the work folders that an argument names, as a whole path or as the start of one. */
function idsInArgument(argument: string): string[] {
  const pattern = new RegExp(`${WORK_ROOT}/boxmark-([0-9a-f]{8})(?![\\w-])`, 'g');
  return [...argument.matchAll(pattern)].map((match) => match[1] ?? '');
}

/** Half-built entries of the image store: nobody has them open, and nobody has written to them for a while. */
function unfinishedStoreEntries(ageMs: number): Leftover[] {
  let store: string;
  try {
    store = realpathSync(storeDir());
  } catch {
    return []; // No store yet.
  }
  const folders = [store, ...namesIn(store).map((name) => join(store, name))].filter(isFolder);
  return folders
    .flatMap((folder) => namesIn(folder).map((name) => join(folder, name)))
    .filter((path) => UNFINISHED.test(path) && isOwnEntry(path) && olderThan(path, ageMs) && !isOpenSomewhere(path))
    .map((path) => leftover(lstatSync(path).isDirectory() ? 'folder' : 'file', '', path, 'half-built store entry'));
}

export function leftover(kind: LeftoverKind, run: string, target: string, detail: string): Leftover {
  return { kind, run, target, detail };
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Is a run's group without a folder old, and is no process in any of that run's groups? */
function isAbandoned(id: string, path: string): boolean {
  return olderThan(path, ORPHAN_AGE_MS) && !hasProcesses(id);
}

/** Is a process in a group of this run, in any hierarchy? Asks the groups: a process of another namespace is seen nowhere else. */
export function hasProcesses(id: string): boolean {
  const isBusy = (group: string): boolean => {
    try {
      if (readFileSync(join(group, 'cgroup.procs'), 'utf8').trim() !== '') return true;
    } catch (error) {
      // A group that is gone is empty; of one that can't be read, nothing is known.
      if (!['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return true;
    }
    return foldersIn(group).some((name) => isBusy(join(group, name)));
  };
  return cgroupMounts().some((mount) => isBusy(join(mount, 'boxmark', id)));
}

/** A folder itself, no link to one: what is behind a link is not the store's. */
function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function olderThan(path: string, ageMs: number): boolean {
  try {
    const { mtimeMs, ctimeMs } = lstatSync(path);
    return Date.now() - Math.max(mtimeMs, ctimeMs) > ageMs;
  } catch {
    return false;
  }
}
