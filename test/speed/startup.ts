/** A start through Boxmark against the bare engine's own command, both until the payload's first line, taking turns. */

import { resolve } from 'node:path';
import type { BoxProcess, Workspace } from '../../bench/types.ts';
import { median } from '../../bench/units.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { createWorkspaceDir, removeWorkspaceDir } from '../../runners/host/workspace.ts';
import { ensureImage } from '../../runners/image/image.ts';
import { RUNNERS } from '../../runners/index.ts';
import { hostExec, hostSpawn } from '../../runners/kit/process.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { prepareStack } from '../../runners/stack/stack.ts';
import type { BareStart } from './bare-start.ts';
import { BARE_STARTS, bareCommands } from './bare-starts.ts';
import { figureOf, idPart, type Recorder } from './record/figure.ts';
import { spreadText } from './record/lines.ts';

/** Pairs of starts; more of those that take little, because less of the host's noise shows in a difference of some ms. */
const PAIRS = 10;
const LIGHT_PAIRS = 30;
const LIGHT = ['native', 'unshare', 'bwrap'];

export interface StartupOptions {
  readonly environments?: readonly string[];
  /** Pairs of starts of each environment. */
  readonly starts?: number;
}

type Begin = () => Promise<{ process: BoxProcess; close(): Promise<void> }>;

export async function benchStartup(
  print: (line: string) => void,
  { environments: wanted = BARE_STARTS, starts }: StartupOptions,
  record: Recorder,
): Promise<void> {
  const image = await ensureImage(resolve('dist/payload.cjs'));
  const { id, dir } = await createWorkspaceDir();
  const limits = defaultLimits(undefined, 2 ** 30);
  const workspace: Workspace = { id, dir, limits, signal: new AbortController().signal, note: () => {} };
  const bare = bareCommands(image, workspace);
  try {
    print(`  ${'until the first line, median (least)'.padEnd(44)}        Boxmark            bare   ratio  spread`);
    for (const name of wanted) {
      let environment: Awaited<ReturnType<typeof prepareStack>>;
      try {
        const layers = parsePath(name, RUNNERS, () => '');
        environment = await prepareStack(name, layers, { runners: RUNNERS, image, workspace });
      } catch (error) {
        print(`  ${name}: ${String(error)}`);
        continue;
      }
      try {
        const start = await bare[name]?.();
        const label = idPart(name);
        if (typeof start !== 'function') print(`  ${name}: ${start}`);
        else {
          const pairs = starts ?? (LIGHT.includes(name) ? LIGHT_PAIRS : PAIRS);
          const own = (count: number) => environment.start(`bench${count}-${label}`, workspace.signal);
          const times = await compare(own, start, pairs);
          record(`startup.${label}`, 'ratio', times.ratios);
          print(lineOf(name, times));
        }
      } finally {
        await environment.dispose();
      }
    }
  } finally {
    await removeWorkspaceDir(dir);
  }
}

interface Times {
  readonly own: readonly number[];
  readonly bare: readonly number[];
  readonly ratios: readonly number[];
}

/** Pairs begin with either side in turns: what a start leaves behind for a moment burdens both. */
async function compare(own: (count: number) => ReturnType<Begin>, start: BareStart, pairs: number): Promise<Times> {
  const bare = async (count: number) => {
    const { argv, env = {}, end } = start(count);
    const child = await hostSpawn(argv, { env });
    const close = async () => {
      child.kill();
      if (end !== undefined) await hostExec(end);
    };
    return { process: child, close };
  };
  const times = { own: [] as number[], bare: [] as number[] };
  // The first start of either reads files that stay in the page cache; it is not counted.
  for (const side of [own, bare]) await firstLineMs(() => side(pairs));
  for (let count = 0; count < pairs; count++) {
    const sides = [['own', own] as const, ['bare', bare] as const];
    for (const [name, side] of count % 2 === 0 ? sides : sides.reverse()) {
      times[name].push(await firstLineMs(() => side(count)));
    }
  }
  return { ...times, ratios: times.own.map((value, index) => value / (times.bare[index] ?? value)) };
}

function lineOf(name: string, { own, bare, ratios }: Times): string {
  const show = (values: readonly number[]) =>
    `${median([...values]).toFixed(0)} (${Math.min(...values).toFixed(0)}) ms`.padStart(16);
  const figure = figureOf(`startup.${idPart(name)}`, 'ratio', ratios);
  const ratio = figure.value.toFixed(2).padStart(6);
  return `  ${name.padEnd(42)} ${show(own)}${show(bare)}  ${ratio}  ${spreadText(figure)}`;
}

async function firstLineMs(begin: Begin): Promise<number> {
  const begunNs = process.hrtime.bigint();
  const started = await begin();
  const firstNs = await new Promise<bigint>((resolveLine, reject) => {
    started.process.onLine((_, atNs) => resolveLine(atNs));
    void started.process.exited.then(() => reject(new Error(`no first line: ${started.process.errorTail()}`)));
  });
  started.process.write(JSON.stringify({ v: 1, id: 1, op: 'quit' }));
  await started.process.exited;
  await started.close();
  return Number(firstNs - begunNs) / 1e6;
}
