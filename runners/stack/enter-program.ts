/** A static program that moves into a control group, takes its CPUs and becomes another one: less to load than a shell and `taskset`. */

import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Box } from '../../bench/types.ts';
import type { BoxGroup } from '../cgroup/box-group.ts';
import { entranceOf } from '../cgroup/group.ts';
import { type Hierarchy, hierarchiesFor } from '../cgroup/tree.ts';
import { type Call, callProgram, GIVEN, LAST } from '../image/call-program.ts';
import { cpuList } from '../kit/shell.ts';

const TRIAL_LIMIT_MS = 15_000;
const FAILURE = "boxmark: the control group can't be entered";

/** asm-generic/fcntl.h; the same for all processors that the program is written for. */
const CURRENT_FOLDER = -100;
const WRITE_ONLY_CLOEXEC = 0o2000001;
const PATH_CLOEXEC = 0o12000000;
/** For as many CPUs as `pin` takes. */
const AFFINITY_BYTES = 1024;

export interface EnterProgram {
  /** Words that run a command in the group, with these variables and no others; undefined where a shell is to do it. */
  command(entry: Entry): string[] | undefined;
  /** Removes the program's file. */
  dispose(): Promise<void>;
}

export interface Entry {
  readonly group: BoxGroup;
  readonly cpus: readonly number[];
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
}

/**
 * Writes the program for boxes on the host into a folder, and tries it. Where it can't be used, as on other processors and
 * where the folder is mounted without the right to run programs, it has no command for anything.
 */
export async function enterProgram(
  parent: Box,
  folder: string,
  hierarchies: readonly Hierarchy[],
  cpus: readonly number[],
): Promise<EnterProgram> {
  const own = hierarchiesFor(hierarchies, false);
  const program = parent.path === 'host' ? callProgram(process.arch, enterCalls(own, cpus)) : undefined;
  if (program === undefined) return { command: () => undefined, dispose: async () => {} };
  const file = join(folder, `enter-${randomBytes(4).toString('hex')}`);
  await writeFile(file, program, { mode: 0o700 });
  const tried = await parent.exec([file, 'none/such', '--', '/none'], { timeoutMs: TRIAL_LIMIT_MS });
  const works = tried.stderr.includes(own.length > 0 ? FAILURE : '/none');
  return {
    command: ({ group: { hostPath }, env, argv, ...entry }) => {
      // The kernel looks for no program on a path.
      const fits = works && argv[0]?.startsWith('/') && cpuList(entry.cpus) === cpuList(cpus);
      if (!fits || hostPath === undefined) return undefined;
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      return [file, hostPath.slice(1), ...variables, '--', ...argv];
    },
    dispose: () => rm(file, { force: true }),
  };
}

/** `GIVEN` is the group's path below the mounts, without the first slash. */
function enterCalls(hierarchies: readonly Hierarchy[], cpus: readonly number[]): Call[] {
  const mask = Buffer.alloc(AFFINITY_BYTES);
  for (const cpu of cpus) mask[cpu >> 3] = (mask[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  return [
    ...hierarchies.flatMap(({ mount, version }): Call[] => [
      { name: 'openat', args: [CURRENT_FOLDER, mount, PATH_CLOEXEC], failure: FAILURE },
      { name: 'openat', args: [LAST, GIVEN, PATH_CLOEXEC], failure: FAILURE },
      { name: 'openat', args: [LAST, entranceOf(version), WRITE_ONLY_CLOEXEC], failure: FAILURE },
      { name: 'write', args: [LAST, '0', 1], failure: FAILURE },
    ]),
    { name: 'sched_setaffinity', args: [0, AFFINITY_BYTES, mask], failure: "boxmark: the CPUs can't be used" },
  ];
}
