/** Composition: a path of layers, each opened on the box below it, becomes an environment that starts afresh on demand. */

import { knownRemedy } from '../../bench/box/known-faults.ts';
import { BoxmarkError, messageOf } from '../../bench/errors.ts';
import { scratchArguments } from '../../bench/payload/image-files.ts';
import {
  type Box,
  type BoxSpec,
  type CpuShare,
  type DataFolder,
  type DiskHoldings,
  type EnginePosture,
  type Environment,
  type Image,
  joinTraits,
  type Needs,
  type OpenOptions,
  type Prepared,
  type Runner,
  type Started,
  type Unavailable,
  type Workspace,
} from '../../bench/types.ts';
import { shareGroup } from '../cgroup/group.ts';
import type { Account } from '../cgroup/usage.ts';
import { hostBox } from '../kit/process.ts';
import { payloadAccount, payloadLimits } from './accounting.ts';
import { holdingsOf } from './holdings.ts';

/** An environment that can't run here. Its message is the reason. */
export class UnavailableError extends Error {
  readonly unavailable: Unavailable;
  constructor(unavailable: Unavailable) {
    super(unavailable.reason);
    this.name = 'UnavailableError';
    this.unavailable = { ...unavailable, remedy: knownRemedy(unavailable.reason) ?? unavailable.remedy };
  }
}

export interface StackContext {
  readonly runners: readonly Runner[];
  readonly image: Image;
  readonly workspace: Workspace;
  /** Of the payload's boxes. */
  readonly spec?: BoxSpec;
  /** Copies of every workload that a payload runs at once; one when left out. */
  readonly threads?: number | undefined;
}

/** Throws an UnavailableError where a layer has too few CPUs for the copies, before anything is started. */
export function assertThreads(
  path: string,
  layers: readonly Runner[],
  { threads = 1 }: Pick<StackContext, 'threads'>,
): void {
  const small = layers.find(({ oneCpu }) => oneCpu === true);
  if (threads === 1 || small === undefined) return;
  const reason = `a box of ${small.name} has one CPU, and ${threads} copies need one each`;
  throw new UnavailableError({ path, reason, remedy: 'leave it out, or one copy of each workload' });
}

/** Probes and prepares every layer, for real; some are probed by their preparation. Throws an UnavailableError where a layer can't run, and the signal's reason once it is set. */
export async function prepareStack(
  path: string,
  layers: readonly Runner[],
  context: StackContext,
): Promise<Environment> {
  const { image, workspace } = context;
  assertThreads(path, layers, context);
  const prepared: Prepared[] = [];
  const holders: Box[] = [];
  const host = hostBox(workspace);
  const undo = async () => {
    for (const box of holders.reverse()) await box.close();
    holders.length = 0;
  };
  try {
    for (const [index, runner] of layers.entries()) {
      const parent = holders.at(-1) ?? host;
      const next = layers[index + 1];
      const holds = holdsOf(next);
      const there = asSeenIn(parent, workspace);
      const probe = runner.probedByPrepare === true ? undefined : await runner.probe(parent, there);
      if (probe?.available === false) throw new UnavailableError({ path, reason: probe.reason, remedy: probe.remedy });
      const made = await runner.prepare(parent, image, there, holds, specFor(runner, next, context));
      prepared.push(made);
      if (next === undefined) break;
      const name = `prepare-${path.replace(/[^a-z0-9]+/gi, '-')}-${index}`;
      holders.push(await runner.open(parent, made, openOptions(name, there, workspace.signal, { holds })));
    }
  } catch (error) {
    await undo();
    await disposeAll(prepared);
    // What fails once the run is stopped says nothing about the layer.
    workspace.signal.throwIfAborted();
    throw error instanceof UnavailableError ? error : new UnavailableError({ path, ...refusalOf(error) });
  }
  await undo();
  const guest = layers.some(({ guestKernel }) => guestKernel);
  const remote = layers.some((layer) => layer.remote);
  return {
    path,
    labels: [...new Set(prepared.flatMap(({ labels }) => labels))],
    traits: joinTraits(prepared.map(({ traits }) => traits ?? {})),
    versions: Object.fromEntries(layers.map((runner, index) => [runner.name, prepared[index]?.version ?? ''])),
    slowness: Math.max(...prepared.map(({ slowness }) => slowness)),
    cpuClock: guest && !remote ? 'host' : 'guest',
    sharesClock: !guest && !remote,
    engine: postureOf(layers),
    disk: diskOf(prepared, workspace),
    start: (name, signal, share) => startStack({ name, signal, share, layers, prepared, host, context, guest, remote }),
    dispose: () => disposeAll(prepared),
  };
}

interface StartInput {
  readonly name: string;
  readonly share: CpuShare | undefined;
  readonly signal: AbortSignal;
  readonly layers: readonly Runner[];
  readonly prepared: readonly Prepared[];
  readonly host: Box;
  readonly context: StackContext;
  readonly guest: boolean;
  readonly remote: boolean;
}

