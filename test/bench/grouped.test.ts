/** Values by two names against maps. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByPair } from '../../bench/grouped.ts';

it('finds what was added for both names, and keeps the order in which pairs came', () => {
  const name = fc.constantFrom('', 'a', 'b', 'a b');
  fc.assert(
    fc.property(fc.array(fc.tuple(name, name), { maxLength: 40 }), (pairs) => {
      const own = new ByPair<{ readonly place: number }>();
      const seen = new Map<string, number>();
      for (const [first, second] of pairs) {
        const key = JSON.stringify([first, second]);
        expect(own.get(first, second)?.place).toBe(seen.get(key));
        if (seen.has(key)) continue;
        seen.set(key, seen.size);
        own.add(first, second, { place: seen.size - 1 });
        expect(own.get(first, second)?.place).toBe(seen.get(key));
      }
      expect(own.all.map(({ place }) => place)).toEqual([...seen.values()]);
      for (const [first, values] of own.byFirst) {
        for (const [second, { place }] of values) expect(seen.get(JSON.stringify([first, second]))).toBe(place);
      }
    }),
  );
});
