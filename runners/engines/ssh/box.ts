/** Boxes on another host: the payload as a plain process there, and namespaces that other engines of that host are opened in. */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, BoxProcess, ExecOptions, Image, OpenOptions, Prepared, Workspace } from '../../../bench/types.ts';
import { hierarchiesOf, openGroup } from '../../cgroup/box-group.ts';
import type { Hierarchy } from '../../cgroup/tree.ts';
import { makeDataFolder } from '../../kit/data-folder.ts';
import { endProcess } from '../../kit/end-process.ts';
import { PAYLOAD_ENV } from '../../kit/payload-env.ts';
import { readyLine } from '../../kit/ready.ts';
import { cpuList, quote } from '../../kit/shell.ts';
import type { Connection } from '../../kit/ssh/connection.ts';
import type { RemoteFolder } from './remote.ts';

const READY_LIMIT_MS = 30_000;
const END_ATTEMPTS = 100;
const READY = 'boxmark-host-ready ';
/** What engines expect, whatever the session of that user has. */
const ENGINE_ENV: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/',
  LC_ALL: 'C',
};

export interface PreparedSsh extends Prepared {
  readonly workspace: Workspace;
  readonly connection: Connection;
  readonly folder: RemoteFolder;
  readonly hierarchies: readonly Hierarchy[];
  readonly image: Image;
  /** Words that run the image's payload there. */
  readonly payload: readonly string[];
}

/** The other host as a box that commands are run on, without namespaces: to probe, to prepare, and for the payload's box. */
export function remoteHost(connection: Connection, folder: RemoteFolder): Box {
  return {
    path: 'ssh',
    scratch: join(folder.dir, 'scratch'),
    exec: (argv, options) => connection.exec(argv, { ...options, env: { ...ENGINE_ENV, ...options?.env } }),
    spawn: (argv, options) => connection.spawn(argv, { ...ENGINE_ENV, ...options?.env }),
    put: (storeFile) => folder.put(storeFile),
    close: async () => {},
  };
}

/** A plain process of the other host, under the same limits as here where its cgroups can be written. */
export async function openPayloadBox(prepared: PreparedSsh, options: OpenOptions): Promise<Box> {
  const { connection, folder, image, payload, workspace, hierarchies } = prepared;
  const host = remoteHost(connection, folder);
  const { cpus, memoryBytes, pids } = options.limits;
  const limits = { cpus, memoryBytes, pids };
  const group = await openGroup({ parent: host, hierarchies, workspace, name: options.name, limits, holds: false });
  const data = await makeDataFolder(host, host.scratch, options);
  const pidFile = join(folder.dir, 'scratch', `${options.name}.pid`);
  const running = new Set<BoxProcess>();
  const command = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): string[] => {
    const isPayload = image.payloadArgv.every((part, index) => argv[index] === part);
    const words = isPayload ? [...payload, ...argv.slice(image.payloadArgv.length)] : argv;
    const variables = Object.entries({ ...PAYLOAD_ENV, ...env }).map(([name, value]) => `${name}=${value}`);
    const script = `echo $$ >>${quote(pidFile)}; ${group.enter} exec "$@"`;
    return ['sh', '-c', script, 'sh', 'taskset', '-c', cpuList(cpus), 'env', '-i', ...variables, ...words];
  };
  /** Only what names the run's folder there: the number may mean something else by now. */
  const endThere = (): Promise<unknown> =>
    host.exec([
      ...['sh', '-c', `[ -r "$1" ] || exit 0; while read -r p; do case "$(tr '\\0' ' ' </proc/$p/cmdline)" in`],
      `*"$2"*) kill -9 "$p";; esac; done <"$1" 2>/dev/null; rm -f "$1"`,
      ...['sh', pidFile, folder.dir],
    ]);
  let closing: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await endThere();
    for (const child of running) await endProcess(child);
    await group.remove();
    if (data !== undefined) await host.exec(['rm', '-rf', '--one-file-system', '--', data]);
  };
  return {
    path: 'ssh',
    scratch: '/tmp',
    ...(data === undefined ? {} : { data: { path: data, behindCache: false } }),
    exec: (argv, { env, ...rest }: ExecOptions = {}) => connection.exec(command(argv, env), rest),
    spawn: async (argv, { env } = {}) => {
      const child = await connection.spawn(command(argv, env));
      running.add(child);
      return { ...child, kill: () => void endThere().finally(child.kill) };
    },
    put: async (file) => {
      throw new BoxmarkError({ what: "A payload's box does not see the image store.", value: file });
    },
    close: () => {
      closing ??= end();
      return closing;
    },
  };
}

/**
 * The other host for engines: processes and mounts in separate namespaces, so everything ends with the one command
 * that waits for the end of its input.
 */
export async function openHolderBox(prepared: PreparedSsh, options: OpenOptions): Promise<Box> {
  const { connection, folder } = prepared;
  const host = remoteHost(connection, folder);
  // Its number as the host knows it: /proc is still the host's.
  const inner = `read -r p _ </proc/self/stat; mount -t proc proc /proc && echo "${READY}$p"; cat >/dev/null; exit 0`;
  const words = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--', 'sh', '-c', inner];
  const guard = await host.spawn([...words, `boxmark-${folder.dir}`]);
  let outside: string;
  try {
    const match = (line: string): string | undefined => (line.startsWith(READY) ? line.slice(READY.length) : undefined);
    outside = await readyLine(guard, match, { path: 'ssh', limitMs: READY_LIMIT_MS, signal: options.signal });
  } catch (error) {
    await endProcess(guard);
    throw error;
  }
  const inside = (argv: readonly string[]): string[] => ['nsenter', '-t', outside, '-m', '-p', '--', ...argv];
  let closing: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await host.exec(['kill', '-9', outside]);
    await endProcess(guard);
    for (let tries = 0; tries < END_ATTEMPTS; tries++) {
      if ((await host.exec(['test', '-e', `/proc/${outside}`])).exitCode !== 0) break;
      await sleep(20);
    }
  };
  return {
    ...host,
    exec: (argv, execOptions) => host.exec(inside(argv), execOptions),
    spawn: (argv, spawnOptions) => host.spawn(inside(argv), spawnOptions),
    close: () => {
      closing ??= end();
      return closing;
    },
  };
}

/** The cgroup hierarchies of the other host. */
export function hierarchiesThere(connection: Connection, folder: RemoteFolder): Promise<Hierarchy[]> {
  return hierarchiesOf(remoteHost(connection, folder));
}
