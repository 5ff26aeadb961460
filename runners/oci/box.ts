/** Boxes of OCI runtimes: the payload's, and one that holds another engine. Both are a bundle and a call. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import type {
  Box,
  BoxProcess,
  ExecOptions,
  ExecResult,
  Limits,
  OpenOptions,
  Prepared,
  Workspace,
} from '../../bench/types.ts';
import { type BoxGroup, openGroup } from '../cgroup/box-group.ts';
import { GROUP_ROOT, groupAt, hostHierarchies } from '../cgroup/group.ts';
import type { Hierarchy } from '../cgroup/tree.ts';
import { storeDir } from '../image/image.ts';
import { DATA_BEHIND_CACHE, DATA_PLACE, dataOf, makeDataFolder, removeDataFolder } from '../kit/data-folder.ts';
import { byEntrance } from '../kit/entrance.ts';
import { PAYLOAD_ENV } from '../kit/payload-env.ts';
import { readyLine } from '../kit/ready.ts';
import { removeTree } from '../kit/remove.ts';
import { cpuList } from '../kit/shell.ts';
import { type BoxSettings, limitsWith } from '../stack/box-settings.ts';
import { holderArgv, initLines } from './holder.ts';
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
  /** That a payload keeps. */
  readonly capabilities: readonly string[];
  readonly seccomp?: OciSeccomp;
  readonly cgroupNamespace: boolean;
  /** A proxy opens the files of the payload's data, whose reads then come from the page cache of the box below. */
  readonly opensFiles: boolean;
  readonly swap: boolean;
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
  const data = await makeDataFolder(parent, prepared.folder, options);
  let main: BoxProcess | undefined;
  return {
    path: container.path,
    scratch: '/tmp',
    ...dataOf(data, prepared.opensFiles ? DATA_BEHIND_CACHE : DATA_PLACE),
    ...(container.hostPath === undefined ? {} : { cgroup: container.hostPath }),
    exec: (argv, more) => container.exec(argv, more),
    spawn: async (argv, { env = {} }: Spawn = {}) => {
      if (main !== undefined) return container.spawn(argv, env);
      const { seccomp, capabilities } = prepared;
      main = await container.run({
        ...{ argv, env, limits, network, userns, capabilities, data },
        ...(seccomp === undefined ? {} : { seccomp }),
      });
      return main;
    },
    put: async () => {
      throw new BoxmarkError({ what: "A payload's box does not see the image store.", value: container.path });
    },
    close: async () => {
      await container.end();
      await removeDataFolder(parent, data);
    },
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
  let ahead: Promise<boolean>;
  try {
    const holder = prepared.holder as OciHolder;
    const init = await container.run({ argv: holderArgv(options.ahead), env: {}, limits, holder });
    const wait = { path, limitMs: READY_LIMIT_MS, signal: options.signal };
    const said = initLines(init);
    await readyLine(init, said.take, wait);
    ahead = said.ahead;
  } catch (error) {
    await container.end();
    throw error;
  }
  const inside = byEntrance({
    exec: (argv, more) => container.exec(argv, more),
    spawn: (argv, { env = {} }: Spawn = {}) => container.spawn(argv, env),
  });
  return {
    path,
    scratch: '/boxmark/scratch',
    ...(hostPath === undefined ? {} : { cgroup: hostPath }),
    exec: inside.exec,
    spawn: inside.spawn,
    put: async (storeFile) => `/boxmark/store/${relative(storeDir(), storeFile)}`.replace(/\/$/, ''),
    ...(options.ahead === undefined ? {} : { ahead }),
    close: () => {
      inside.close();
      return container.end();
    },
  };
}

type Run = Pick<
  OciPlan,
  'argv' | 'env' | 'limits' | 'network' | 'userns' | 'seccomp' | 'capabilities' | 'data' | 'holder'
>;

async function containerOf(parent: Box, prepared: PreparedOci, options: OpenOptions, limits: Run['limits']) {
  const { workspace, hierarchies } = prepared;
  const group =
    hierarchies === undefined
      ? undefined
      : await openGroup({ parent, hierarchies, workspace, name: options.name, limits, holds: true });
  return new OciContainer(parent, prepared, options, group);
}

