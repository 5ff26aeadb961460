/**
 * What the kernels compute on this processor: `node sums.mjs kernels.wasm` prints, for each engine, kernel and size, the
 * checksum after the first pass and a digest of those after every pass. The same bits everywhere, or a processor computes
 * something else.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { KERNEL_ENGINES } from '../../bench/types.ts';
import {
  allocateWasmHeap,
  createRandom,
  createWorkloads,
  heapNeeds,
  INPUT_SEED,
  WORKLOADS,
} from '../../scimark/index.ts';

const PASSES = { tiny: 100, small: 5 } as const;

const ids = WORKLOADS.map(({ id }) => id);
const sizes = ['tiny', 'small'] as const;
const needs = KERNEL_ENGINES.flatMap((engine) => sizes.map((size) => heapNeeds(size, ids, engine)));
const most = (pick: (need: { doubles: number; ints: number }) => number) => Math.max(...needs.map(pick));
allocateWasmHeap(
  readFileSync(process.argv[2] ?? ''),
  most(({ doubles }) => doubles),
  most(({ ints }) => ints),
);

const sums: Record<string, string> = {};
for (const engine of KERNEL_ENGINES) {
  for (const size of sizes) {
    for (const workload of createWorkloads(size, ids, engine)) {
      const { pass, checksum } = workload.prepare(createRandom(INPUT_SEED));
      const digest = createHash('sha256');
      let first = '';
      for (let done = 0; done < PASSES[size]; done++) {
        pass();
        const sum = checksum();
        first ||= sum;
        digest.update(sum);
      }
      if (first !== workload.referenceChecksum) process.exitCode = 1;
      sums[`${engine} ${workload.id} ${size}`] = `${first} ${digest.digest('hex').slice(0, 16)}`;
    }
  }
}
process.stdout.write(`${JSON.stringify(sums)}\n`);
