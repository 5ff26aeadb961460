/** The box of a pod: image and signature are verified again, each start has its own pod, and nothing is left afterwards. */

import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, BoxProcess, ExecOptions, OpenOptions, Prepared, Workspace } from '../../../bench/types.ts';
import { type BoxGroup, openGroup } from '../../cgroup/box-group.ts';
import { groupAt, hostHierarchies } from '../../cgroup/group.ts';
import { dataOf, makeDataFolder } from '../../kit/data-folder.ts';
import { endProcess } from '../../kit/end-process.ts';
import { removeTree } from '../../kit/remove.ts';
import { cpuList } from '../../kit/shell.ts';
import { type BoxLimits, type BoxSettings, limitsWith } from '../../stack/box-settings.ts';
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
  const { workspace } = prepared;
  const limits = limitsWith(options.limits, prepared.settings);
  const made = await makePod(prepared, limits);
  // Of rkt, only the command line is known here.
  const data = prepared.stage1 === 'nspawn' ? await makeDataFolder(parent, made.dir, options) : undefined;
  const pod: Pod = { ...made, data };
  const group = await openGroup({
    parent,
    hierarchies: hostHierarchies(),
    workspace,
    name: options.name,
    limits,
    // systemd-nspawn makes groups in systemd's own hierarchy too.
    holds: true,
  });
  const run = new PodRun(parent, prepared.stage1, pod, group, limits.cpus);
  return {
    path: 'appc',
    scratch: '/tmp',
    ...dataOf(data),
    ...(group.hostPath === undefined ? {} : { cgroup: group.hostPath }),
    exec: (argv, { env, ...rest }: ExecOptions = {}) => parent.exec(run.command(argv, env), rest),
    spawn: (argv, { env } = {}) => run.spawn(argv, env),
    put: async (file) => {
      throw new BoxmarkError({ what: 'A pod does not see the image store.', value: file });
    },
    close: () => run.close(),
  };
}

/** The pod's folder, from an image that is as it was signed. */
async function makePod(prepared: PreparedAppc, limits: BoxLimits): Promise<Pod> {
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
    machine: `boxmark-${prepared.workspace.id}-${uuid.slice(0, 8)}`,
    aci: prepared.image.file,
    tree: prepared.tree,
    tools: prepared.tools,
  };
  for (const folder of ['', 'fresh', 'root']) await mkdir(join(pod.dir, folder), { mode: 0o700 });
  await writeFile(join(pod.dir, 'pod'), podManifest(manifest, id, limits));
  return pod;
}

/** A pod that runs one command, and is removed with it. */
class PodRun {
  readonly #parent: Box;
  readonly #stage1: Stage1;
  readonly #pod: Pod;
  readonly #group: BoxGroup;
  readonly #cpus: readonly number[];
  #main: BoxProcess | undefined;
  #closing: Promise<void> | undefined;

  constructor(parent: Box, stage1: Stage1, pod: Pod, group: BoxGroup, cpus: readonly number[]) {
    this.#parent = parent;
    this.#stage1 = stage1;
    this.#pod = pod;
    this.#group = group;
    this.#cpus = cpus;
  }

  command(argv: readonly string[], env?: Readonly<Record<string, string>>): string[] {
    const start = (this.#stage1 === 'rkt' ? rktCommand : nspawnCommand)(this.#pod, argv, env);
    return ['sh', '-c', `${this.#group.enter} exec "$@"`, 'sh', 'taskset', '-c', cpuList(this.#cpus), ...start];
  }

  async spawn(argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<BoxProcess> {
    if (this.#main !== undefined) throw new BoxmarkError({ what: 'A pod runs one command.', value: argv.join(' ') });
    const child = await this.#parent.spawn(this.command(argv, env));
    this.#main = child;
    const kill = (): void => {
      askToEnd(child);
      setTimeout(child.kill, END_LIMIT_MS).unref();
    };
    return { ...child, kill };
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    if (this.#main !== undefined) {
      askToEnd(this.#main);
      await Promise.race([this.#main.exited, sleep(END_LIMIT_MS, undefined, { ref: false })]);
      await endProcess(this.#main);
    }
    const { hostPath } = this.#group;
    await this.#group.remove();
    if (hostPath !== undefined) await groupAt(hostPath, hostHierarchies()).remove();
    if (this.#stage1 === 'rkt') await this.#parent.exec(rktRemoval(this.#pod), { timeoutMs: 20_000 });
    await forgetMachine(this.#pod.machine); // There only if it was killed.
    await removeTree(this.#pod.dir);
  }
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
