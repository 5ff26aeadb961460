/** The runner `nspawn`: systemd-nspawn, the container of systemd, which works without systemd as the host's init too. */

import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Box, BoxProcess, Image, OpenOptions, Prepared, Probe, Runner, Workspace } from '../../../bench/types.ts';
import { hierarchiesOf } from '../../cgroup/box-group.ts';
import { GROUP_ROOT } from '../../cgroup/group.ts';
import type { Hierarchy } from '../../cgroup/tree.ts';
import { toolImage } from '../../image/image.ts';
import { toolRunner } from '../../image/tools.ts';
import { asRoot } from '../../kit/as-root.ts';
import { ABLATIONS } from '../../stack/ablations.ts';
import { BOX_EXAMPLES, BOX_FIELDS, BOX_RISKS, type BoxSettings } from '../../stack/box-settings.ts';
import { defineSettings } from '../../stack/settings.ts';
import { capabilitiesFor, prefixed } from '../../stack/user-root.ts';
import { openWrappedBox } from '../../stack/wrapped-box.ts';
import { nspawnFlags, onlyEnv } from './flags.ts';
import { sideGroup } from './group.ts';
import { forgetMachine } from './leftovers.ts';

const PROBE_LIMIT_MS = 20_000;
const TERM_LIMIT_MS = 3000;
const TOOLS_PLACE = '/boxmark/store';
/** Of a machine's name, which may be no longer than a host's. */
const NAME_CHARS = 64;

interface PreparedNspawn extends Prepared {
  readonly workspace: Workspace;
  readonly hierarchies: readonly Hierarchy[];
  readonly root: string;
  readonly capabilities: readonly string[];
  readonly tools: string;
  readonly tool: (name: string) => string[];
}

const { memory, pids, cpus, network } = BOX_FIELDS;
const SCHEMA = z.strictObject({
  memory,
  pids,
  cpus,
  network,
  seccomp: z
    .enum(['default', 'unconfined'], 'takes default or unconfined')
    .optional()
    .describe('system-call filter of systemd, or none'),
});

export const nspawn: Runner = nspawnWith({});

function nspawnWith(settings: BoxSettings): Runner {
  const { userns: _, ...examples } = BOX_EXAMPLES;
  return {
    name: 'nspawn',
    kind: 'container',
    summary: 'a container by systemd-nspawn with its own seccomp filter; a stub init is process 1',
    needs: { privileges: 'container-engine', commands: ['systemd-nspawn', 'sh', 'taskset'] },
    holds: false,
    guestKernel: false,
    storage: 'a bind mount of a folder of the host',
    posture: { rootDaemon: false, signedImage: false },
    ablations: [ABLATIONS.memory, ABLATIONS.network, ABLATIONS.seccomp, ABLATIONS.quota],
    settings: defineSettings({ layer: 'nspawn', schema: SCHEMA, examples, risks: BOX_RISKS, bind: nspawnWith }),
    probe: (parent, workspace) => probe(settings, parent, workspace),
    prepare: (parent, image, workspace) => prepare(settings, parent, image, workspace),
    open: (parent, prepared, options) => open(settings, parent, prepared as PreparedNspawn, options),
  };
}

async function open(
  settings: BoxSettings,
  parent: Box,
  { root, capabilities, tools, tool, workspace, hierarchies }: PreparedNspawn,
  options: OpenOptions,
): Promise<Box> {
  options.signal.throwIfAborted();
  const machine = machineName(`boxmark-${workspace.id}-${options.name}`);
  const side = sideGroup(parent, `${GROUP_ROOT}/${workspace.id}/${options.name}`, hierarchies);
  return openWrappedBox({
    parent,
    layer: 'nspawn',
    workspace,
    hierarchies,
    settings,
    options,
    env: engineEnv(settings),
    makesGroups: true,
    enter: side.enter,
    folder: parent.scratch,
    wrap: (argv, env, data) => {
      const bind = [[tools, TOOLS_PLACE]] as const;
      const flags = nspawnFlags({ root, machine, network: settings.network ?? 'none', capabilities, bind, data });
      return ['systemd-nspawn', ...flags, ...tool('env'), ...onlyEnv(env), ...argv];
    },
    end: askToEnd,
    afterEnd: async () => {
      await side.remove();
      await forgetMachine(machine);
    },
  });
}

/** Runs a program in a container of the kind. */
async function probe(settings: BoxSettings, parent: Box, workspace: Workspace): Promise<Probe> {
  const shown = await parent.exec(['systemd-nspawn', '--version'], { timeoutMs: PROBE_LIMIT_MS });
  const version = /^systemd (\S+)/.exec(shown.stdout)?.[0];
  if (shown.exitCode !== 0 || version === undefined) {
    const remedy = 'boxmark setup --for nspawn';
    return { available: false, reason: 'systemd-nspawn is not installed', remedy };
  }
  if (parent.path !== 'host') {
    return { available: false, reason: 'systemd-nspawn runs on the host only', remedy: 'name it first: nspawn' };
  }
  const prepared = await prepare(settings, parent, await toolImage(['true']), workspace);
  const { limits, signal } = workspace;
  const name = `try-${randomBytes(3).toString('hex')}`;
  const box = await open(settings, parent, prepared, { name, limits, signal });
  const tried = await box.exec(['/usr/bin/true'], { timeoutMs: PROBE_LIMIT_MS });
  await box.close();
  if (tried.exitCode === 0) return { available: true, version, labels: [] };
  const messages = tried.stderr.split('\n').filter((line) => line.trim() !== '' && !HARMLESS.test(line));
  const why = tried.timedOut ? 'it took too long' : (messages.at(-1) ?? `exit code ${tried.exitCode}`);
  const remedy = process.getuid?.() === 0 ? 'run where namespaces and mounts are allowed' : `run as root: ${asRoot()}`;
  return { available: false, reason: `no container starts: ${why}`, remedy };
}

async function prepare(
  settings: BoxSettings,
  parent: Box,
  image: Image,
  workspace: Workspace,
): Promise<PreparedNspawn> {
  const tools = await toolImage(['env']);
  const { stdout } = await parent.exec(['systemd-nspawn', '--version']);
  return {
    labels: settings.network === 'host' ? ['host network'] : [],
    version: /^systemd (\S+)/.exec(stdout)?.[0] ?? '',
    slowness: 1,
    dispose: async () => {},
    workspace,
    hierarchies: await hierarchiesOf(parent),
    root: image.root,
    capabilities: prefixed(capabilitiesFor(image)),
    tools: tools.root,
    tool: await toolRunner(tools, TOOLS_PLACE),
  };
}

/** On every run it complains that it may not remove a folder which it then removes. */
const HARMLESS = /Attempted to remove disk file system/;

function engineEnv({ seccomp }: BoxSettings): Record<string, string> {
  return seccomp === 'unconfined' ? { SYSTEMD_SECCOMP: '0' } : {};
}

/** It cleans up when it is asked to end, and not when it is killed. */
async function askToEnd(child: BoxProcess): Promise<void> {
  if (child.pid === undefined) return;
  try {
    process.kill(child.pid, 'SIGTERM');
  } catch {
    return; // Gone.
  }
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, TERM_LIMIT_MS);
  });
  await Promise.race([child.exited, limit]);
  clearTimeout(timer);
}

function machineName(name: string): string {
  return name
    .replace(/[^a-z0-9-]+/gi, '-')
    .slice(0, NAME_CHARS)
    .replace(/-+$/, '');
}
