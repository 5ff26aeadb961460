/** A payload's box by `podman run`, which has no daemon: the client starts it, and a monitor stays beside it. */

import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, BoxProcess, ExecOptions, ExecResult, OpenOptions, Workspace } from '../../../bench/types.ts';
import { type BoxGroup, hierarchiesOf, openGroup } from '../../cgroup/box-group.ts';
import { GROUP_ROOT, groupAt, hostHierarchies } from '../../cgroup/group.ts';
import { DATA_PLACE } from '../../kit/data-folder.ts';
import { PAYLOAD_ENV } from '../../kit/payload-env.ts';
import { dataFlags, payloadFlags } from '../../oci/container-flags.ts';
import { type BoxSettings, limitsWith } from '../../stack/box-settings.ts';
import { type PodmanClient, podman, podmanArgv, podmanEnv } from './client.ts';

const CLIENT_LIMIT_MS = 5000;
const REMOVE_LIMIT_MS = 20_000;
/** By default Podman asks for more than a process without CAP_SYS_RESOURCE may have. */
const ULIMITS = ['--ulimit', 'nofile=1024:4096', '--ulimit', 'nproc=4096:4096'];

export interface PodmanPlan {
  readonly host: Box;
  readonly workspace: Workspace;
  readonly client: PodmanClient;
  readonly settings: BoxSettings;
  /** Image id. */
  readonly image: string;
  /** It can take away the variables that it sets. */
  readonly unsetsEnv: boolean;
  readonly options: OpenOptions;
}

export async function openPodmanBox(plan: PodmanPlan): Promise<Box> {
  const { host, workspace, client, settings, options } = plan;
  const limits = limitsWith(options.limits, settings);
  const group = client.rootless
    ? await openGroup({
        parent: host,
        hierarchies: await hierarchiesOf(host),
        workspace,
        name: options.name,
        limits,
        holds: false,
      })
    : undefined;
  const container = new PodmanContainer(plan, group, limits.cpus);
  const { cgroup } = container;
  return {
    path: 'podman',
    scratch: '/tmp',
    ...(options.spec?.scratch === true ? { data: DATA_PLACE } : {}),
    ...(cgroup === undefined ? {} : { cgroup }),
    exec: (argv, more = {}) => container.exec(argv, more),
    spawn: (argv, { env = {} } = {}) => container.spawn(argv, env),
    put: async () => {
      throw new BoxmarkError({ what: "A payload's box does not see the image store.", value: container.name });
    },
    close: () => container.close(),
  };
}

/** One container: its first command is `podman run`, every further one joins it. */
class PodmanContainer {
  readonly name: string;
  readonly cgroup: string | undefined;
  readonly #plan: PodmanPlan;
  readonly #group: BoxGroup | undefined;
  readonly #cpus: readonly number[];
  /** Of the box when Podman is root. */
  readonly #path: string;
  #main: BoxProcess | undefined;
  #ended = false;
  #closing: Promise<void> | undefined;

  constructor(plan: PodmanPlan, group: BoxGroup | undefined, cpus: readonly number[]) {
    const { workspace, options, client } = plan;
    this.#plan = plan;
    this.#group = group;
    this.#cpus = cpus;
    this.#path = `${GROUP_ROOT}/${workspace.id}/${options.name}`;
    this.name = `boxmark-${workspace.id}-${options.name}`;
    this.cgroup = client.rootless ? group?.hostPath : this.#path;
  }

  exec(argv: readonly string[], { env, ...rest }: ExecOptions): Promise<ExecResult> {
    const { host, client } = this.#plan;
    return podman(host, client, this.#joined(argv, env, rest.input === undefined ? [] : ['-i']), rest);
  }

  async spawn(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<BoxProcess> {
    const { host, client, image } = this.#plan;
    if (this.#main !== undefined)
      return host.spawn(podmanArgv(client, this.#joined(argv, env, ['-i'])), { env: podmanEnv(client) });
    const flags = runFlags(this.#plan, this.name, this.#path);
    const run = ['run', ...flags, ...envFlags({ ...PAYLOAD_ENV, ...env }), image, ...argv];
    // Without root the box is in the group that its client is in, and on its CPUs.
    const where = this.#group === undefined ? {} : { enter: this.#group.enter, cpus: this.#cpus };
    const child = await host.spawn(podmanArgv(client, run, where), { env: podmanEnv(client) });
    const kill = () => {
      child.kill();
      if (this.cgroup !== undefined) void groupAt(this.cgroup, hostHierarchies()).kill();
    };
    this.#main = { ...child, kill };
    void child.exited.then(({ signal }) => {
      this.#ended = signal === null;
    });
    return this.#main;
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    if (this.#main !== undefined && !this.#ended) {
      await this.#remove();
      if (!(await within(this.#main.exited))) {
        this.#main.kill();
        await within(this.#main.exited);
        await this.#remove();
      }
    }
    await this.#group?.remove();
    if (!this.#plan.client.rootless) await groupAt(this.#path, hostHierarchies()).remove();
  }

  async #remove(): Promise<void> {
    const { host, client } = this.#plan;
    await podman(host, client, ['rm', '-f', '-i', '-t', '0', this.name], { timeoutMs: REMOVE_LIMIT_MS });
  }

  #joined(argv: readonly string[], env: Readonly<Record<string, string>> = {}, flags: readonly string[] = []) {
    return ['exec', ...flags, ...envFlags(env), this.name, ...argv];
  }
}

function runFlags({ client, settings, options, workspace, unsetsEnv }: PodmanPlan, name: string, path: string) {
  const limited = client.rootless
    ? [...unlimitedFlags(settings), ...dataFlags(options.spec)]
    : payloadFlags(options, settings);
  return [
    ...['-i', '--rm', '--pull', 'never', '--log-driver', 'none', '--read-only', '--read-only-tmpfs=false'],
    ...['--hostname', 'boxmark', '--name', name, '--label', `boxmark=${workspace.id}`, '--http-proxy=false'],
    ...(client.rootless ? [] : ['--cgroups', 'no-conmon', '--cgroup-parent', path]),
    ...(unsetsEnv ? ['--unsetenv-all'] : []),
    ...ULIMITS,
    ...limited,
  ];
}

/** On cgroup v1 podman can set no limits without root. The group around it has them, on v2 too. */
function unlimitedFlags({ network = 'none', seccomp = 'default', capabilities = [] }: BoxSettings): string[] {
  return [
    ...['--tmpfs', '/tmp:size=64m', '--network', network, '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...capabilities.flatMap((name) => ['--cap-add', name]),
    ...(seccomp === 'default' ? [] : ['--security-opt', `seccomp=${seccomp}`]),
  ];
}

function envFlags(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
}

async function within(event: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), CLIENT_LIMIT_MS);
  });
  const inTime = await Promise.race([event.then(() => true as const), limit]);
  clearTimeout(timer);
  return inTime;
}
