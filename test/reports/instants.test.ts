/** Instants of a session's rows against `Date.parse`. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { instantMs } from '../../reports/model/run-order.ts';

it('are what Date.parse makes of them, also where they are none', () => {
  const days = fc.constantFrom(
    '2026-11-23',
    '2026-02-30',
    '2024-02-29',
    '2026-13-01',
    '1969-12-31',
    '0000-01-01',
    'é026-11-23',
  );
  const times = fc.constantFrom('T17:00:', 'T23:59:', 'T24:00:', 'T12:60:', ' 17:00:', 't17:00:');
  const ends = fc.constantFrom(
    '00.000Z',
    '07.123Z',
    '59.999Z',
    '60.000Z',
    '61.000Z',
    '0a.000Z',
    '00.0b0Z',
    '00.000z',
    '00.0000',
    '07Z',
    '',
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(days, times, ends), { maxLength: 12 }), (all) => {
      for (const parts of all) expect(instantMs(parts.join(''))).toBe(Date.parse(parts.join('')));
    }),
    { numRuns: 3000 },
  );
});
