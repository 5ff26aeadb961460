/** A payload's box by `podman run`, which has no daemon: the client starts it, and a monitor stays beside it. */

import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, BoxProcess, ExecOptions, OpenOptions, Workspace } from '../../../bench/types.ts';
import { hierarchiesOf, openGroup } from '../../cgroup/box-group.ts';
import { GROUP_ROOT, groupAt, hostHierarchies } from '../../cgroup/group.ts';
import { PAYLOAD_ENV } from '../../kit/payload-env.ts';
import { payloadFlags } from '../../oci/container-flags.ts';
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

type Spawn = Pick<ExecOptions, 'env'>;

export async function openPodmanBox(plan: PodmanPlan): Promise<Box> {
  const { host, workspace, client, settings, options } = plan;
  const name = `boxmark-${workspace.id}-${options.name}`;
  const path = `${GROUP_ROOT}/${workspace.id}/${options.name}`;
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
  const cgroup = client.rootless ? group?.hostPath : path;
  let main: BoxProcess | undefined;
  let ended = false;
  let closing: Promise<void> | undefined;
  const remove = () => podman(host, client, ['rm', '-f', '-i', '-t', '0', name], { timeoutMs: REMOVE_LIMIT_MS });
  const joined = (
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
    flags: readonly string[] = [],
  ) => ['exec', ...flags, ...envFlags(env), name, ...argv];
  const close = async () => {
    if (main !== undefined && !ended) {
      await remove();
      if (!(await within(main.exited))) {
        main.kill();
        await within(main.exited);
        await remove();
      }
    }
    await group?.remove();
    if (!client.rootless) await groupAt(path, hostHierarchies()).remove();
  };
  return {
    path: 'podman',
    scratch: '/tmp',
    ...(cgroup === undefined ? {} : { cgroup }),
    exec: (argv, { env, ...rest } = {}) =>
      podman(host, client, joined(argv, env, rest.input === undefined ? [] : ['-i']), rest),
    spawn: async (argv, { env = {} }: Spawn = {}) => {
      if (main !== undefined)
        return host.spawn(podmanArgv(client, joined(argv, env, ['-i'])), { env: podmanEnv(client) });
      const run = ['run', ...runFlags(plan, name, path), ...envFlags({ ...PAYLOAD_ENV, ...env }), plan.image, ...argv];
      // Without root the box is in the group that its client is in, and on its CPUs.
      const where = group === undefined ? {} : { enter: group.enter, cpus: limits.cpus };
      const child = await host.spawn(podmanArgv(client, run, where), { env: podmanEnv(client) });
      const kill = () => {
        child.kill();
        if (cgroup !== undefined) void groupAt(cgroup, hostHierarchies()).kill();
      };
      main = { ...child, kill };
      void child.exited.then(({ signal }) => {
        ended = signal === null;
      });
      return main;
    },
    put: async () => {
      throw new BoxmarkError({ what: "A payload's box does not see the image store.", value: name });
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function runFlags({ client, settings, options, workspace, unsetsEnv }: PodmanPlan, name: string, path: string) {
  const limited = client.rootless ? unlimitedFlags(settings) : payloadFlags(options.limits, settings);
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
function unlimitedFlags({ network = 'none', seccomp = 'default' }: BoxSettings): string[] {
  return [
    ...['--tmpfs', '/tmp:size=64m', '--network', network, '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
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
