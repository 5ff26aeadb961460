/** Docker containers as boxes: the payload's, isolated; and one that holds another engine, relaxed as far as that needs. */

import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, BoxProcess, ExecOptions, OpenOptions } from '../../../bench/types.ts';
import { hostHierarchies } from '../../cgroup/group.ts';
import { DATA_BEHIND_CACHE, DATA_PLACE } from '../../kit/data-folder.ts';
import { byEntrance } from '../../kit/entrance.ts';
import { type ContainerSettings, payloadFlags } from '../../oci/container-flags.ts';
import { type HolderShape, holderArgv, holderFlags, initLines } from '../../oci/holder.ts';
import { type DockerClient, dockerArgv, lastLines, tryDocker } from './client.ts';

const HOLDER_START_LIMIT_MS = 60_000;
const REMOVE_LIMIT_MS = 20_000;
const CLIENT_LIMIT_MS = 2000;
const LATE_CREATION_MS = 300;

export interface ContainerPlan {
  readonly parent: Box;
  readonly client: DockerClient;
  /** Image id. */
  readonly image: string;
  /** Id of the run, the label of everything. */
  readonly run: string;
  /** Value of --cgroup-parent, a group of this box alone; undefined to leave it to the daemon. */
  readonly groupParent: string | undefined;
  /** The same as a path below the mounts on the host; undefined when it is unknown. */
  readonly hostGroup: string | undefined;
  readonly options: OpenOptions;
  readonly settings: ContainerSettings;
  /** What is to be done once the container is gone; `answered` is false when the daemon could not be asked to remove it. */
  afterRemoval(answered: boolean): Promise<void>;
}

export interface HolderPlan extends ContainerPlan, HolderShape {
  /** Image store on the host. */
  readonly hostStore: string;
}

type SpawnOptions = Pick<ExecOptions, 'env'>;

/** A box whose first `spawn` is `docker run`; what is executed later joins it. */
export function payloadBox(plan: ContainerPlan): Box {
  const { parent, client, image, options } = plan;
  const name = containerName(plan);
  let main: BoxProcess | undefined;
  return {
    path: pathOn(parent),
    scratch: '/tmp',
    ...(options.spec?.scratch === true
      ? { data: plan.settings.runtime === 'runsc' ? DATA_BEHIND_CACHE : DATA_PLACE }
      : {}),
    ...(plan.hostGroup === undefined ? {} : { cgroup: plan.hostGroup }),
    exec: (argv, execOptions) => execIn(plan, name, argv, execOptions),
    spawn: async (argv, { env = {} } = {}) => {
      if (main !== undefined) return spawnIn(plan, name, argv, { env });
      const args = ['run', '-i', ...commonFlags(plan, name), ...payloadFlags(options, plan.settings), ...envFlags(env)];
      const child = await parent.spawn(dockerArgv(client, [...args, image, ...argv]), envOf(client));
      // Without its client a container lives on.
      const kill = () => {
        child.kill();
        void tryDocker(parent, client, ['kill', name]);
      };
      main = { ...child, kill };
      return main;
    },
    put: async () => {
      throw new BoxmarkError({ what: 'The payload box sees no image store.', value: name });
    },
    close: once(() => endContainer(plan, name, main)),
  };
}

/**
 * Starts a box that holds another and waits until its init is done. `missing` are the capabilities to drop because the
 * daemon hasn't got them; names that this version of Docker refuses are dropped from it for the next time.
 */
export async function holderBox(plan: HolderPlan, missing: Set<string>): Promise<Box> {
  const { parent, client, image, options } = plan;
  const name = containerName(plan);
  let init: BoxProcess | undefined;
  let ahead: Promise<boolean> | undefined;
  while (init === undefined) {
    const args = ['run', '-i', ...commonFlags(plan, name), ...holderFlags(plan, options.limits, [...missing])];
    const argv = dockerArgv(client, [...args, image, ...holderArgv(options.ahead)]);
    const begun = await parent.spawn(argv, envOf(client));
    try {
      const said = await untilReady(begun);
      init = begun;
      ahead = said.ahead;
    } catch (error) {
      const refused = refusedCapabilities(begun.errorTail()).filter((capability) => missing.delete(capability));
      if (refused.length > 0) continue;
      await endContainer(plan, name, begun);
      throw error;
    }
  }
  const main = init;
  const inside = byEntrance({
    exec: (argv, execOptions) => execIn(plan, name, argv, execOptions),
    spawn: (argv, spawnOptions) => spawnIn(plan, name, argv, spawnOptions),
  });
  return {
    path: pathOn(parent),
    scratch: '/boxmark/scratch',
    ...(options.ahead === undefined ? {} : { ahead }),
    get cgroup(): string | undefined {
      return plan.hostGroup === undefined ? undefined : containerGroup(plan.hostGroup);
    },
    exec: inside.exec,
    spawn: inside.spawn,
    put: async (storeFile) => {
      if (storeFile !== plan.hostStore && !storeFile.startsWith(`${plan.hostStore}/`)) {
        throw new BoxmarkError({ what: 'A box sees only files of the image store.', value: storeFile });
      }
      return `/boxmark/store${storeFile.slice(plan.hostStore.length)}`;
    },
    close: once(() => {
      inside.close();
      return endContainer(plan, name, main);
    }),
  } as Box;
}

