/** Runs bursts of our kernels on request, line by line: the counterpart of c/driver.c, with the same arguments and protocol after the engine. */

import { createInterface } from 'node:readline';
import type { KernelEngine, PreparedWorkload, Size } from '../../bench/types.ts';
import wasmKernels from '../../dist/kernels.wasm';
import {
  allocateHeap,
  allocateWasmHeap,
  createRandom,
  createWorkloads,
  heapNeeds,
  INPUT_SEED,
  WORKLOADS,
} from '../../scimark/index.ts';

/** As c/driver.c. */
const CLOCK_VARIABLE = 'BOXMARK_BENCH_CLOCK';

const kernels = (process.argv[2] ?? 'reference') as KernelEngine;
const size = (process.argv[3] ?? 'small') as Size;
const named = process.argv.slice(4);
const ids = named.length > 0 ? named : WORKLOADS.map((workload) => workload.id);

const needs = heapNeeds(size, ids, kernels);
if (kernels === 'wasm') allocateWasmHeap(wasmKernels, needs.doubles, needs.ints);
else allocateHeap(needs.doubles, needs.ints);
const prepared = new Map<string, PreparedWorkload>();
for (const workload of createWorkloads(size, ids, kernels)) {
  prepared.set(workload.id, workload.prepare(createRandom(INPUT_SEED)));
}

/** In ns. CPU time leaves out what other processes take of a burst. */
const now: () => bigint =
  process.env[CLOCK_VARIABLE] === 'cpu'
    ? () => {
        const { user, system } = process.cpuUsage();
        return BigInt(user + system) * 1000n;
      }
    : process.hrtime.bigint;

function run(workload: PreparedWorkload, passes: number): bigint {
  const start = now();
  for (let pass = 0; pass < passes; pass++) workload.pass();
  return now() - start;
}

process.stdout.write('ready\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  const [id = '', request = ''] = line.split(' ');
  const workload = prepared.get(id);
  if (!workload) throw new Error(`No kernel ${id}`);
  process.stdout.write(request === 'sum' ? `${workload.checksum()}\n` : `${run(workload, Number(request))}\n`);
});
