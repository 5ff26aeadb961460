import { describe, expect, it } from 'vitest';
import { calibrate } from '../../bench/run/calibrate.ts';
import type { Resident } from '../../bench/run/resident.ts';
import { tinyPlan } from './boxes.ts';

const BURST_NS = 10_000_000;

/** A box whose passes take what `passNs` says of the number of passes that were done before; and how many those were. */
function box(passNs: (done: number) => number): { resident: Resident; done: () => number } {
  let done = 0;
  const ask = async (_: string, { work, bursts }: { work: number; bursts: number }) => ({
    body: {
      bursts: Array.from({ length: bursts }, () => {
        let wallNs = 0;
        for (let pass = 0; pass < work; pass++) wallNs += passNs(done++);
        return [0, wallNs, wallNs];
      }),
    },
  });
  return { resident: { ask } as unknown as Resident, done: () => done };
}

const plan = tinyPlan({ environments: [{ path: 'native' }], workloads: ['fft'], burstNs: BURST_NS });
const workOf = async (passNs: (done: number) => number) => (await calibrate(box(passNs).resident, plan)).fft;

describe('the work of a burst', () => {
  it('is the step nearest to the length that was asked for', async () => {
    expect(await workOf(() => 25_000)).toBe(400);
    expect(await workOf(() => 10_000_000)).toBe(1);
    expect(await workOf(() => 90_000_000)).toBe(1);
  });

  it('is that of compiled code, also where a cold pass is as long as a burst', async () => {
    // Twenty-one passes are all that the first two requests do.
    expect(await workOf((done) => (done < 30 ? 5_000_000 : 25_000))).toBe(400);
    expect(await workOf((done) => (done < 35 ? 5_000_000 : 25_000))).toBe(400);
  });

  it('is not that of a busy moment', async () => {
    expect(await workOf((done) => (done > 2000 && done < 2400 ? 1_000_000 : 25_000))).toBe(400);
  });

  it('takes little more than what it needs', async () => {
    const { resident, done } = box(() => 25_000);
    await calibrate(resident, plan);
    expect(done() * 25_000).toBeLessThan(20 * BURST_NS);
  });
});
