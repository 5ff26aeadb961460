/** Orders are balanced over a cycle, random between blocks, and the same for the same seed. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockOrder, boxesOf, controlOf, cycleLength, roundUp, williamsSquare } from '../../bench/plan/schedule.ts';

const WORKLOADS = ['fft', 'sor', 'lu'];
const boxes = (n: number) => Array.from({ length: n }, (_, index) => `box${index}`);
const number = (least: number, most: number) => fc.integer({ min: least, max: most });

/** How often each key occurs. */
function tally(keys: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function expectBalanced(orders: readonly (readonly (string | number)[])[], n: number, times: number): void {
  const places = tally(orders.flatMap((order) => order.map((box, place) => `${box}@${place}`)));
  expect(places.size).toBe(n * n);
  expect(new Set(places.values())).toEqual(new Set([times]));
  const neighbours = tally(orders.flatMap((order) => order.slice(1).map((box, index) => `${order[index]}>${box}`)));
  expect(neighbours.size).toBe(n * (n - 1));
  if (n > 1) expect(new Set(neighbours.values())).toEqual(new Set([times]));
}

describe('williamsSquare', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15])('is balanced for places and for neighbours with %i boxes', (n) => {
    const square = williamsSquare(n);
    expect(square).toHaveLength(cycleLength(n));
    expectBalanced(square, n, cycleLength(n) / n);
  });

  it('needs n rows for even n and 2n for odd', () => {
    expect([1, 2, 3, 4, 5].map(cycleLength)).toEqual([1, 2, 6, 4, 10]);
    expect(roundUp(10, 4)).toBe(12);
    expect(roundUp(10, 5)).toBe(10);
    expect(roundUp(11, 5)).toBe(20);
    expect(roundUp(12, 4)).toBe(12);
  });
});

describe('blockOrder', () => {
  it('is balanced for every workload over whole cycles, whatever the seed, block and number of boxes', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), number(1, 40), number(2, 8), number(1, 3), (seed, block, n, cycles) => {
        const rounds = cycles * cycleLength(n);
        const order = blockOrder({ seed, block, boxes: boxes(n), workloads: WORKLOADS, rounds });
        expect(order.rounds).toHaveLength(rounds);
        for (const workload of WORKLOADS) {
          const orders = order.rounds.map((turns) => turns.find((turn) => turn.workload === workload)?.order ?? []);
          expectBalanced(orders, n, rounds / n);
          // And not only in sum: each cycle is balanced by itself.
          expectBalanced(orders.slice(0, cycleLength(n)), n, cycleLength(n) / n);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('visits each workload once a round, starts each box once, and long visits as often as asked for, over all boxes', () => {
    fc.assert(
      fc.property(fc.nat(), number(1, 40), number(1, 6), number(0, 11), (seed, block, n, rounds) => {
        const order = blockOrder({ seed, block, boxes: boxes(n), workloads: WORKLOADS, rounds, longVisits: 2 });
        const sorted = (items: readonly string[]) => [...items].sort();
        expect(order.rounds).toHaveLength(rounds);
        expect(sorted(order.startOrder)).toEqual(boxes(n));
        expect(order.longVisits).toHaveLength(2);
        for (const turns of [...order.rounds, ...order.longVisits, order.hostOrder]) {
          expect(sorted(turns.map(({ workload }) => workload))).toEqual(sorted(WORKLOADS));
          for (const turn of turns) expect(sorted(turn.order)).toEqual(boxes(n));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('draws other labels for each workload and block', () => {
    const firsts = [1, 2, 3, 4, 5, 6].flatMap((block) => {
      const order = blockOrder({ seed: 3, block, boxes: boxes(6), workloads: WORKLOADS, rounds: 6 });
      return order.rounds.map((turns) => turns.find((turn) => turn.workload === 'fft')?.order.join(' '));
    });
    expect(new Set(firsts).size).toBeGreaterThan(30);
  });

  it('gives the stored order for a stored seed', () => {
    const order = blockOrder({
      seed: 101010,
      block: 1,
      boxes: boxes(4),
      workloads: ['fft', 'sor'],
      rounds: 4,
      longVisits: 2,
    });
    const line = ({ workload, order }: { workload: string; order: readonly string[] }) =>
      `${workload} ${order.join(' ')}`;
    expect({
      start: order.startOrder.join(' '),
      rounds: order.rounds.map((turns) => turns.map(line).join(' | ')),
      long: order.longVisits.map((turns) => turns.map(line).join(' | ')),
      host: order.hostOrder.map(line).join(' | '),
    }).toMatchInlineSnapshot(`
      {
        "host": "sor box2 box0 box1 box3 | fft box0 box2 box1 box3",
        "long": [
          "sor box0 box1 box2 box3 | fft box0 box3 box2 box1",
          "sor box1 box3 box0 box2 | fft box2 box0 box1 box3",
        ],
        "rounds": [
          "sor box3 box1 box0 box2 | fft box0 box3 box1 box2",
          "fft box1 box0 box2 box3 | sor box0 box3 box2 box1",
          "fft box3 box2 box0 box1 | sor box1 box2 box3 box0",
          "sor box2 box0 box1 box3 | fft box2 box1 box3 box0",
        ],
        "start": "box2 box3 box0 box1",
      }
    `);
  });
});

describe('boxesOf', () => {
  it('adds the control, the second copy of the baseline', () => {
    const environments = [{ path: 'native' }, { path: 'docker/docker', alias: 'nested' }];
    expect(boxesOf({ environments, baseline: 'native' })).toEqual(['native', 'docker/docker', 'native@control']);
    expect(controlOf('docker')).toBe('docker@control');
  });
});

it('long visits are balanced over a session: few in a block, and every box as often in every place', () => {
  fc.assert(
    fc.property(fc.nat(), number(2, 7), number(1, 3), (seed, n, longVisits) => {
      const cycle = cycleLength(n);
      const orders = Array.from({ length: cycle }, (_, index) =>
        blockOrder({ seed, block: index + 1, boxes: boxes(n), workloads: ['fft'], rounds: 1, longVisits }),
      ).flatMap((order) => order.longVisits.map((turns) => turns[0]?.order ?? []));
      expectBalanced(orders, n, (cycle * longVisits) / n);
    }),
    { numRuns: 40 },
  );
});

it('rounds that are too few for a cycle are balanced over a session, too', () => {
  fc.assert(
    fc.property(fc.nat(), number(2, 7), (seed, n) => {
      const cycle = cycleLength(n);
      const rounds = Math.max(1, cycle - 1);
      const orders = Array.from({ length: cycle }, (_, index) =>
        blockOrder({ seed, block: index + 1, boxes: boxes(n), workloads: ['fft'], rounds }),
      ).flatMap((order) => order.rounds.map((turns) => turns[0]?.order ?? []));
      expectBalanced(orders, n, (cycle * rounds) / n);
    }),
    { numRuns: 40 },
  );
});
