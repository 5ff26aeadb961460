/** A start through Boxmark against the bare engine's own command, both until the payload's first line, taking turns. */

import { resolve } from 'node:path';
import type { BoxProcess, Workspace } from '../../bench/types.ts';
import { median } from '../../bench/units.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { createWorkspaceDir, removeWorkspaceDir } from '../../runners/host/workspace.ts';
import { ensureImage } from '../../runners/image/image.ts';
import { RUNNERS } from '../../runners/index.ts';
import { hostSpawn } from '../../runners/kit/process.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { prepareStack } from '../../runners/stack/stack.ts';
import { type BareStart, bareCommands } from './bare-starts.ts';

const STARTS = 10;

type Begin = () => Promise<{ process: BoxProcess; close(): Promise<void> }>;

export async function benchStartup(print: (line: string) => void): Promise<void> {
  const image = await ensureImage(resolve('dist/payload.cjs'));
  const { id, dir } = await createWorkspaceDir();
  const limits = defaultLimits(undefined, 2 ** 30);
  const workspace: Workspace = { id, dir, limits, signal: new AbortController().signal, note: () => {} };
  const bare = bareCommands(image, workspace);
  try {
    print(`  ${'until the first line, median of 10 (least)'.padEnd(44)}      Boxmark          bare   ratio`);
    for (const [name, command] of Object.entries(bare)) {
      let environment: Awaited<ReturnType<typeof prepareStack>>;
      try {
        environment = await prepareStack(
          name,
          parsePath(name, RUNNERS, () => ''),
          { runners: RUNNERS, image, workspace },
        );
      } catch (error) {
        print(`  ${name}: ${String(error)}`);
        continue;
      }
      try {
        const start = await command();
        const label = name.replace(/\W+/g, '-');
        if (typeof start === 'string') print(`  ${name}: ${start}`);
        else
          await compare(name, (count) => environment.start(`bench${count}-${label}`, workspace.signal), start, print);
      } finally {
        await environment.dispose();
      }
    }
  } finally {
    await removeWorkspaceDir(dir);
  }
}

async function compare(
  name: string,
  own: (count: number) => ReturnType<Begin>,
  start: BareStart,
  print: (line: string) => void,
): Promise<void> {
  const bare = async (count: number) => {
    const { argv, env = {} } = start(count);
    const child = await hostSpawn(argv, { env });
    return { process: child, close: async () => child.kill() };
  };
  const times = { own: [] as number[], bare: [] as number[] };
  for (let count = 0; count < STARTS; count++) {
    times.own.push(await firstLineMs(() => own(count)));
    times.bare.push(await firstLineMs(() => bare(count)));
  }
  const show = (values: readonly number[]) =>
    `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)}) ms`.padStart(14);
  const ratio = median(times.own.map((value, index) => value / (times.bare[index] ?? value)));
  print(`  ${name.padEnd(42)} ${show(times.own)}${show(times.bare)}  ${ratio.toFixed(2).padStart(6)}`);
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
