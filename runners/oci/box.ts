/** Boxes of OCI runtimes: the payload's, and one that holds another engine. Both are a bundle and a call. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import type { Box, BoxProcess, ExecOptions, Limits, OpenOptions, Prepared, Workspace } from '../../bench/types.ts';
import { openGroup } from '../cgroup/box-group.ts';
import { GROUP_ROOT, groupAt, hostHierarchies } from '../cgroup/group.ts';
import type { Hierarchy } from '../cgroup/tree.ts';
import { storeDir } from '../image/image.ts';
import { PAYLOAD_ENV } from '../kit/payload-env.ts';
import { readyLine } from '../kit/ready.ts';
import { removeTree } from '../kit/remove.ts';
import { cpuList } from '../kit/shell.ts';
import { type BoxSettings, limitsWith } from '../stack/box-settings.ts';
import { HOLDER_INIT, HOLDER_READY } from './holder.ts';
import type { OciSeccomp } from './seccomp.ts';
import { type OciHolder, type OciPlan, ociSpec } from './spec.ts';

const READY_LIMIT_MS = 60_000;
const DELETE_LIMIT_MS = 20_000;
const END_LIMIT_MS = 10_000;
/** The engine in a box that holds one has its own needs beside the payload's limits. */
const ENGINE_BYTES = 1 << 30;
const ENGINE_PIDS = 2048;

/** What `open` finds; paths as the box below sees them. */
export interface PreparedOci extends Prepared {
  readonly engine: string;
  readonly workspace: Workspace;
  readonly settings: BoxSettings;
  /** Words that call the runtime. */
  readonly call: readonly string[];
  /** Where bundles and the runtime's state are. */
  readonly folder: string;
  readonly root: string;
  readonly seccomp?: OciSeccomp;
  readonly cgroupNamespace: boolean;
  /** Set when the group is to be made before the runtime is called. */
  readonly hierarchies?: readonly Hierarchy[];
  readonly holder?: OciHolder;
}

type Spawn = Pick<ExecOptions, 'env'>;

/** A box whose first `spawn` is the runtime's `run`; what is executed later joins it. */
export async function openOciBox(parent: Box, prepared: PreparedOci, options: OpenOptions): Promise<Box> {
  const limits = limitsWith(options.limits, prepared.settings);
  const container = await containerOf(parent, prepared, options, limits);
  const { network, userns } = prepared.settings;
  let main: BoxProcess | undefined;
  return {
    path: container.path,
    scratch: '/tmp',
    ...(container.hostPath === undefined ? {} : { cgroup: container.hostPath }),
    exec: container.exec,
    spawn: async (argv, { env = {} }: Spawn = {}) => {
      if (main !== undefined) return container.spawn(argv, env);
      const { seccomp } = prepared;
      main = await container.run({ argv, env, limits, network, userns, ...(seccomp === undefined ? {} : { seccomp }) });
      return main;
    },
    put: async () => {
      throw new BoxmarkError({ what: "A payload's box does not see the image store.", value: container.path });
    },
    close: container.end,
  };
}

/** A box that holds others: its first process waits for the end of its input, and ends with whoever opened it. */
export async function openOciHolder(parent: Box, prepared: PreparedOci, options: OpenOptions): Promise<Box> {
  const { cpus, housekeeping, memoryBytes, pids } = options.limits;
  const limits = {
    cpus: [...new Set([...cpus, ...housekeeping])].sort((a, b) => a - b),
    memoryBytes: memoryBytes + ENGINE_BYTES,
    pids: pids + ENGINE_PIDS,
  };
  const container = await containerOf(parent, prepared, options, limits);
  const { path, hostPath } = container;
  try {
    const holder = prepared.holder as OciHolder;
    const init = await container.run({ argv: ['sh', '-c', HOLDER_INIT], env: {}, limits, holder });
    const wait = { path, limitMs: READY_LIMIT_MS, signal: options.signal };
    await readyLine(init, (line) => (line === HOLDER_READY ? true : undefined), wait);
  } catch (error) {
    await container.end();
    throw error;
  }
  return {
    path,
    scratch: '/boxmark/scratch',
    ...(hostPath === undefined ? {} : { cgroup: hostPath }),
    exec: container.exec,
    spawn: (argv, { env = {} }: Spawn = {}) => container.spawn(argv, env),
    put: async (storeFile) => `/boxmark/store/${relative(storeDir(), storeFile)}`.replace(/\/$/, ''),
    close: container.end,
  };
}