function containerName({ run, options }: ContainerPlan): string {
  return `boxmark-${run}-${options.name}`;
}

function pathOn(parent: Box): string {
  return parent.path === 'host' ? 'docker' : `${parent.path}/docker`;
}

/** Variables that Docker adds, those of the proxies in ~/.docker/config.json among them. */
const PROXIES = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy'];
const UNWANTED = ['HOSTNAME', ...PROXIES, ...PROXIES.map((name) => name.toUpperCase())];

function commonFlags({ run, groupParent }: ContainerPlan, name: string): string[] {
  return [
    ...['--pull', 'never', '--read-only', '--log-driver', 'none', '--hostname', 'boxmark'],
    ...['--name', name, '--label', `boxmark=${run}`],
    // A name without a value takes out the variable that Docker adds, so that all boxes have the same environment.
    ...UNWANTED.flatMap((variable) => ['-e', variable]),
    ...(groupParent === undefined ? [] : ['--cgroup-parent', groupParent]),
  ];
}

function envFlags(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
}

function envOf({ env }: DockerClient): SpawnOptions {
  return env === undefined ? {} : { env };
}

function execIn(plan: ContainerPlan, name: string, argv: readonly string[], options: ExecOptions = {}) {
  const { env = {}, ...rest } = options;
  const flags = [...(rest.input === undefined ? [] : ['-i']), ...envFlags(env)];
  return tryDocker(plan.parent, plan.client, ['exec', ...flags, name, ...argv], { timeoutMs: 60_000, ...rest });
}

function spawnIn(plan: ContainerPlan, name: string, argv: readonly string[], { env = {} }: SpawnOptions = {}) {
  const args = ['exec', '-i', ...envFlags(env), name, ...argv];
  return plan.parent.spawn(dockerArgv(plan.client, args), envOf(plan.client));
}

/** Old versions don't know the newest capabilities; new ones leave unknown ones out of `ALL`, and refuse their names. */
function refusedCapabilities(output: string): string[] {
  if (!/unknown capability|capability not supported/i.test(output)) return [];
  return [...output.matchAll(/CAP_([A-Z_]+)/g)].map((match) => match[1] ?? '');
}

/** Removes the container however far its start has come, and ends its client. Never throws. */
async function endContainer(plan: ContainerPlan, name: string, main: BoxProcess | undefined): Promise<void> {
  let removed = await removeContainer(plan.parent, plan.client, name);
  if (main !== undefined) {
    const ended = await within(main.exited, removed === 'absent' ? 0 : CLIENT_LIMIT_MS);
    if (!ended) {
      main.kill();
      await within(main.exited, CLIENT_LIMIT_MS);
      // Its request may still be under way: the container appears later.
      if (removed === 'absent') {
        await sleep(LATE_CREATION_MS);
        removed = await removeContainer(plan.parent, plan.client, name);
      }
    }
  }
  await plan.afterRemoval(removed !== 'no answer');
}

async function removeContainer(parent: Box, client: DockerClient, name: string) {
  const done = await tryDocker(parent, client, ['rm', '-f', '-v', name], { timeoutMs: REMOVE_LIMIT_MS });
  if (/no such container/i.test(done.stderr)) return 'absent';
  return done.exitCode === 0 || /already in progress/i.test(done.stderr) ? 'removed' : 'no answer';
}

async function within(event: Promise<unknown>, limitMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(limitMs, false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([event.then(() => true), late]);
  timer.abort();
  return inTime;
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= act();
    return done;
  };
}

async function untilReady(init: BoxProcess): Promise<ReturnType<typeof initLines>> {
  const said = initLines(init);
  let timer: NodeJS.Timeout | undefined;
  const fail = (why: string) =>
    new BoxmarkError({ what: `A Docker box did not start: ${why}`, remedy: 'boxmark doctor' });
  const ready = new Promise<void>((resolve, reject) => {
    init.onLine((line) => {
      if (said.take(line)) resolve();
    });
    timer = setTimeout(() => reject(fail('it was not ready in time')), HOLDER_START_LIMIT_MS);
    void init.exited.then(({ exitCode }) => reject(fail(lastLines(init.errorTail(), 3) || `exit code ${exitCode}`)));
  });
  await ready.finally(() => clearTimeout(timer));
  return said;
}

/** The one container in a group of this host: its own group is named by its id. */
function containerGroup(group: string): string | undefined {
  for (const { mount } of hostHierarchies()) {
    try {
      const name = readdirSync(mount + group).find((entry) => /[0-9a-f]{64}/.test(entry));
      if (name !== undefined) return `${group}/${name}`;
    } catch {
      // Not in this hierarchy.
    }
  }
  return undefined;
}
