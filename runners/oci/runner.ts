/** What the runners of OCI runtimes have in common: probing, preparing, and their settings. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import type {
  Ablation,
  Box,
  Image,
  Needs,
  Obstacle,
  Prepared,
  Probe,
  Runner,
  RunnerKind,
  Traits,
  Workspace,
} from '../../bench/types.ts';
import { hierarchiesOf, limitsSwap } from '../cgroup/box-group.ts';
import { holderImage, storeDir } from '../image/image.ts';
import { asRoot } from '../kit/as-root.ts';
import { writeInBox } from '../kit/box-files.ts';
import { removeTree } from '../kit/remove.ts';
import { BOX_FIELDS, type BoxSettings, payloadOnly } from '../stack/box-settings.ts';
import { relaxation } from '../stack/relaxation.ts';
import { capabilitiesFor, prefixed } from '../stack/user-root.ts';
import { openOciBox, openOciHolder, type PreparedOci } from './box.ts';
import { presentCapabilities } from './holder.ts';
import { profileOf } from './profile.ts';
import { tryRuntime } from './trial.ts';

const { memory, pids, cpus, network, userns, seccomp } = BOX_FIELDS;
/** Settings of a layer that is an OCI runtime and nothing more. */
export const OCI_SCHEMA = z.strictObject({ memory, pids, cpus, network, userns, seccomp });

/** How a runtime is called in one box. */
export interface RuntimeCall {
  readonly argv: readonly string[];
  readonly version: string;
  readonly labels: readonly string[];
  readonly traits?: Partial<Traits>;
}

export interface OciEngine<Settings extends BoxSettings> {
  readonly name: string;
  readonly summary: string;
  readonly kind: RunnerKind;
  readonly holds: boolean;
  readonly guestKernel: boolean;
  /** What the payload's data is on. */
  readonly storage: string;
  /** Steps of `explain`. */
  readonly ablations: readonly Ablation[];
  /** Commands in the box below. */
  readonly commands: readonly string[];
  /** Its groups must be there before it starts, because it fills none above its own. */
  readonly wantsGroup: boolean;
  /** Finds out how it is called there, trying whatever can't be known otherwise. */
  find(parent: Box, workspace: Workspace, settings: Settings): Promise<RuntimeCall | Obstacle>;
}

/** Folder of the host in which an OCI runtime keeps its state, and which it leaves behind empty. */
export function stateFolder(runtime: string): string {
  return `/run/${runtime}`;
}

/** Shell and tools that bundles are written with, and that a box which holds others is made ready with. */
const TOOLS = ['sh', 'cat', 'mkdir', 'mount', 'rm', 'taskset'];

export function ociRunner<Settings extends BoxSettings>(
  engine: OciEngine<Settings>,
  settings: Settings,
  layerSettings: NonNullable<Runner['settings']>,
): Runner {
  const { name, summary, kind, holds, guestKernel, ablations } = engine;
  return {
    name,
    kind,
    summary,
    needs: { privileges: 'container-engine', commands: [...engine.commands, ...TOOLS] },
    holds,
    guestKernel,
    storage: engine.storage,
    posture: { rootDaemon: false, signedImage: false },
    ablations,
    settings: layerSettings,
    probe: (parent, workspace) => probe(engine, settings, parent, workspace),
    prepare: (parent, image, workspace, needs) => prepare(engine, settings, parent, image, workspace, needs),
    open: async (parent, prepared: Prepared, options) => {
      options.signal.throwIfAborted();
      const own = prepared as PreparedOci;
      return options.holds === undefined ? openOciBox(parent, own, options) : openOciHolder(parent, own, options);
    },
  };
}

/** The version of a program that follows its name in what it says about itself; undefined when it isn't there. */
export async function versionOf(parent: Box, program: string): Promise<string | undefined> {
  // Without a run-time folder crun makes one in /run, even for this.
  const env = { XDG_RUNTIME_DIR: parent.scratch };
  const asked = await parent.exec([program, '--version'], { timeoutMs: 10_000, env });
  return asked.exitCode === 0 ? /version (\S+)/.exec(asked.stdout)?.[1] : undefined;
}

async function probe<Settings extends BoxSettings>(
  engine: OciEngine<Settings>,
  settings: Settings,
  parent: Box,
  workspace: Workspace,
): Promise<Probe> {
  const call = await engine.find(parent, workspace, settings);
  if ('reason' in call) return { available: false, ...call };
  const profile = await profileOf(settings.seccomp);
  if (profile !== undefined && 'reason' in profile) return { available: false, ...profile };
  // gVisor has been tried already, to find its platform.
  const reason = engine.guestKernel
    ? undefined
    : await tryRuntime(parent, workspace, { call: call.argv, cgroupNamespace: true });
  if (reason === undefined) return { available: true, version: call.version, labels: call.labels };
  const root = parent.path !== 'host' || process.getuid?.() === 0;
  const remedy = root ? 'run where namespaces, mounts and cgroups are allowed' : `run as root: ${asRoot()}`;
  return { available: false, reason: `no box starts: ${reason}`, remedy };
}

async function prepare<Settings extends BoxSettings>(
  engine: OciEngine<Settings>,
  settings: Settings,
  parent: Box,
  image: Image,
  workspace: Workspace,
  holds: Needs | undefined,
): Promise<PreparedOci> {
  payloadOnly(engine.name, settings, holds);
  const call = await engine.find(parent, workspace, settings);
  if ('reason' in call) throw new Error(call.reason);
  const profile = await profileOf(settings.seccomp);
  if (profile !== undefined && 'reason' in profile) throw new Error(profile.reason);
  const own = holds === undefined ? image : await holderImage(image, [...TOOLS, ...holds.commands]);
  const folder = join(parent.scratch, `${engine.name}-${randomBytes(4).toString('hex')}`);
  const scratch = join(folder, 'scratch');
  const relaxed = relaxation(holds);
  const hierarchies = await hierarchiesOf(parent);
  const swap = await limitsSwap(parent, hierarchies);
  await writeInBox(parent, [folder, ...(holds === undefined ? [] : [scratch])], {});
  return {
    labels: [
      ...call.labels,
      ...relaxed.labels,
      ...(settings.network === 'host' ? ['host network'] : []),
      ...(swap ? [] : ['swap without a limit']),
    ],
    traits: { ...call.traits, ...relaxed.traits },
    version: call.version,
    slowness: engine.guestKernel ? 2 : 1,
    // In a box, the folder goes with the scratch folder of the box.
    dispose: async () => {
      if (parent.path === 'host') await removeTree(folder);
    },
    engine: engine.name,
    workspace,
    settings,
    call: call.argv,
    folder,
    root: await parent.put(own.root),
    capabilities: prefixed(capabilitiesFor(image)),
    ...(profile === undefined ? {} : { seccomp: profile }),
    cgroupNamespace: !engine.guestKernel,
    opensFiles: engine.guestKernel,
    swap,
    ...(engine.wantsGroup ? { hierarchies } : {}),
    ...(holds === undefined
      ? {}
      : {
          holder: {
            store: await parent.put(storeDir()),
            scratch,
            capabilities: ((await presentCapabilities(parent)) ?? []).map((name) => `CAP_${name}`),
          },
        }),
  };
}
