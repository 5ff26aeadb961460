/** What tests of engines share: a workspace, an image with a payload that reports what it sees, and a check for leftovers. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Box, BoxProcess, Environment, Image, Prepared, Runner, Started, Workspace } from '../bench/types.ts';
import { removeWorkspaceGroups } from '../runners/cgroup/group.ts';
import { kernelDir } from '../runners/guest/kernel.ts';
import { defaultLimits } from '../runners/host/cpus.ts';
import { createWorkspaceDir, removeWorkspaceDir } from '../runners/host/workspace.ts';
import { ensureImage } from '../runners/image/image.ts';
import { RUNNERS } from '../runners/index.ts';
import { hostBox } from '../runners/kit/process.ts';
import { parsePath } from '../runners/stack/path.ts';
import { prepareStack, UnavailableError } from '../runners/stack/stack.ts';
import { PAYLOAD } from './lab-payload.ts';
import { leftoversOf, namesIn } from './leftovers.ts';

export interface Lab {
  readonly workspace: Workspace;
  readonly host: Box;
  readonly payloadFile: string;
  readonly image: Image;
  readonly notes: string[];
  /** Prepares an environment; gives the reason where it can't run. */
  prepare(path: string): Promise<Environment | string>;
  /** Opens a box of the runner on the host, starts the payload in it and waits for its facts. */
  start(runner: Runner, prepared: Prepared, name: string, argv?: readonly string[]): Promise<Talk & { box: Box }>;
  /** All that bears the name of the run, and files in its folder that were not there from the beginning. */
  leftovers(): string[];
  /**
   * What bears the name of the run and fits the text, and new network interfaces, once what is just ending has had a moment
   * for it. Files in the folder of the run don't count: they go with it.
   */
  remains(text?: RegExp): Promise<string[]>;
  dispose(): Promise<void>;
}

/** `ownStore`: images are made afresh, in a store that nobody else uses. */
export async function openLab({ memoryBytes = 512 << 20, ownStore = false } = {}): Promise<Lab> {
  // With an owner that lives, so that nobody's clean-up takes it for a leftover.
  const { id, dir } = await createWorkspaceDir();
  const restoreStore = ownStore ? useStore(join(dir, 'store')) : () => {};
  const payloadFile = join(dir, 'payload.cjs');
  writeFileSync(payloadFile, PAYLOAD);
  const notes: string[] = [];
  const workspace: Workspace = {
    id,
    dir,
    limits: defaultLimits(undefined, memoryBytes),
    signal: new AbortController().signal,
    note: ({ kind, ...detail }) => notes.push(`${kind} ${JSON.stringify(detail)}`),
  };
  const image = await ensureImage(payloadFile);
  const host = hostBox(workspace);
  // No box has a network, so that none should come with it; names of interfaces don't show whose they are.
  const interfaces = new Set(namesIn('/sys/class/net'));
  const files = new Set(namesIn(dir));
  const traces = () => leftoversOf(id).filter((line) => line !== `file /var/tmp/boxmark-${id}`);
  return {
    workspace,
    host,
    payloadFile,
    image,
    notes,
    prepare: async (path) => {
      try {
        const layers = parsePath(path, RUNNERS, () => '');
        return await prepareStack(path, layers, { runners: RUNNERS, image, workspace });
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        return `${error.message} (${error.unavailable.remedy})`;
      }
    },
    start: async (runner, prepared, name, argv = []) => {
      const { limits, signal } = workspace;
      const box = await runner.open(host, prepared, { name, limits, signal });
      try {
        return { box, ...(await talk(box, [...image.payloadArgv, `--start=${id}-${name}`, ...argv])) };
      } catch (error) {
        await box.close();
        throw error;
      }
    },
    leftovers: () => {
      const added = namesIn(dir).filter((name) => !files.has(name));
      return [...traces(), ...added.map((name) => `file ${name}`)];
    },
    remains: async (text = /./) => {
      for (let attempt = 0; ; attempt++) {
        const added = namesIn('/sys/class/net').filter((name) => !interfaces.has(name));
        const left = [
          ...traces().filter((line) => text.test(line)),
          ...added.map((name) => `network interface ${name}`),
        ];
        if (left.length === 0 || attempt === 50) return left;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    dispose: async () => {
      await removeWorkspaceGroups(id);
      await removeWorkspaceDir(dir);
      restoreStore();
    },
  };
}

/** Fetching a guest kernel is set-up's part, so that it is seen in this store too. */
function useStore(store: string): () => void {
  const before = process.env.BOXMARK_CACHE;
  mkdirSync(store);
  symlinkSync(kernelDir(), join(store, 'kernels'));
  process.env.BOXMARK_CACHE = store;
  return () => {
    if (before === undefined) delete process.env.BOXMARK_CACHE;
    else process.env.BOXMARK_CACHE = before;
  };
}

/** What the payload says of its box in its first line. */
export interface Facts {
  readonly [name: string]: unknown;
  readonly pid: number;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cpus: string;
  readonly root: readonly string[];
  readonly mounts: readonly string[];
}

export interface Answer {
  readonly value: unknown;
  /** The box's monotonic clock at the answer. */
  readonly monoNs: bigint;
  /** When the question was sent and when the answer arrived, by the host's clock. */
  readonly sentNs: bigint;
  readonly atNs: bigint;
}

/** A payload that is asked line by line: what it understands is in `lab-payload.ts`. */
export interface Talk {
  readonly process: BoxProcess;
  readonly facts: Facts;
  ask(line: string): Promise<unknown>;
  exchange(line: string): Promise<Answer>;
}

/** Starts the payload in a box; rejects with what the box said when it ends without an answer. */
export async function talk(box: Box, argv: readonly string[]): Promise<Talk> {
  return meet(await box.spawn(argv));
}

/** Starts an environment afresh; it is closed when it does not answer. */
export async function converse(environment: Environment, name: string): Promise<Talk & { started: Started }> {
  const started = await environment.start(name, new AbortController().signal);
  try {
    return { started, ...(await meet(started.process)) };
  } catch (error) {
    await started.close();
    throw error;
  }
}

async function meet(child: BoxProcess): Promise<Talk> {
  const arrived: Omit<Answer, 'sentNs'>[] = [];
  const waiting: ((answer: Omit<Answer, 'sentNs'>) => void)[] = [];
  child.onLine((line, atNs) => {
    if (!line.startsWith('@boxmark ')) return; // A guest's kernel and its init write to the same console.
    const { value, monoNs } = JSON.parse(line.slice('@boxmark '.length)) as { value: unknown; monoNs: string };
    const answer = { value, monoNs: BigInt(monoNs), atNs };
    const next = waiting.shift();
    if (next === undefined) arrived.push(answer);
    else next(answer);
  });
  const ended = child.exited.then((status): never => {
    throw new Error(`ended with ${JSON.stringify(status)}: ${child.errorTail()}`);
  });
  ended.catch(() => {});
  const next = (): Promise<Omit<Answer, 'sentNs'>> => {
    const ready = arrived.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return Promise.race([new Promise<Omit<Answer, 'sentNs'>>((resolve) => waiting.push(resolve)), ended]);
  };
  const exchange = async (line: string): Promise<Answer> => {
    const sentNs = process.hrtime.bigint();
    child.write(line);
    return { ...(await next()), sentNs };
  };
  return {
    process: child,
    facts: (await next()).value as Facts,
    exchange,
    ask: async (line) => (await exchange(line)).value,
  };
}
