/** A cgroup for a box on any box below it: made in-process on the host, where starts are timed, and by a shell elsewhere. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Box, Workspace } from '../../bench/types.ts';
import { quote } from '../kit/shell.ts';
import { createGroup, enterShell, entrancesOf, GROUP_ROOT, hostHierarchies } from './group.ts';
import {
  type GroupLimits,
  groupSteps,
  type Hierarchy,
  hierarchiesFor,
  leavesOf,
  parseHierarchies,
  stepsToShell,
} from './tree.ts';

const SHELL_LIMIT_MS = 30_000;
const REMOVE_ATTEMPTS = 40;

export interface BoxGroup {
  /** Hierarchies that have the group; none where cgroups can't be written. */
  readonly hierarchies: readonly Hierarchy[];
  /** Shell built-ins that move the shell into the group, as the box below sees it. */
  readonly enter: string;
  /** Into the leaf of a group that holds others (v2); only after the cgroup namespace was made, whose root is the group. */
  readonly enterLeaf: string;
  /** Into a group that holds others already: its leaf where it has one. */
  readonly enterRunning: string;
  /** Path below the host's mounts. */
  readonly hostPath?: string;
  /** Ends what is left in the group and removes it. Idempotent; never throws. */
  remove(): Promise<void>;
}

export interface GroupRequest {
  readonly parent: Box;
  /** What `hierarchiesOf(parent)` gave. */
  readonly hierarchies: readonly Hierarchy[];
  readonly workspace: Workspace;
  readonly name: string;
  readonly limits: GroupLimits;
  /** The box is to hold others, whose groups are made below its own. */
  readonly holds: boolean;
}

/** The cgroup hierarchies that a box sees. Empty when it sees none. */
export async function hierarchiesOf(box: Box): Promise<Hierarchy[]> {
  if (box.path === 'host') return hostHierarchies();
  const script = `set -f; while read -r l; do echo "$l"; case "$l" in *" - cgroup2 "*)
    set -- $l; read -r c <"$5/cgroup.controllers" && echo "controllers $5 $c";; esac; done </proc/self/mountinfo
    while read -r l; do echo "group $l"; done </proc/self/cgroup`;
  const { stdout } = await box.exec(['sh', '-c', script], { timeoutMs: SHELL_LIMIT_MS });
  const after = (word: string): string[] =>
    stdout.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const controllers = new Map(after('controllers').map((line) => [line.split(' ')[0], line.split(' ').slice(1)]));
  return parseHierarchies(stdout, after('group').join('\n'), (mount) => controllers.get(mount) ?? []);
}

/** Can the swap of a group be limited? Not on kernels without swap, nor with swapaccount=0. True where nothing says otherwise. */
export async function limitsSwap(box: Box, hierarchies: readonly Hierarchy[]): Promise<boolean> {
  const memory = hierarchies.find(({ controllers }) => controllers.includes('memory'));
  if (memory === undefined) return true;
  const file = memory.version === 1 ? 'memory.memsw.limit_in_bytes' : 'memory.swap.max';
  const account = memory.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
  // Not every group at the top has the files: the first group that limits memory decides.
  const script = `for d in ${quote(memory.mount)} ${quote(memory.mount)}/*; do [ -e "$d/${account}" ] || continue
    [ -e "$d/${file}" ]; exit; done`;
  return (await box.exec(['sh', '-c', script], { timeoutMs: SHELL_LIMIT_MS })).exitCode !== 1;
}

/** Makes the box's group with its limits; an empty one, with a note, where cgroups can't be written. Never throws. */
export async function openGroup(request: GroupRequest): Promise<BoxGroup> {
  const { parent, workspace, name, limits, holds } = request;
  const path = `${GROUP_ROOT}/${workspace.id}/${name}`;
  const hierarchies = hierarchiesFor(request.hierarchies, holds);
  const unavailable = (reason: string): BoxGroup => {
    workspace.note({ kind: 'no-cgroup', start: name, box: parent.path, reason });
    return { hierarchies: [], enter: '', enterLeaf: '', enterRunning: '', remove: async () => {} };
  };
  if (parent.path === 'host') {
    let reason = '';
    const onUnavailable = (why: string): void => {
      reason = why;
    };
    const group = await createGroup(workspace.id, name, limits, { holds, hierarchies, onUnavailable });
    return group === undefined
      ? unavailable(reason)
      : { ...entrances(hierarchies, path), hostPath: path, remove: group.remove };
  }
  if (hierarchies.length === 0) return unavailable('no cgroup controllers are mounted');
  const made = await parent.exec(['sh', '-c', stepsToShell(groupSteps(hierarchies, path, limits, holds))], {
    timeoutMs: SHELL_LIMIT_MS,
  });
  const remove = (): Promise<void> => removeInside(parent, hierarchies, path);
  if (made.exitCode !== 0) {
    await remove();
    return unavailable(`cgroups can't be written: ${made.stderr.trim()}`);
  }
  return {
    ...entrances(hierarchies, path),
    ...(parent.cgroup === undefined ? {} : { hostPath: parent.cgroup + path }),
    remove,
  };
}

function entrances(hierarchies: readonly Hierarchy[], path: string) {
  const leaves = leavesOf(hierarchies, path).map((folder) => `${folder}/cgroup.procs`);
  const ofV1 = hierarchies.filter(({ version }) => version === 1);
  return {
    hierarchies,
    enter: enterShell(entrancesOf(path, hierarchies)),
    enterLeaf: enterShell(leaves),
    enterRunning: enterShell([...entrancesOf(path, ofV1), ...leaves]),
  };
}

/** Groups below come first; a group whose last process is not reaped yet is tried again a little later. */
async function removeInside(parent: Box, hierarchies: readonly Hierarchy[], path: string): Promise<void> {
  const folders = hierarchies.map(({ mount }) => quote(mount + path)).join(' ');
  const script = `r() { for d in "$1"/*/; do [ -d "$d" ] && r "\${d%/}"; done; rmdir "$1" || left=1; }
    left=; for g in ${folders}; do [ -d "$g" ] && r "$g"; done; [ -z "$left" ]`;
  for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
    const done = await parent.exec(['sh', '-c', script], { timeoutMs: SHELL_LIMIT_MS });
    // Anything but the script's own answers means that the box below is gone, and its groups with it.
    if (done.exitCode !== 1) return;
    await sleep(25);
  }
}
