/** The runner `ssh`: another host, reached by ssh. What is measured need not be this machine. */

import * as z from 'zod';
import { BoxmarkError, messageOf } from '../../../bench/errors.ts';
import type { Box, Image, Probe, Runner, Workspace } from '../../../bench/types.ts';
import { readManifest } from '../../image/manifest.ts';
import { ownLoaderWords } from '../../image/own-loader.ts';
import { cpuList } from '../../kit/shell.ts';
import { type Connection, connect } from '../../kit/ssh/connection.ts';
import { HOST_WORD, LAST_PORT, type Target, USER_WORD } from '../../kit/ssh/target.ts';
import { defineSettings, harmless, namesFile } from '../../stack/settings.ts';
import { hierarchiesThere, openHolderBox, openPayloadBox, type PreparedSsh, remoteHost } from './box.ts';
import { makeFolder } from './remote.ts';

const PROBE_LIMIT_MS = 20_000;
/** What Boxmark's own commands use on the other host. */
const COMMANDS = ['sh', 'cat', 'env', 'find', 'kill', 'mkdir', 'rm', 'sha256sum', 'tar', 'taskset', 'timeout', 'tr'];

const SCHEMA = z.strictObject({
  host: z
    .string()
    .regex(HOST_WORD, 'is no name of a host')
    .describe('the host, as ssh takes it; what your ssh configuration says of it holds'),
  port: z
    .string()
    .regex(/^\d{1,5}$/, 'is no port')
    .transform(Number)
    .refine((port) => port > 0 && port <= LAST_PORT, 'is no port')
    .optional()
    .describe('its port'),
  user: z.string().regex(USER_WORD, 'is no name of a user').optional().describe('the user there'),
  identity: absolutePath().optional().describe('file with the private key'),
  config: absolutePath().optional().describe('file to read instead of your ssh_config'),
});

/** Also as written in a path. */
function absolutePath() {
  return z
    .string()
    .transform((path) => path.replace(/%2F/gi, '/'))
    .refine((path) => path.startsWith('/'), 'is no absolute path');
}

export const ssh: Runner = sshRunner(undefined);

function sshRunner(target: Target | undefined): Runner {
  return {
    name: 'ssh',
    kind: 'process',
    summary: 'another host, reached by ssh: the image is copied there and verified',
    needs: { privileges: 'none', commands: [] },
    holds: true,
    guestKernel: false,
    remote: true,
    storage: 'a folder of the other host, in /var/tmp',
    settings: defineSettings({
      layer: 'ssh',
      schema: SCHEMA,
      examples: {
        host: 'bench.example',
        port: '2222',
        user: 'root',
        identity: '%2Froot%2F.ssh%2Fid',
        config: '%2Fetc%2Fc',
      },
      // The layer as such connects to another host, with the user's keys: see `remote`.
      risks: { host: harmless, port: harmless, user: harmless, identity: namesFile, config: namesFile },
      bare: 'host',
      bind: sshRunner,
    }),
    probe: (parent, workspace) => probe(parent, workspace, target),
    prepare: (parent, image, workspace) => prepare(parent, image, workspace, target),
    open: async (_parent, prepared, options) => {
      options.signal.throwIfAborted();
      const own = prepared as PreparedSsh;
      return options.holds === undefined ? openPayloadBox(own, options) : openHolderBox(own, options);
    },
  };
}

/** Connects, makes the folder there and looks for the commands and CPUs that a run needs. */
async function probe(parent: Box, workspace: Workspace, target: Target | undefined): Promise<Probe> {
  const unavailable = (reason: string, remedy: string): Probe => ({ available: false, reason, remedy });
  if (target === undefined) return unavailable('no host given', 'ssh:HOST');
  if (parent.path !== 'host') {
    return unavailable(`ssh starts on this host, not in ${parent.path}`, 'use ssh as the first layer');
  }
  if ((await parent.exec(['ssh', '-V'], { timeoutMs: PROBE_LIMIT_MS })).exitCode !== 0) {
    return unavailable('ssh is not installed', 'boxmark setup --for ssh');
  }
  try {
    return await withFolder(parent, workspace, target, async (connection, folder) => {
      const host = remoteHost(connection, folder);
      const script = 'for c; do command -v "$c" >/dev/null || echo "$c"; done';
      const missing = await host.exec(['sh', '-c', script, 'sh', ...COMMANDS]);
      const absent = missing.stdout.trim().split('\n').filter(Boolean);
      if (absent.length > 0) return unavailable(`${target.host} has no ${absent.join(', ')}`, 'install them there');
      const machine = (await host.exec(['uname', '-m'])).stdout.trim();
      const here = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string] ?? process.arch;
      if (machine !== here) {
        return unavailable(
          `${target.host} is a different type of machine (${machine}, here ${here})`,
          'a host of this kind',
        );
      }
      const cpus = cpuList(workspace.limits.cpus);
      if ((await host.exec(['taskset', '-c', cpus, 'true'])).exitCode !== 0) {
        return unavailable(`${target.host} has no CPU ${cpus}`, 'run with --cpu and one that both hosts have');
      }
      return { available: true, version: await versionOf(parent, host), labels: ['remote host'] };
    });
  } catch (error) {
    const known = error instanceof BoxmarkError ? error : undefined;
    return unavailable(known?.what ?? messageOf(error), known?.remedy ?? 'boxmark setup --for ssh');
  }
}

async function prepare(parent: Box, image: Image, workspace: Workspace, target?: Target): Promise<PreparedSsh> {
  if (target === undefined) throw new BoxmarkError({ what: 'No host given.', remedy: 'ssh:HOST' });
  if (image.userRoot !== undefined) {
    throw new BoxmarkError({
      what: 'Programs of --root do not run on another host.',
      value: target.host,
      remedy: `boxmark run --root on ${target.host} itself`,
    });
  }
  const connection = await connect(parent, target, workspace.dir);
  try {
    const folder = await makeFolder(connection, workspace, 'ssh');
    try {
      const root = await folder.put(image.root);
      return {
        labels: ['remote host'],
        version: await versionOf(parent, remoteHost(connection, folder)),
        // For the way there and back.
        slowness: 2,
        dispose: async () => {
          await folder.remove();
          await connection.close();
        },
        workspace,
        connection,
        folder,
        hierarchies: await hierarchiesThere(connection, folder),
        image,
        payload: ownLoaderWords(image.root, await readManifest(image.root), image.payloadArgv, root),
      };
    } catch (error) {
      await folder.remove();
      throw error;
    }
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function withFolder<T>(
  parent: Box,
  workspace: Workspace,
  target: Target,
  use: (connection: Connection, folder: Awaited<ReturnType<typeof makeFolder>>) => Promise<T>,
): Promise<T> {
  const connection = await connect(parent, target, workspace.dir);
  try {
    const folder = await makeFolder(connection, workspace, 'ssh');
    try {
      return await use(connection, folder);
    } finally {
      await folder.remove();
    }
  } finally {
    await connection.close();
  }
}

async function versionOf(parent: Box, host: Box): Promise<string> {
  const client = (await parent.exec(['ssh', '-V'])).stderr.split(',')[0]?.trim() ?? 'ssh';
  const kernel = (await host.exec(['uname', '-sr'])).stdout.trim();
  return `${client} to ${kernel}`;
}
