/** A payload's box by a program that wraps one command: in one of Boxmark's cgroups, pinned, ended with everything in it. */

import { BoxmarkError } from '../../bench/errors.ts';
import type { Box, BoxProcess, OpenOptions, Workspace } from '../../bench/types.ts';
import { openGroup } from '../cgroup/box-group.ts';
import type { Hierarchy } from '../cgroup/tree.ts';
import { findCommand } from '../kit/commands.ts';
import { dataOf, makeDataFolder, removeDataFolder } from '../kit/data-folder.ts';
import { endProcess } from '../kit/end-process.ts';
import { cpuList } from '../kit/shell.ts';
import { type BoxSettings, limitsWith } from './box-settings.ts';
import { withCauses } from './call-causes.ts';
import type { EnterProgram } from './enter-program.ts';

export interface Wrapping {
  readonly parent: Box;
  /** Name of the layer. */
  readonly layer: string;
  readonly workspace: Workspace;
  readonly hierarchies: readonly Hierarchy[];
  readonly settings: BoxSettings;
  readonly options: OpenOptions;
  /** Folder of the box below for what is made for a start. */
  readonly folder: string;
  /** The whole command line that runs a command in the box, with a folder for its data; and variables for the program itself. */
  wrap(argv: readonly string[], env: Readonly<Record<string, string>>, data: string | undefined): string[];
  readonly env?: Readonly<Record<string, string>>;
  /** It makes its own groups below Boxmark's, in every hierarchy of v1. */
  readonly makesGroups?: boolean;
  /** Shell built-ins to run first. */
  readonly enter?: string;
  /** Enters the group of a start without a shell, when there are no built-ins to run. */
  readonly program?: EnterProgram;
  /** How a program that cleans up after itself is asked to end, before it is killed. */
  end?(child: BoxProcess): Promise<void>;
  /** What it leaves when it is killed. */
  afterEnd?(): Promise<void>;
}

/** Each command is wrapped separately; all are in the box's one group. */
export async function openWrappedBox(wrapping: Wrapping): Promise<Box> {
  const { parent, layer, workspace, hierarchies, settings, options } = wrapping;
  const limits = limitsWith(options.limits, settings);
  const { name } = options;
  const group = await openGroup({ parent, hierarchies, workspace, name, limits, holds: wrapping.makesGroups ?? false });
  const path = parent.path === 'host' ? layer : `${parent.path}/${layer}`;
  const data = await makeDataFolder(parent, wrapping.folder, options);
  const running = new Set<BoxProcess>();
  const runner = withCauses(parent);
  const outer = wrapping.env === undefined ? {} : { env: wrapping.env };
  const command = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): string[] => {
    const wrapped = wrapping.wrap(argv, env, data);
    const [program = '', ...rest] = wrapped;
    const entry = { group, cpus: limits.cpus, env: {}, argv: [findCommand(program) ?? program, ...rest] };
    const byProgram = wrapping.program?.command(entry);
    if (byProgram !== undefined) return byProgram;
    const pinned = ['taskset', '-c', cpuList(limits.cpus), ...wrapped];
    return ['sh', '-c', `${group.enter} ${wrapping.enter ?? ''} exec "$@"`, 'sh', ...pinned];
  };
  return {
    path,
    scratch: '/tmp',
    ...dataOf(data),
    ...(group.hostPath === undefined ? {} : { cgroup: group.hostPath }),
    exec: (argv, { env, ...rest } = {}) => runner.exec(command(argv, env), { ...rest, ...outer }),
    spawn: async (argv, { env } = {}) => {
      const child = await runner.spawn(command(argv, env), outer);
      running.add(child);
      void child.exited.then(() => running.delete(child));
      return child;
    },
    put: async () => {
      throw new BoxmarkError({ what: "A payload's box does not see the image store.", value: path });
    },
    close: async () => {
      for (const child of running) {
        await wrapping.end?.(child);
        await endProcess(child);
      }
      running.clear();
      await group.remove();
      await wrapping.afterEnd?.();
      await removeDataFolder(parent, data);
    },
  };
}
