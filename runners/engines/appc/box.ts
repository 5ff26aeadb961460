/** The box of a pod: image and signature are verified again, each start has its own pod, and nothing is left afterwards. */

import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, BoxProcess, ExecOptions, OpenOptions, Prepared, Workspace } from '../../../bench/types.ts';
import { openGroup } from '../../cgroup/box-group.ts';
import { groupAt, hostHierarchies } from '../../cgroup/group.ts';
import { endProcess } from '../../kit/end-process.ts';
import { removeTree } from '../../kit/remove.ts';
import { cpuList } from '../../kit/shell.ts';
import { type BoxSettings, limitsWith } from '../../stack/box-settings.ts';
import { forgetMachine } from '../nspawn/leftovers.ts';
import { podManifest, unknownIsolators } from './manifest.ts';
import { refuse } from './refusal.ts';
import { type Signed, verifyAci } from './signature.ts';
import { nspawnCommand, type Pod, rktCommand, rktRemoval, type Stage1 } from './stage1.ts';

/** Time in which a stage1 that was asked to end takes everything down. */
const END_LIMIT_MS = 3000;

export interface PreparedAppc extends Prepared {
  readonly workspace: Workspace;
  readonly settings: BoxSettings;
  readonly stage1: Stage1;
  readonly image: Signed;
  /** The unpacked root, and what its files were like then. */
  readonly tree: string;
  readonly treeStamp: string;
  readonly tools: string;
  /** Parent of the pods' folders. */
  readonly pods: string;
}

/** Verifies the image, then makes the pod. Throws `BoxmarkError` with the reason when anything differs from what was signed. */
export async function openPodBox(parent: Box, prepared: PreparedAppc, options: OpenOptions): Promise<Box> {
  const { workspace, stage1 } = prepared;
  const { id, manifest } = await verifyAci(prepared.image);
  const unknown = unknownIsolators(manifest);
  if (unknown.length > 0)
    throw refuse(`asks for isolators that are not available here: ${unknown.join(', ')}`, prepared.image.file);
  if ((await stampOf(prepared.tree)) !== prepared.treeStamp) {
    throw refuse('was changed after it was unpacked', prepared.tree);
  }
  const uuid = randomUUID();
  const pod: Pod = {
    uuid,
    dir: join(prepared.pods, uuid),
    machine: `boxmark-${workspace.id}-${uuid.slice(0, 8)}`,
    aci: prepared.image.file,
    tree: prepared.tree,
    tools: prepared.tools,
  };
  for (const folder of ['', 'fresh', 'root']) await mkdir(join(pod.dir, folder), { mode: 0o700 });
  await writeFile(join(pod.dir, 'pod'), podManifest(manifest, id, limitsWith(options.limits, prepared.settings)));
  const limits = limitsWith(options.limits, prepared.settings);
  const { cpus } = limits;
  const group = await openGroup({
    parent,
    hierarchies: hostHierarchies(),
    workspace,
    name: options.name,
    limits,
    // systemd-nspawn makes groups in systemd's own hierarchy too.
    holds: true,
  });
  let main: BoxProcess | undefined;
  const command = (argv: readonly string[], env?: Readonly<Record<string, string>>): string[] => {
    const start = (stage1 === 'rkt' ? rktCommand : nspawnCommand)(pod, argv, env);
    return ['sh', '-c', `${group.enter} exec "$@"`, 'sh', 'taskset', '-c', cpuList(cpus), ...start];
  };
  const end = async (): Promise<void> => {
    if (main !== undefined) {
      askToEnd(main);
      await Promise.race([main.exited, sleep(END_LIMIT_MS, undefined, { ref: false })]);
      await endProcess(main);
    }
    await group.remove();
    if (group.hostPath !== undefined) await groupAt(group.hostPath, hostHierarchies()).remove();
    if (stage1 === 'rkt') await parent.exec(rktRemoval(pod), { timeoutMs: 20_000 });
    await forgetMachine(pod.machine); // There only if it was killed.
    await removeTree(pod.dir);
  };
  let closing: Promise<void> | undefined;
  return {
    path: 'appc',
    scratch: '/tmp',
    ...(group.hostPath === undefined ? {} : { cgroup: group.hostPath }),
    exec: (argv, { env, ...rest }: ExecOptions = {}) => parent.exec(command(argv, env), rest),
    spawn: async (argv, { env } = {}) => {
      if (main !== undefined) throw new BoxmarkError({ what: 'A pod runs one command.', value: argv.join(' ') });
      const child = await parent.spawn(command(argv, env));
      main = child;
      const kill = (): void => {
        askToEnd(child);
        setTimeout(child.kill, END_LIMIT_MS).unref();
      };
      return { ...child, kill };
    },
    put: async (file) => {
      throw new BoxmarkError({ what: 'A pod does not see the image store.', value: file });
    },
    close: () => {
      closing ??= end();
      return closing;
    },
  };
}

/** When it is killed at once, systemd-nspawn leaves its container running and its locks behind. */
function askToEnd({ pid }: BoxProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  } catch {
    // Gone already.
  }
}

/** Changes with every file that is added, removed or written, without reading them. */
export async function stampOf(tree: string): Promise<string> {
  const entries = await readdir(tree, { recursive: true });
  const lines = entries.sort().map(async (path) => {
    const { mode, size, mtimeMs, ctimeMs, ino } = await lstat(join(tree, path));
    return [path, mode, size, mtimeMs, ctimeMs, ino].join(' ');
  });
  return (await Promise.all(lines)).join('\n');
}
