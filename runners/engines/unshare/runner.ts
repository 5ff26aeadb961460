/** The runner `unshare`: a container of util-linux alone, namespaces and cgroups without any engine. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import type {
  Ablation,
  Box,
  BoxSpec,
  Image,
  Needs,
  OpenOptions,
  Probe,
  Runner,
  Workspace,
} from '../../../bench/types.ts';
import { hierarchiesOf } from '../../cgroup/box-group.ts';
import { hierarchiesFor } from '../../cgroup/tree.ts';
import { holderImage, storeDir, toolImage } from '../../image/image.ts';
import { imageOnDisk } from '../../image/size.ts';
import { toolRunner } from '../../image/tools.ts';
import { asRoot } from '../../kit/as-root.ts';
import { writeInBox } from '../../kit/box-files.ts';
import { mountTable } from '../../kit/mount-table.ts';
import { STORE_MOUNT } from '../../kit/places.ts';
import { removeTree } from '../../kit/remove.ts';
import { quote } from '../../kit/shell.ts';
import { capabilityNumbers } from '../../oci/holder.ts';
import { ABLATIONS } from '../../stack/ablations.ts';
import { BOX_EXAMPLES, BOX_FIELDS, BOX_RISKS, payloadOnly } from '../../stack/box-settings.ts';
import { relaxation } from '../../stack/relaxation.ts';
import { defineSettings, harmless } from '../../stack/settings.ts';
import { capabilitiesFor } from '../../stack/user-root.ts';
import { openHolderBox, openPayloadBox, type PreparedUnshare, type UnshareSettings } from './box.ts';
import { type BoxPrograms, boxPrograms, type ProgramPlan } from './programs.ts';
import { cgroupMounts, holderMounts, namespaces, payloadMounts, type RootKind } from './script.ts';

const PROBE_LIMIT_MS = 15_000;
const COMMANDS = ['sh', 'cat', 'mkdir', 'mount', 'nsenter', 'pivot_root', 'rmdir', 'setpriv', 'taskset', 'unshare'];
/** Commands that its own scripts run inside a box that holds others. */
const HOLDER_COMMANDS = ['sh', 'cat', 'umount'];

const { memory, pids, cpus, network, userns } = BOX_FIELDS;
const SCHEMA = z.strictObject({
  memory,
  pids,
  cpus,
  network,
  userns,
  root: z
    .enum(['bind', 'overlay'], 'takes bind or overlay')
    .optional()
    .describe('bind (default): the image itself as root; overlay: through a read-only overlay file system'),
});

/** An exchange that only this layer knows. */
const OVERLAY: Ablation = {
  part: 'an overlay in place of the image itself',
  settings: { root: 'overlay' },
  kind: 'exchanges',
};

export const unshare: Runner = unshareWith({});

function unshareWith(settings: UnshareSettings): Runner {
  const { seccomp: _, ...examples } = BOX_EXAMPLES;
  return {
    name: 'unshare',
    kind: 'container',
    summary: 'a plain Linux container by util-linux: namespaces and cgroups, no engine',
    needs: { privileges: 'container-engine', commands: COMMANDS },
    holds: true,
    guestKernel: false,
    storage: 'a bind mount of a folder of the box below',
    posture: { rootDaemon: false, signedImage: false },
    ablations: [ABLATIONS.memory, ABLATIONS.network, OVERLAY, ABLATIONS.userns, ABLATIONS.quota],
    settings: defineSettings({
      layer: 'unshare',
      schema: SCHEMA,
      examples: { ...examples, root: 'overlay' },
      risks: { ...BOX_RISKS, root: harmless },
      bind: unshareWith,
    }),
    probe: (parent) => probe(parent, settings),
    prepare: (parent, image, workspace, holds, spec) => prepare({ settings, parent, image, workspace, holds, spec }),
    open: (parent, prepared, options) => open(parent, prepared as PreparedUnshare, options),
  };
}

