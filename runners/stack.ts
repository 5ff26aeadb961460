/** Composition: a path of layers, each opened on the box below it, becomes an environment that starts afresh on demand. */

import { BoxmarkError, messageOf, usageError } from '../bench/errors.ts';
import type {
  Box,
  Environment,
  Image,
  Needs,
  OpenOptions,
  Prepared,
  Runner,
  Started,
  Usage,
  Workspace,
} from '../bench/types.ts';
import { payloadUsage } from './accounting.ts';
import { hostBox } from './process.ts';

/** A layer that can't run here, with the reason and what to do about it. */
export class Unavailable extends Error {
  readonly remedy: string;
  constructor(reason: string, remedy: string) {
    super(reason);
    this.name = 'Unavailable';
    this.remedy = remedy;
  }
}

export interface StackContext {
  readonly runners: readonly Runner[];
  readonly image: Image;
  readonly workspace: Workspace;
}

/** `docker/docker` → the runners of its layers. Throws a usage error that names the nearest known layer. */
export function parsePath(path: string, runners: readonly Runner[], nearest: (name: string) => string): Runner[] {
  const names = runners.map(({ name }) => name);
  const layers = path.split('/').map((layer) => {
    const [name = '', ...settings] = layer.split(':');
    const runner = runners.find((candidate) => candidate.name === name);
    if (runner === undefined) {
      throw usageError(
        `There is no environment of this name${nearest(name)}.`,
        path,
        `${names.join(', ')}, or boxmark list environments`,
      );
    }
    if (settings.length > 0) throw usageError(`The layer ${name} takes no settings.`, path, name);
    return runner;
  });
  for (const [index, runner] of layers.entries()) {
    if (index < layers.length - 1 && !runner.holds) {
      throw usageError(`The layer ${runner.name} can't hold another.`, path, `one of ${names.join(', ')} by itself`);
    }
    if (index > 0 && runner.name === 'native')
      throw usageError('The layer native stands on the host only.', path, 'native');
  }
  return layers;
}

/** Probes and prepares every layer, for real. Throws `Unavailable` where a layer can't run. */
export async function prepareStack(
  path: string,
  layers: readonly Runner[],
  context: StackContext,
): Promise<Environment> {
  const { image, workspace } = context;
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
      const holds = layers[index + 1]?.needs;
      const probe = await runner.probe(parent, workspace);
      if (!probe.available) throw new Unavailable(probe.reason, probe.remedy);
      const made = await runner.prepare(parent, image, workspace, holds);
      prepared.push(made);
      if (holds === undefined) break;
      const name = `prepare-${path.replace(/[^a-z0-9]+/gi, '-')}-${index}`;
      holders.push(await runner.open(parent, made, openOptions(name, workspace, workspace.signal, holds)));
    }
  } catch (error) {
    await undo();
    await disposeAll(prepared);
    if (error instanceof Unavailable) throw error;
    if (workspace.signal.aborted) throw error;
    const remedy = (error instanceof BoxmarkError ? error.remedy : undefined) ?? 'boxmark doctor';
    throw new Unavailable(error instanceof BoxmarkError ? error.what : messageOf(error), remedy);
  }
  await undo();
  const guest = layers.some(({ guestKernel }) => guestKernel);
  return {
    path,
    labels: [...new Set(prepared.flatMap(({ labels }) => labels))],
    versions: Object.fromEntries(layers.map((runner, index) => [runner.name, prepared[index]?.version ?? ''])),
    slowness: Math.max(...prepared.map(({ slowness }) => slowness)),
    cpuClock: guest ? 'host' : 'guest',
    sharesClock: !guest,
    start: (name, signal) => startStack({ name, signal, layers, prepared, host, context, guest }),
    dispose: () => disposeAll(prepared),
  };
}

interface StartInput {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly layers: readonly Runner[];
  readonly prepared: readonly Prepared[];
  readonly host: Box;
  readonly context: StackContext;
  readonly guest: boolean;
}

async function startStack({ name, signal, layers, prepared, host, context, guest }: StartInput): Promise<Started> {
  const { image, workspace } = context;
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
      const holds = layers[index + 1]?.needs;
      const own = prepared[index] as Prepared;
      opened.push(await runner.open(opened.at(-1) ?? host, own, openOptions(name, workspace, signal, holds)));
    }
    const inner = opened.at(-1) as Box;
    // The token is on the command line of the payload, or of the virtual machine, wherever the host can see it.
    const token = `--start=${workspace.id}-${name}`;
    const child = await inner.spawn([...image.payloadArgv, token]);
    const spawnedNs = process.hrtime.bigint();
    let read: (() => Usage) | undefined;
    const usage = () => {
      read ??= payloadUsage({ token, guest, cgroup: inner.cgroup });
      return read?.() ?? {};
    };
    return { process: child, begunNs, spawnedNs, usage, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function openOptions(name: string, workspace: Workspace, signal: AbortSignal, holds: Needs | undefined): OpenOptions {
  return { name, limits: workspace.limits, signal, ...(holds === undefined ? {} : { holds }) };
}

async function disposeAll(prepared: readonly Prepared[]): Promise<void> {
  for (const made of prepared.toReversed()) await made.dispose().catch(() => {});
}
