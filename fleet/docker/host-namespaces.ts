/**
 * From a container that has its node's Docker socket: a second one in the namespaces of the host, where a process is a
 * process of the host. A service can't ask for that itself, and whoever has the socket can.
 */

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BoxProcess } from '../../bench/types.ts';
import { hostExec, hostSpawn } from '../../runners/kit/process.ts';
import { missingCapabilities, relaxedFlags } from '../../runners/oci/holder.ts';

export const SOCKET = '/var/run/docker.sock';
/** Names what a fleet makes on a node; its value is the fleet's id. */
export const FLEET_LABEL = 'boxmark.fleet';

const NAMESPACES = ['pid', 'network', 'ipc', 'uts', 'cgroupns'].flatMap((name) => [`--${name}`, 'host']);
/** Work folders have the same path on both sides, or the daemon could not mount them; control groups are the host's. */
const FOLDERS = ['/var/tmp', '/sys/fs/cgroup', '/dev'].flatMap((path) => ['-v', `${path}:${path}`]);
const TRIAL_MS = 60_000;
const ATTEMPTS = 3;
const AGAIN_MS = 1000;
const STOP_MS = 90_000;

/** The container that this process is in. */
export interface OwnContainer {
  readonly id: string;
  /** Id of its image. */
  readonly image: string;
  /** Of the daemon's socket, as the node knows it. */
  readonly socket: string;
}

/** Every container of Docker, Podman and Kubernetes has this file mounted from a folder that is named after it. */
export function isInContainer(): boolean {
  return /\/containers\/[0-9a-f]{64}\/|\/overlay-containers\/|\/kubelet\/pods\//.test(hostsSource());
}

/** The mounts of other containers may be in sight as well, below a folder that is shared. */
function hostsSource(): string {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  return lines.find(([, , , , point]) => point === '/etc/hosts')?.[3] ?? '';
}

/** The container that this process is in, by the node's daemon; or why it is not known. */
export async function ownContainer(): Promise<OwnContainer | { readonly why: string }> {
  const id = /\/containers\/([0-9a-f]{64})\//.exec(hostsSource())?.[1];
  if (id === undefined) return { why: 'this is no container of Docker' };
  const format = '{"image":{{json .Image}},"mounts":{{json .Mounts}}}';
  const { exitCode, stdout, stderr } = await hostExec(['docker', 'inspect', '--format', format, id], {
    timeoutMs: TRIAL_MS,
  });
  if (exitCode !== 0)
    return { why: `the node's Docker daemon can't be asked: ${stderr.trim() || 'it did not answer'}` };
  const { image, mounts } = JSON.parse(stdout) as {
    image: string;
    mounts: readonly { Destination: string; Source: string }[];
  };
  const socket = mounts.find(({ Destination }) => Destination === SOCKET)?.Source;
  return socket === undefined ? { why: `the node's Docker socket is not at ${SOCKET}` } : { id, image, socket };
}

type Flags = { readonly flags: string[] } | { readonly why: string };

/**
 * Flags of a container in the host's namespaces, or why there can be none. A daemon that is busy, or has just been started,
 * may fail for a moment, and what a node's baseline is should not hang on that: it is asked again.
 */
export async function hostFlags(own: OwnContainer): Promise<Flags> {
  for (let attempt = 1; ; attempt++) {
    const found = await triedFlags(own);
    if ('flags' in found || attempt === ATTEMPTS) return found;
    await sleep(AGAIN_MS);
  }
}

async function triedFlags({ image, socket }: OwnContainer): Promise<Flags> {
  const run = (...words: string[]) => hostExec(dockerRun([...NAMESPACES, '--rm', ...words]), { timeoutMs: TRIAL_MS });
  // Of the host's first process: what the daemon itself may give away.
  const missing = await missingCapabilities({ exec: () => run('--entrypoint', 'cat', image, '/proc/1/status') });
  const flags = [...relaxedFlags(missing), ...FOLDERS, '-v', `${socket}:${SOCKET}`];
  const tried = await run(...flags, '--entrypoint', 'true', image);
  if (tried.exitCode === 0) return { flags: [...NAMESPACES, ...flags] };
  const [first = 'docker run failed'] = tried.stderr.trim().split('\n');
  return { why: `a container in the host's namespaces can't be started: ${first}` };
}

/** A container in the host's namespaces; it ends when its standard input does. */
export class HostContainer {
  readonly #name: string;
  readonly process: BoxProcess;

  private constructor(name: string, process: BoxProcess) {
    this.#name = name;
    this.process = process;
  }

  static async start(
    own: OwnContainer,
    {
      fleet,
      flags,
      words,
    }: { readonly fleet: string; readonly flags: readonly string[]; readonly words: readonly string[] },
  ): Promise<HostContainer> {
    const name = `boxmark-node-${own.id.slice(0, 12)}`;
    const named = ['--rm', '-i', '--name', name, '--label', `${FLEET_LABEL}=${fleet}`, '--log-driver', 'none'];
    const { BOXMARK_NODE: node } = process.env;
    if (node) named.push('-e', `BOXMARK_NODE=${node}`);
    return new HostContainer(name, await hostSpawn(dockerRun([...named, ...flags, own.image, ...words])));
  }

  /** Ends it: it closes its boxes first. */
  async stop(): Promise<void> {
    await hostExec(['docker', 'stop', '--time', String(STOP_MS / 1000), this.#name], { timeoutMs: STOP_MS + TRIAL_MS });
  }
}

function dockerRun(words: readonly string[]): string[] {
  return ['docker', 'run', '--pull', 'never', ...words];
}