/** Makes all the namespaces, mounts in them and drops the privileges, as a start does, only without an image. */
async function probe(parent: Box, settings: UnshareSettings): Promise<Probe> {
  const inside = [
    'mount -t proc proc /proc && read -r pid rest </proc/self/stat && [ "$pid" = 1 ]',
    'exec setpriv --nnp --inh-caps=-all --ambient-caps=-all --bounding-set=-all -- sh -c :',
  ].join(' && ');
  const script = `unshare --version && exec unshare ${namespaces(settings).join(' ')} --cgroup -- sh -c ${quote(inside)}`;
  const tried = await parent.exec(['sh', '-c', script], { timeoutMs: PROBE_LIMIT_MS });
  const version = versionIn(tried.stdout);
  if (tried.exitCode === 0) return { available: true, version, labels: [] };
  if (tried.timedOut) return unavailable('making namespaces took too long', 'try again on an idle host');
  if (tried.exitCode === 127 || version === '') {
    return unavailable(`a command is missing: ${lastLine(tried.stderr)}`, 'install util-linux (2.32 or newer)');
  }
  const remedy =
    parent.path === 'host' && process.getuid?.() !== 0
      ? `run as root: ${asRoot()}`
      : 'run where namespaces and mounts are allowed (CAP_SYS_ADMIN)';
  return unavailable(`namespaces can't be made: ${lastLine(tried.stderr)}`, remedy);
}

interface Preparation {
  readonly settings: UnshareSettings;
  readonly parent: Box;
  readonly image: Image;
  readonly workspace: Workspace;
  readonly holds: Needs | undefined;
  readonly spec: BoxSpec | undefined;
}

async function prepare(preparation: Preparation): Promise<PreparedUnshare> {
  const { settings, parent, image, workspace, holds } = preparation;
  payloadOnly('unshare', settings, holds);
  const folder = join(parent.scratch, `unshare-${randomBytes(4).toString('hex')}`);
  const newRoot = join(folder, 'root');
  const scratch = join(folder, 'scratch');
  const tools = await toolImage(['setpriv', 'umount']);
  const hierarchies = await hierarchiesOf(parent);
  const mounts =
    holds === undefined
      ? payloadMounts(await rootOf(parent, image, settings, scratch), await parent.put(tools.root), settings)
      : holderMounts(
          await parent.put((await holderImage(image, [...HOLDER_COMMANDS, ...holds.commands])).root),
          await parent.put(storeDir()),
          scratch,
        );
  const tables = {
    [join(folder, 'mounts')]: mountTable(mounts, newRoot),
    [join(folder, 'cgroups')]: mountTable(cgroupMounts(hierarchiesFor(hierarchies, true)), newRoot),
  };
  await writeInBox(parent, [folder, newRoot, scratch], tables);
  const { stdout } = await parent.exec(['unshare', '--version']);
  const tool = await toolRunner(tools, STORE_MOUNT);
  const relaxed = relaxation(holds);
  const programs =
    holds === undefined ? await programsFor(preparation, { folder, newRoot, mounts, hierarchies }) : undefined;
  return {
    labels: [...relaxed.labels, ...(settings.network === 'host' ? ['host network'] : [])],
    traits: relaxed.traits,
    version: versionIn(stdout),
    slowness: 1,
    onDisk: await imageOnDisk(image.root),
    // In a box, the folder goes with the scratch folder of the box.
    dispose: async () => {
      if (parent.path === 'host') await removeTree(folder);
    },
    settings,
    capabilities: capabilitiesFor(image),
    workspace,
    hierarchies,
    newRoot,
    mountTable: join(folder, 'mounts'),
    cgroupTable: join(folder, 'cgroups'),
    tool: (name) => tool(name).map(quote).join(' '),
    programs,
  };
}

function programsFor(
  { settings, parent, image, workspace, spec }: Preparation,
  made: Pick<ProgramPlan, 'folder' | 'newRoot' | 'mounts' | 'hierarchies'>,
): Promise<BoxPrograms | undefined> {
  return boxPrograms(parent, {
    ...made,
    userns: settings.userns === 'yes',
    network: settings.network,
    data: spec?.scratch === true,
    capabilities: capabilityNumbers(capabilitiesFor(image)),
    cpus: workspace.limits.cpus,
  });
}

/** An overlay needs two folders when nothing is to be written: the image and an empty one. */
async function rootOf(parent: Box, image: Image, { root }: UnshareSettings, empty: string): Promise<RootKind> {
  const folder = await parent.put(image.root);
  return root === 'overlay' ? { folder, over: empty } : { folder };
}

async function open(parent: Box, prepared: PreparedUnshare, options: OpenOptions): Promise<Box> {
  options.signal.throwIfAborted();
  return options.holds === undefined
    ? openPayloadBox(parent, prepared, options)
    : openHolderBox(parent, prepared, options);
}

function versionIn(text: string): string {
  const found = /util-linux[^\d]*(\d[\w.-]*)/.exec(text)?.[1];
  return found === undefined ? '' : `util-linux ${found}`;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

function unavailable(reason: string, remedy: string): Probe {
  return { available: false, reason, remedy };
}