/** One container of the runtime: what is called to run it, to join it and to end it. */
class OciContainer {
  readonly path: string;
  readonly hostPath: string | undefined;
  readonly #parent: Box;
  readonly #prepared: PreparedOci;
  readonly #limits: Limits;
  readonly #group: BoxGroup | undefined;
  readonly #onHost: boolean;
  readonly #id: string;
  readonly #bundle: string;
  readonly #cgroup: string;
  /** Without a run-time folder crun makes one in /run, whatever its flags say. */
  readonly #own: { readonly env: Readonly<Record<string, string>> };
  #main: BoxProcess | undefined;
  #ended = false;
  #closing: Promise<void> | undefined;

  constructor(parent: Box, prepared: PreparedOci, { name, limits }: OpenOptions, group: BoxGroup | undefined) {
    const { workspace, folder, engine } = prepared;
    this.#parent = parent;
    this.#prepared = prepared;
    this.#limits = limits;
    this.#group = group;
    this.#onHost = parent.path === 'host';
    // Not the name of a box below: the kernel's keyrings, which are named after containers, are shared by all.
    const depth = this.#onHost ? '' : `-${parent.path.split('/').length + 1}`;
    this.#id = `boxmark-${workspace.id}-${name}${depth}`;
    this.#bundle = join(folder, name);
    this.#cgroup = `${GROUP_ROOT}/${workspace.id}/${name}`;
    this.#own = { env: { XDG_RUNTIME_DIR: folder } };
    this.path = this.#onHost ? engine : `${parent.path}/${engine}`;
    const outer = this.#onHost ? '' : parent.cgroup;
    this.hostPath = outer === undefined ? undefined : outer + this.#cgroup;
  }

  exec(argv: readonly string[], { env, ...rest }: ExecOptions = {}): Promise<ExecResult> {
    return this.#parent.exec(this.#joining(argv, env), { timeoutMs: 60_000, ...rest, ...this.#own });
  }

  spawn(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<BoxProcess> {
    return this.#parent.spawn(this.#joining(argv, env), this.#own);
  }

  async run(run: Run): Promise<BoxProcess> {
    const { root, cgroupNamespace, swap } = this.#prepared;
    const config = JSON.stringify(ociSpec({ ...run, root, cgroup: this.#cgroup, cgroupNamespace, swap }));
    const command = this.#runtime('run', '--bundle', this.#bundle, this.#id);
    if (this.#onHost) {
      mkdirSync(this.#bundle, { recursive: true });
      writeFileSync(join(this.#bundle, 'config.json'), config);
    }
    const written = this.#onHost ? command : ['sh', '-c', WRITE_AND_RUN, 'sh', this.#bundle, config, ...command];
    const child = await this.#parent.spawn(written, this.#own);
    // Without its client a container lives on.
    const kill = () => {
      child.kill();
      void (this.#onHost ? this.#killAll() : this.#remove());
    };
    this.#main = { ...child, kill };
    void child.exited.then(({ signal }) => {
      this.#ended = signal === null;
    });
    return this.#main;
  }

  end(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#main !== undefined && !this.#ended) {
      // On the host everything is in the group; the client sees its container end and removes what it has noted.
      await (this.#onHost ? this.#killAll() : this.#remove());
      if (!(await within(this.#main.exited))) this.#main.kill();
      await within(this.#main.exited);
    }
    if (this.#onHost) {
      await groupAt(this.#cgroup, hostHierarchies()).remove();
      await removeTree(this.#bundle);
      return;
    }
    await this.#group?.remove();
    await this.#parent.exec(['rm', '-rf', this.#bundle]);
  }

  #killAll() {
    return groupAt(this.#cgroup, hostHierarchies()).kill();
  }

  async #remove(): Promise<void> {
    const command = this.#runtime('delete', this.#prepared.engine === 'gvisor' ? '-force' : '-f', this.#id);
    await this.#parent.exec(command, { timeoutMs: DELETE_LIMIT_MS, ...this.#own });
  }

  #runtime(...args: string[]): string[] {
    const { call, folder } = this.#prepared;
    return [...pin(this.#limits), ...call, '--root', join(folder, 'state'), ...args];
  }

  #joining(argv: readonly string[], env: Readonly<Record<string, string>> = {}): string[] {
    // Crun takes them for all that there are.
    const all = Object.entries(env).length === 0 ? {} : { ...PAYLOAD_ENV, ...env };
    const variables = Object.entries(all).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    return this.#runtime('exec', ...variables, this.#id, ...argv);
  }
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