type Run = Pick<OciPlan, 'argv' | 'env' | 'limits' | 'network' | 'userns' | 'seccomp' | 'holder'>;

/** One container of the runtime: what is called to run it, to join it and to end it. */
async function containerOf(parent: Box, prepared: PreparedOci, options: OpenOptions, limits: Run['limits']) {
  const { workspace, call, folder, root, engine, cgroupNamespace, hierarchies } = prepared;
  const onHost = parent.path === 'host';
  // Not the name of a box below: the kernel's keyrings, which are named after containers, are nobody's own.
  const depth = onHost ? '' : `-${parent.path.split('/').length + 1}`;
  const id = `boxmark-${workspace.id}-${options.name}${depth}`;
  const bundle = join(folder, options.name);
  const cgroup = `${GROUP_ROOT}/${workspace.id}/${options.name}`;
  const group =
    hierarchies === undefined
      ? undefined
      : await openGroup({ parent, hierarchies, workspace, name: options.name, limits, holds: true });
  const runtime = (...args: string[]) => [...pin(options.limits), ...call, '--root', join(folder, 'state'), ...args];
  // Without a run-time folder crun makes one in /run, whatever its options are.
  const own = { env: { XDG_RUNTIME_DIR: folder } };
  const joining = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    // Crun takes them for all that there are.
    const all = Object.entries(env).length === 0 ? {} : { ...PAYLOAD_ENV, ...env };
    const variables = Object.entries(all).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    return runtime('exec', ...variables, id, ...argv);
  };
  let main: BoxProcess | undefined;
  let ended = false;
  let closing: Promise<void> | undefined;

  const killAll = () => groupAt(cgroup, hostHierarchies()).kill();
  const removeContainer = async () => {
    await parent.exec(runtime('delete', engine === 'gvisor' ? '-force' : '-f', id), {
      timeoutMs: DELETE_LIMIT_MS,
      ...own,
    });
  };
  const close = async () => {
    if (main !== undefined && !ended) {
      // On the host everything is in the group; the client sees its container end and removes what it has noted.
      await (onHost ? killAll() : removeContainer());
      if (!(await within(main.exited))) main.kill();
      await within(main.exited);
    }
    if (onHost) {
      await groupAt(cgroup, hostHierarchies()).remove();
      await removeTree(bundle);
      return;
    }
    await group?.remove();
    await parent.exec(['rm', '-rf', bundle]);
  };
  return {
    path: onHost ? engine : `${parent.path}/${engine}`,
    hostPath: onHost ? cgroup : parent.cgroup === undefined ? undefined : parent.cgroup + cgroup,
    exec: (argv: readonly string[], { env, ...rest }: ExecOptions = {}) =>
      parent.exec(joining(argv, env), { timeoutMs: 60_000, ...rest, ...own }),
    spawn: (argv: readonly string[], env: Readonly<Record<string, string>>) => parent.spawn(joining(argv, env), own),
    run: async (run: Run): Promise<BoxProcess> => {
      const config = JSON.stringify(ociSpec({ ...run, root, cgroup, cgroupNamespace }));
      const command = runtime('run', '--bundle', bundle, id);
      if (onHost) {
        mkdirSync(bundle, { recursive: true });
        writeFileSync(join(bundle, 'config.json'), config);
      }
      const written = onHost ? command : ['sh', '-c', WRITE_AND_RUN, 'sh', bundle, config, ...command];
      const child = await parent.spawn(written, own);
      // Without its client a container lives on.
      const kill = () => {
        child.kill();
        void (onHost ? killAll() : removeContainer());
      };
      main = { ...child, kill };
      void child.exited.then(({ signal }) => {
        ended = signal === null;
      });
      return main;
    },
    end: (): Promise<void> => {
      closing ??= close();
      return closing;
    },
  };
}

const WRITE_AND_RUN = 'mkdir -p "$1" && printf %s "$2" >"$1/config.json" || exit 125; shift 2; exec "$@"';

/** Engines' clients stay away from the workload; the group's own set of CPUs takes over in the box. */
function pin({ housekeeping }: Limits): string[] {
  return ['taskset', '-c', cpuList(housekeeping)];
}

async function within(event: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), END_LIMIT_MS);
  });
  const inTime = await Promise.race([event.then(() => true as const), limit]);
  clearTimeout(timer);
  return inTime;
}
