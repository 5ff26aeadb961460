import { beforeAll, describe, expect, it } from 'vitest';
import { Replays } from '../../bench/payload/replay.ts';
import type { KernelEngine } from '../../bench/types.ts';
import {
  allocateWasmHeap,
  createRandom,
  createWorkloads,
  type ExchangeableWorkload,
  heapNeeds,
  INPUT_SEED,
} from '../../scimark/index.ts';
import { WASM_KERNELS } from '../scimark/wasm-kernels.ts';

const IDS = ['fft', 'sor', 'lu'];
beforeAll(() => {
  const { doubles, ints } = heapNeeds('tiny', IDS, 'wasm');
  allocateWasmHeap(WASM_KERNELS, doubles, ints);
});

function afresh(id: string, engine: KernelEngine = 'wasm'): ExchangeableWorkload {
  return createWorkloads('tiny', [id], engine)[0] as ExchangeableWorkload;
}

/** With the passes that were run. */
function counted(id: string): { workload: ExchangeableWorkload; passes: () => number } {
  const workload = afresh(id);
  let passes = 0;
  const prepare: ExchangeableWorkload['prepare'] = (random) => {
    const prepared = workload.prepare(random);
    const pass = () => {
      passes += 1;
      prepared.pass();
    };
    return { ...prepared, pass };
  };
  return { workload: { ...workload, prepare }, passes: () => passes };
}

function states(id: string, counts: readonly number[]): string[] {
  const { pass, checksum } = afresh(id, 'reference').prepare(createRandom(INPUT_SEED));
  let done = 0;
  return counts.map((count) => {
    for (; done < count; done++) pass();
    return checksum();
  });
}

describe.each(['reference', 'wasm'] as const)('a replay by %s', (engine) => {
  it.each(IDS)('of %s gives the states of as many passes, wherever it begins', (id) => {
    const replays = new Replays();
    for (const counts of [[40, 55], [60, 61], [40], [52, 90], [39], [41]]) {
      expect(replays.of(afresh(id, engine), counts), String(counts)).toEqual(states(id, counts));
    }
  });
});

it('a replay begins where an earlier one had its first count, as often as it is asked', () => {
  const replays = new Replays();
  const run = (counts: number[]): number => {
    const { workload, passes } = counted('sor');
    replays.of(workload, counts);
    return passes();
  };
  expect([[40, 55], [60], [50], [45, 60]].map(run)).toEqual([55, 20, 10, 20]);
  // Fewer passes than that: from the beginning, and later ones begin there.
  expect([[30], [50]].map(run)).toEqual([30, 20]);
});

it('a kernel that leaves the same state after every pass needs one', () => {
  const { workload, passes } = counted('lu');
  new Replays().of(workload, [40, 55]);
  expect(passes()).toBe(1);
});