async function startStack(input: StartInput): Promise<Started> {
  const { name, signal, share, layers, prepared, host, context, guest, remote } = input;
  const { image, workspace, threads = 1 } = context;
  const begunNs = process.hrtime.bigint();
  const opened: Box[] = [];
  let closed: Promise<void> | undefined;
  const closeAll = async () => {
    for (const box of opened.toReversed()) await box.close();
  };
  const close = () => {
    closed ??= closeAll();
    return closed;
  };
  try {
    for (const [index, runner] of layers.entries()) {
      const holds = holdsOf(layers[index + 1]);
      const own = prepared[index] as Prepared;
      const parent = opened.at(-1) ?? host;
      const spec = specFor(runner, layers[index + 1], context);
      const ahead = prepared[index + 1]?.ahead;
      const there = asSeenIn(parent, workspace);
      opened.push(await runner.open(parent, own, openOptions(name, there, signal, { holds, spec, ahead })));
    }
    const inner = opened.at(-1) as Box;
    // The token is on the command line of the payload, or of the virtual machine, wherever the host can see it.
    const token = `--start=${workspace.id}-${name}`;
    const copies = threads === 1 ? [] : [`--threads=${threads}`];
    const data = scratchArguments(dataIn(inner, layers));
    const cgroup = opened.find(({ machine }) => machine !== undefined)?.machine ?? inner.cgroup;
    if (share !== undefined) shareCpu(cgroup, share, inner.path);
    const child = await inner.spawn([...image.payloadArgv, token, ...copies, ...data]);
    const spawnedNs = process.hrtime.bigint();
    let known: Account | undefined;
    const account = () => {
      if (remote) return undefined;
      known ??= payloadAccount({ token, guest, cgroup });
      return known;
    };
    return {
      process: child,
      begunNs,
      spawnedNs,
      cpuNs: () => account()?.cpuNs(),
      usage: () => account()?.usage() ?? {},
      limits: () => (remote ? undefined : payloadLimits({ token, guest, cgroup: inner.cgroup })),
      holdings: () =>
        remote
          ? {}
          : holdingsOf({ pid: child.pid, token, cgroup: inner.cgroup, cgroupBytes: account()?.memoryBytes() }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** On the group that the box, or its machine, has on the host: the same for every engine. */
function shareCpu(cgroup: string | undefined, { weight, quota }: CpuShare, path: string): void {
  try {
    shareGroup(cgroup, {
      ...(weight === undefined ? {} : { cpuShares: weight }),
      ...(quota === undefined ? {} : { quota }),
    });
  } catch (error) {
    throw new BoxmarkError({ what: `No CPU weight or quota can be set: ${messageOf(error)}`, value: path });
  }
}

/** One daemon that runs as root is enough; the innermost engine is the one that takes the image. */
function postureOf(layers: readonly Runner[]): EnginePosture {
  const boxes = layers.filter(({ transparent }) => !transparent);
  const daemons = boxes.map(({ posture }) => posture?.rootDaemon ?? null);
  const rootDaemon = daemons.includes(true) ? true : daemons.includes(null) ? null : false;
  return { rootDaemon, signedImage: boxes.at(-1)?.posture?.signedImage ?? null };
}

/** The run's private folder, in which boxes have their scratch, and what the engines keep elsewhere. */
function diskOf(prepared: readonly Prepared[], { dir }: Workspace): DiskHoldings {
  const folders = [...new Set([dir, ...prepared.flatMap(({ onDisk }) => onDisk?.folders ?? [])])];
  const imageBytes = prepared.findLast(({ onDisk }) => onDisk?.imageBytes !== undefined)?.onDisk?.imageBytes;
  return { folders, ...(imageBytes === undefined ? {} : { imageBytes }) };
}

/** What a box is to hold for the layer above it. One that makes no box leaves it a payload's box. */
function holdsOf(next: Runner | undefined): Needs | undefined {
  return next?.transparent ? undefined : next?.needs;
}

/** What the box of a layer must offer to the payload, if it is the payload's. */
function specFor(runner: Runner, next: Runner | undefined, { spec }: StackContext): BoxSpec | undefined {
  return holdsOf(next) === undefined && !runner.transparent ? spec : undefined;
}

/** What is on the disk of an outer guest is behind the cache of the host, whatever the inner engine makes of it. */
function dataIn({ data }: Box, layers: readonly Runner[]): DataFolder | undefined {
  const outer = layers.filter(({ transparent }) => !transparent).slice(0, -1);
  return data && { ...data, behindCache: data.behindCache || outer.some(({ guestKernel }) => guestKernel) };
}

/** The CPUs of a machine in the box's place are its own, and there are no others for its engines. */
function asSeenIn(box: Box, workspace: Workspace): Workspace {
  const { cpus } = box;
  return cpus === undefined ? workspace : { ...workspace, limits: { ...workspace.limits, cpus, housekeeping: cpus } };
}

function openOptions(
  name: string,
  workspace: Workspace,
  signal: AbortSignal,
  { holds, spec, ahead }: { [K in 'holds' | 'spec' | 'ahead']?: OpenOptions[K] | undefined },
): OpenOptions {
  return {
    ...{ name, limits: workspace.limits, signal },
    ...(holds === undefined ? {} : { holds }),
    ...(spec === undefined ? {} : { spec }),
    ...(ahead === undefined ? {} : { ahead }),
  };
}

/** Why something can't run here and what to try, of anything that was thrown. */
export function refusalOf(error: unknown): Omit<Unavailable, 'path'> {
  if (error instanceof UnavailableError) return error.unavailable;
  const known = error instanceof BoxmarkError ? error : undefined;
  return { reason: known?.what ?? messageOf(error), remedy: known?.remedy ?? 'boxmark doctor' };
}

async function disposeAll(prepared: readonly Prepared[]): Promise<void> {
  for (const made of prepared.toReversed()) await made.dispose().catch(() => {});
}
