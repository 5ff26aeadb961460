/** The runner `bwrap`: bubblewrap, the sandbox of Flatpak: namespaces by one small program, without a daemon or its own cgroups. */

import * as z from 'zod';
import type { Box, Image, Needs, Prepared, Probe, Runner, Workspace } from '../../../bench/types.ts';
import { hierarchiesOf } from '../../cgroup/box-group.ts';
import type { Hierarchy } from '../../cgroup/tree.ts';
import { toolImage } from '../../image/image.ts';
import { asRoot } from '../../kit/as-root.ts';
import { PAYLOAD_ENV } from '../../kit/payload-env.ts';
import { SCRATCH_MOUNT } from '../../kit/places.ts';
import { ABLATIONS } from '../../stack/ablations.ts';
import { BOX_EXAMPLES, BOX_FIELDS, BOX_RISKS, type BoxSettings } from '../../stack/box-settings.ts';
import { type EnterProgram, enterProgram } from '../../stack/enter-program.ts';
import { defineSettings } from '../../stack/settings.ts';
import { capabilitiesFor, prefixed } from '../../stack/user-root.ts';
import { openWrappedBox } from '../../stack/wrapped-box.ts';

const PROBE_LIMIT_MS = 15_000;
const TMP_BYTES = 64 << 20;
/** Since then a tmpfs can be limited. */
const SIZE_SINCE = [0, 7] as const;
/** What the kernel shows there about the hardware is the same for everyone. */
const SHOWN = ['/sys/devices/system', '/sys/kernel/mm'];

interface PreparedBwrap extends Prepared {
  readonly workspace: Workspace;
  readonly hierarchies: readonly Hierarchy[];
  /** As the box below sees it. */
  readonly root: string;
  readonly capabilities: readonly string[];
  readonly program: EnterProgram;
}

const { memory, pids, cpus, network, userns } = BOX_FIELDS;
const SCHEMA = z.strictObject({ memory, pids, cpus, network, userns });

export const bwrap: Runner = bwrapWith({});

function bwrapWith(settings: BoxSettings): Runner {
  const { seccomp: _, ...examples } = BOX_EXAMPLES;
  return {
    name: 'bwrap',
    kind: 'container',
    summary: 'a bubblewrap sandbox: namespaces by one small program, without a daemon',
    needs: {
      privileges: 'container-engine',
      commands: ['bwrap', 'sh', 'cat', 'mkdir', 'mount', 'rm', 'rmdir', 'taskset'],
    },
    holds: false,
    guestKernel: false,
    storage: 'a bind mount of a folder of the box below',
    posture: { rootDaemon: false, signedImage: false },
    ablations: [ABLATIONS.memory, ABLATIONS.network, ABLATIONS.userns, ABLATIONS.quota],
    settings: defineSettings({ layer: 'bwrap', schema: SCHEMA, examples, risks: BOX_RISKS, bind: bwrapWith }),
    probe: (parent) => probe(settings, parent),
    prepare: (parent, image, workspace, holds) => prepare(settings, parent, image, workspace, holds),
    open: async (parent, prepared, options) => {
      options.signal.throwIfAborted();
      const { root, version, capabilities, ...own } = prepared as PreparedBwrap;
      return openWrappedBox({
        ...own,
        parent,
        layer: 'bwrap',
        settings,
        options,
        folder: parent.scratch,
        wrap: (argv, env, data) => {
          const bind = data === undefined ? [] : ['--bind', data, SCRATCH_MOUNT];
          return ['bwrap', ...flagsOf(root, version, { ...settings, capabilities }, env), ...bind, '--', ...argv];
        },
      });
    },
  };
}

/** Runs a program in a sandbox of the kind. */
async function probe(settings: BoxSettings, parent: Box): Promise<Probe> {
  const shown = await parent.exec(['bwrap', '--version'], { timeoutMs: PROBE_LIMIT_MS });
  const version = /bubblewrap (\S+)/.exec(shown.stdout)?.[0];
  if (shown.exitCode !== 0 || version === undefined) {
    return { available: false, reason: 'bubblewrap is not installed', remedy: 'boxmark setup --for bwrap' };
  }
  const root = await parent.put((await toolImage(['true'])).root);
  const tried = await parent.exec(['bwrap', ...flagsOf(root, version, settings, {}), '--', '/usr/bin/true'], {
    timeoutMs: PROBE_LIMIT_MS,
  });
  if (tried.exitCode === 0) return { available: true, version, labels: [] };
  const why = tried.timedOut ? 'it took too long' : (tried.stderr.trim().split('\n').at(-1) ?? '');
  const root0 = parent.path !== 'host' || process.getuid?.() === 0;
  const remedy = root0
    ? 'run where namespaces and mounts are allowed'
    : `allow user namespaces, or run as root: ${asRoot()}`;
  return { available: false, reason: `no sandbox starts: ${why}`, remedy };
}

async function prepare(
  settings: BoxSettings,
  parent: Box,
  image: Image,
  workspace: Workspace,
  _holds?: Needs,
): Promise<PreparedBwrap> {
  const { stdout } = await parent.exec(['bwrap', '--version']);
  const hierarchies = await hierarchiesOf(parent);
  const program = await enterProgram(parent, workspace.dir, hierarchies, workspace.limits.cpus);
  return {
    labels: settings.network === 'host' ? ['host network'] : [],
    version: stdout.trim(),
    slowness: 1,
    dispose: () => program.dispose(),
    workspace,
    hierarchies,
    program,
    root: await parent.put(image.root),
    capabilities: prefixed(capabilitiesFor(image)),
  };
}

/** A user namespace is made where it is asked for, and for a user that may make no other namespaces without one. */
function flagsOf(
  root: string,
  version: string,
  settings: BoxSettings,
  env: Readonly<Record<string, string>>,
): string[] {
  const user = settings.userns === 'yes' || process.getuid?.() !== 0;
  const variables = Object.entries({ ...PAYLOAD_ENV, ...env });
  return [
    ...['--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup'],
    ...(settings.network === 'host' ? [] : ['--unshare-net']),
    ...(user ? ['--unshare-user', '--uid', '0', '--gid', '0'] : []),
    ...['--die-with-parent', '--new-session', '--as-pid-1', '--hostname', 'boxmark'],
    ...['--clearenv', ...variables.flatMap(([name, value]) => ['--setenv', name, value])],
    ...['--ro-bind', root, '/', '--proc', '/proc', '--dev', '/dev'],
    // Root without capabilities could still write the host's settings.
    ...['--ro-bind', '/proc/sys', '/proc/sys', '--ro-bind-try', '/proc/sysrq-trigger', '/proc/sysrq-trigger'],
    ...['--tmpfs', '/sys', ...SHOWN.flatMap((path) => ['--ro-bind-try', path, path]), '--remount-ro', '/sys'],
    ...(hasSize(version) ? ['--size', String(TMP_BYTES)] : []),
    // Another user than root needs a /tmp for all.
    ...(settings.capabilities === undefined || settings.capabilities.length === 0 ? [] : ['--perms', '1777']),
    ...['--tmpfs', '/tmp', '--cap-drop', 'ALL', '--chdir', '/'],
    ...(settings.capabilities ?? []).flatMap((name) => ['--cap-add', name]),
  ];
}

function hasSize(version: string): boolean {
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
  return major > SIZE_SINCE[0] || (major === SIZE_SINCE[0] && minor >= SIZE_SINCE[1]);
}
