/** The runner `lxc`: a system container with its own init, as OpenVZ and Virtuozzo had them; `lxc:app` is the bare kind. */

import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { BoxmarkError, messageOf } from '../../../bench/errors.ts';
import type { Box, Image, Needs, OpenOptions, Probe, Runner, Workspace } from '../../../bench/types.ts';
import { hierarchiesOf } from '../../cgroup/box-group.ts';
import { holderImage, toolImage } from '../../image/image.ts';
import { asRoot } from '../../kit/as-root.ts';
import { removeTree } from '../../kit/remove.ts';
import { BOX_FIELDS, BOX_RISKS, type BoxSettings, payloadOnly } from '../../stack/box-settings.ts';
import { relaxation } from '../../stack/relaxation.ts';
import { defineSettings, harmless } from '../../stack/settings.ts';
import { openAppBox, openSystemBox, type PreparedLxc } from './box.ts';
import { SECCOMP_PROFILE } from './config.ts';
import { systemImage } from './system-image.ts';

const PROBE_LIMIT_MS = 20_000;
const COMMANDS = ['lxc-start', 'lxc-attach', 'lxc-execute', 'sh', 'cat', 'mkdir', 'mount', 'rm', 'rmdir', 'taskset'];

interface LxcSettings extends Pick<BoxSettings, 'memory' | 'pids' | 'cpus'> {
  readonly kind?: 'system' | 'app' | undefined;
  readonly seccomp?: 'default' | 'unconfined' | undefined;
}

const { memory, pids, cpus } = BOX_FIELDS;
const SCHEMA = z.strictObject({
  kind: z
    .enum(['system', 'app'], 'is system or app')
    .optional()
    .describe('a system container with init, or one for the payload alone'),
  seccomp: z
    .enum(['default', 'unconfined'], 'is default or unconfined')
    .optional()
    .describe('the filter of the distribution’s templates, or none'),
  memory,
  pids,
  cpus,
});

export const lxc: Runner = lxcRunner({});

function lxcRunner(settings: LxcSettings): Runner {
  const isApp = settings.kind === 'app';
  return {
    name: 'lxc',
    kind: 'container',
    summary: 'an LXC system container with init, as OpenVZ and Virtuozzo have them; lxc:app without',
    needs: { privileges: 'container-engine', commands: COMMANDS },
    holds: !isApp,
    guestKernel: false,
    storage: 'a bind mount of a folder of the box below',
    posture: { rootDaemon: false, signedImage: false },
    settings: defineSettings({
      layer: 'lxc',
      schema: SCHEMA,
      examples: { kind: 'app', seccomp: 'unconfined', memory: '1g', pids: '256', cpus: '0.5' },
      risks: { ...BOX_RISKS, kind: harmless },
      bare: 'kind',
      bind: lxcRunner,
    }),
    probe: (parent, workspace) => probe(parent, workspace, settings),
    prepare: (parent, image, workspace, holds) => prepare(parent, image, workspace, settings, holds),
    open: async (parent, prepared, options) => {
      options.signal.throwIfAborted();
      const open = isApp ? openAppBox : openSystemBox;
      return open(parent, prepared as PreparedLxc, options);
    },
  };
}

/** Starts a container, as a run does, that contains only busybox. */
async function probe(parent: Box, workspace: Workspace, settings: LxcSettings): Promise<Probe> {
  try {
    const version = await versionIn(parent);
    if (version === undefined) {
      return { available: false, reason: 'LXC is not installed', remedy: 'boxmark setup --for lxc' };
    }
    const system = await systemImage(await toolImage([]));
    if ('missing' in system) return { available: false, reason: system.missing, remedy: system.remedy };
    const prepared = await prepareWith(parent, system, workspace, settings);
    try {
      const { limits, signal } = workspace;
      const name = `probe-${randomBytes(4).toString('hex')}`;
      const options: OpenOptions = { name, limits, signal };
      const box = await (settings.kind === 'app' ? openAppBox : openSystemBox)(parent, prepared, options);
      try {
        const done = await box.exec(['/usr/bin/busybox', 'true'], { timeoutMs: PROBE_LIMIT_MS });
        if (done.exitCode === 0) return { available: true, version, labels: [] };
        return refused(done.timedOut ? 'it took too long' : done.stderr, parent);
      } finally {
        await box.close();
      }
    } finally {
      await prepared.dispose();
    }
  } catch (error) {
    return refused(error instanceof BoxmarkError ? `${error.what} ${error.value ?? ''}` : messageOf(error), parent);
  }
}

