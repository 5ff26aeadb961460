/** Numbers by round against a map. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByRound, joined } from '../../../bench/analysis/contrast/by-round.ts';

it('holds what a map holds, in its order, however rounds come', () => {
  const rounds = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constantFrom(2 ** 40, Number.MAX_SAFE_INTEGER));
  const steps = fc.array(fc.tuple(rounds, fc.double()), { maxLength: 60 });
  const ascending = steps.map((all) => all.map(([, value], at) => [3 * at, value] as [number, number]));
  fc.assert(
    fc.property(fc.oneof(steps, ascending), fc.nat({ max: 60 }), (all, guess) => {
      const map = new Map<number, number>();
      const own = new ByRound();
      for (const [round, value] of all) {
        map.set(round, value);
        own.set(round, value);
        // Also while it grows.
        expect(own.get(round)).toBe(value);
        expect(own.get(round + 1)).toBe(map.get(round + 1));
      }
      expect(own.size).toBe(map.size);
      expect([...own.rounds]).toEqual([...map.keys()]);
      expect([...own.values]).toEqual([...map.values()]);
      for (const round of [...map.keys(), -1, 1, 99]) {
        expect(own.placeOf(round, guess)).toBe([...map.keys()].indexOf(round));
      }
      const sorted = [...map].sort(([one], [other]) => one - other);
      expect([...own.inOrder().rounds]).toEqual(sorted.map(([round]) => round));
      expect([...own.inOrder().values]).toEqual(sorted.map(([, value]) => value));
    }),
    { numRuns: 1000 },
  );
});

it('is joined with others one after the other', () => {
  expect([...joined([Float64Array.of(1, 2), Float64Array.of(), Float64Array.of(3)])]).toEqual([1, 2, 3]);
});
