/** Another design, tried: both boxes at once on two CPUs that they swap ("duet"), against taking turns on one. */

import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { randomStream } from '../../bench/random.ts';
import { connect, type PayloadClient } from '../../bench/run/client.ts';
import type { BoxProcess } from '../../bench/types.ts';
import { median } from '../../bench/units.ts';
import { allowedCpus } from '../../runners/host/cpus.ts';
import { hostSpawn } from '../../runners/kit/process.ts';

const BLOCKS = 14;
const ROUNDS = 20;
const WORKLOADS = ['fft', 'sor', 'sparse', 'lu'];
const LIMIT_MS = 60_000;

interface Copy {
  readonly process: BoxProcess;
  readonly client: PayloadClient;
}

type Design = 'in turns on one CPU' | 'at once on two CPUs, swapped';

/** Two copies of the same process, so that the true ratio is 1: the design whose ratios scatter less is the better ruler. */
export async function benchDuet(print: (line: string) => void): Promise<void> {
  const cpus = allowedCpus();
  if (cpus.length < 2) return print('  needs two CPUs');
  const [one, other] = [cpus.at(-1) as number, cpus.at(-2) as number];
  const values: Record<Design, Map<string, number[]>> = {
    'in turns on one CPU': new Map(),
    'at once on two CPUs, swapped': new Map(),
  };
  const seconds: Record<Design, number> = { 'in turns on one CPU': 0, 'at once on two CPUs, swapped': 0 };
  const work = await calibrate(one);
  for (let block = 0; block < BLOCKS; block++) {
    for (const design of Object.keys(values) as Design[]) {
      const pair = [await start(one), await start(one)] as const;
      try {
        for (const { client } of pair) await prepare(client, work);
        const begun = performance.now();
        const logs =
          design === 'in turns on one CPU' ? await inTurns(pair, work, block) : await atOnce(pair, work, [one, other]);
        seconds[design] += (performance.now() - begun) / 1000;
        for (const [workload, rounds] of logs) {
          values[design].set(workload, [...(values[design].get(workload) ?? []), median(rounds)]);
        }
      } finally {
        for (const { process } of pair) process.kill();
        await Promise.all(pair.map(({ process }) => process.exited));
      }
    }
  }
  print(`two copies of one process, ${BLOCKS} blocks of ${ROUNDS} rounds: standard deviation of a block's log ratio`);
  print(`  ${'design'.padEnd(32)} ${WORKLOADS.map((id) => id.padStart(9)).join('')}   s in rounds`);
  for (const design of Object.keys(values) as Design[]) {
    const cells = WORKLOADS.map((id) => `${(100 * deviation(values[design].get(id) ?? [])).toFixed(3)} %`.padStart(9));
    print(`  ${design.padEnd(32)} ${cells.join('')}   ${(seconds[design] / BLOCKS).toFixed(1).padStart(8)}`);
  }
}

async function start(cpu: number): Promise<Copy> {
  const process_ = await hostSpawn([
    'taskset',
    '-c',
    String(cpu),
    process.execPath,
    join(resolve('dist'), 'payload.cjs'),
  ]);
  return { process: process_, client: await connect(process_, LIMIT_MS, new AbortController().signal) };
}

async function prepare(client: PayloadClient, work: Readonly<Record<string, number>>): Promise<void> {
  await client.request('prepare', { size: 'small', workloads: WORKLOADS }, LIMIT_MS);
  for (const workload of WORKLOADS) {
    await client.request('warmup', { workload, work: work[workload] ?? 1, bursts: 12 }, LIMIT_MS);
  }
}

/** Passes that take about 10 ms. */
async function calibrate(cpu: number): Promise<Record<string, number>> {
  const { process, client } = await start(cpu);
  await client.request('prepare', { size: 'small', workloads: WORKLOADS }, LIMIT_MS);
  const work: Record<string, number> = {};
  for (const workload of WORKLOADS) {
    for (let passes = 1; ; passes *= 2) {
      const { body } = await client.request('warmup', { workload, work: passes, bursts: 8 }, LIMIT_MS);
      work[workload] = passes;
      if (median(body.bursts.map(([, wallNs]) => wallNs)) > 7e6) break;
    }
  }
  process.kill();
  await process.exited;
  return work;
}

const visit = async ({ client }: Copy, workload: string, work: number): Promise<number> => {
  const { body } = await client.request('visit', { workload, work }, LIMIT_MS);
  return body.bursts[1]?.[1] ?? Number.NaN;
};

async function inTurns([a, b]: readonly [Copy, Copy], work: Readonly<Record<string, number>>, block: number) {
  const stream = randomStream(1, block, 'turns');
  const logs = new Map<string, number[]>(WORKLOADS.map((id) => [id, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const workload of stream.shuffle(WORKLOADS)) {
      const isFirst = round % 2 === 0;
      const early = await visit(isFirst ? a : b, workload, work[workload] ?? 1);
      const late = await visit(isFirst ? b : a, workload, work[workload] ?? 1);
      logs.get(workload)?.push(isFirst ? Math.log(early / late) : Math.log(late / early));
    }
  }
  return logs;
}

/** A round is a visit on each CPU, so that a slower CPU cancels; the mean of the two is its value. */
async function atOnce(
  [a, b]: readonly [Copy, Copy],
  work: Readonly<Record<string, number>>,
  cpus: readonly [number, number],
) {
  const logs = new Map<string, number[]>(WORKLOADS.map((id) => [id, []]));
  for (let round = 0; round < ROUNDS / 2; round++) {
    const halves = new Map<string, number[]>();
    for (const [forA, forB] of [cpus, [cpus[1], cpus[0]] as const]) {
      pin(a, forA);
      pin(b, forB);
      for (const workload of WORKLOADS) {
        const passes = work[workload] ?? 1;
        const [timeA, timeB] = await Promise.all([visit(a, workload, passes), visit(b, workload, passes)]);
        halves.set(workload, [...(halves.get(workload) ?? []), Math.log(timeA / timeB)]);
      }
    }
    for (const [workload, [first = 0, second = 0]] of halves) logs.get(workload)?.push((first + second) / 2);
  }
  return logs;
}

function pin({ process }: Copy, cpu: number): void {
  execFileSync('taskset', ['-a', '-pc', String(cpu), String(process.pid)], { stdio: 'ignore' });
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