function refused(why: string, parent: Box): Probe {
  const remedy =
    parent.path === 'host' && process.getuid?.() !== 0
      ? `run as root: ${asRoot()}`
      : 'run where namespaces, mounts and cgroups are allowed';
  return { available: false, reason: `no container starts: ${reasonIn(why)}`, remedy };
}

/** The first of LXC's messages is the cause; the last ones only say that there is one. */
function reasonIn(output: string): string {
  const messages = output
    .split(/[\n;]/)
    .map((line) => line.replace(/^.*?\.\.\/src\/lxc\/\S+ \w+: \d+ /, '').trim())
    .filter((line) => line !== '' && !/^(The container failed to start|Additional information)/.test(line));
  return messages.slice(0, 3).join('; ').slice(0, 400) || 'no reason given';
}

async function prepare(
  parent: Box,
  image: Image,
  workspace: Workspace,
  settings: LxcSettings,
  holds?: Needs,
): Promise<PreparedLxc> {
  payloadOnly('lxc', settings, holds, ['kind', 'seccomp']);
  const own = holds === undefined ? image : await holderImage(image, ['sh', 'cat', 'rmdir', ...holds.commands]);
  const system = await systemImage(own);
  if ('missing' in system) throw new BoxmarkError({ what: system.missing, remedy: system.remedy });
  return prepareWith(parent, system, workspace, settings, holds);
}

async function prepareWith(
  parent: Box,
  system: Image,
  workspace: Workspace,
  settings: LxcSettings,
  holds?: Needs,
): Promise<PreparedLxc> {
  const folder = join(parent.scratch, `lxc-${randomBytes(4).toString('hex')}`);
  const rootMount = join(folder, 'root');
  const scratch = join(folder, 'scratch');
  const relaxed = relaxation(holds);
  await makeFolders(parent, [folder, rootMount, scratch]);
  const filter = settings.seccomp === 'unconfined' ? [] : await present(parent, SECCOMP_PROFILE);
  return {
    labels: [...(settings.kind === 'app' ? [] : ['system container']), ...relaxed.labels],
    traits: relaxed.traits,
    version: (await versionIn(parent)) ?? '',
    slowness: 1,
    // In a box, the folder goes with the scratch folder of the box.
    dispose: async () => {
      if (parent.path === 'host') await removeTree(folder);
    },
    workspace,
    settings,
    hierarchies: await hierarchiesOf(parent),
    root: { ...system, root: await parent.put(system.root) },
    rootMount,
    ...(filter[0] === undefined ? {} : { seccomp: filter[0] }),
    ...(holds === undefined ? {} : { scratch }),
  };
}

async function makeFolders(parent: Box, folders: readonly string[]): Promise<void> {
  if (parent.path === 'host') {
    for (const folder of folders) await mkdir(folder, { recursive: true });
    return;
  }
  const made = await parent.exec(['mkdir', '-p', ...folders]);
  if (made.exitCode === 0) return;
  throw new BoxmarkError({ what: `The box ${parent.path} can't be prepared for one inside it.`, value: made.stderr });
}

async function present(parent: Box, file: string): Promise<string[]> {
  return (await parent.exec(['sh', '-c', '[ -r "$1" ]', 'sh', file])).exitCode === 0 ? [file] : [];
}

async function versionIn(parent: Box): Promise<string | undefined> {
  const asked = await parent.exec(['lxc-start', '--version'], { timeoutMs: 10_000 });
  const version = asked.stdout.trim();
  return asked.exitCode === 0 && version !== '' ? `LXC ${version}` : undefined;
}
