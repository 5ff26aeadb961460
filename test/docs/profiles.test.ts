import { expect, it } from 'vitest';
import { blocksText, DEFAULT_MARGIN, PROFILE_NUMBERS } from '../../bench/plan/profiles.ts';
import { PROFILES } from '../../bench/types.ts';
import { expectPart, table } from './generated.ts';

const HEAD = [
  'profile',
  'blocks',
  'ends early at',
  'rounds',
  'long visits',
  'starts',
  'idle instances',
  'instances at once, capacity',
  'density',
  'storms',
  'levels of load',
  'victims',
];

it('the documentation has the numbers of the profiles', async () => {
  const rows = PROFILES.map((name) => {
    const numbers = PROFILE_NUMBERS[name];
    const { target, rounds, longVisits, longNs, startup, footprint, scale, density, storm, load, neighbour } = numbers;
    return [
      `\`${name}\``,
      blocksText(numbers),
      target === null ? '–' : `±${Number((target * 100).toPrecision(3))} %`,
      String(rounds),
      longVisits === 0 ? '–' : `${longVisits} × ${longNs / 1e6} ms`,
      `${startup.blocks} blocks × ${startup.starts}`,
      `${footprint.blocks} blocks`,
      `${scale.blocks} blocks`,
      `${density.blocks} blocks`,
      `${storm.blocks} blocks`,
      `${load.blocks} blocks × ${load.levelNs / 1e9} s, ${load.levelArrivals} arrivals`,
      `${neighbour.blocks} blocks × ${neighbour.pairs}`,
    ];
  });
  await expectPart('docs/method.md', 'profiles', table(HEAD, rows));
});

it('the target of the standard profile decides at the default margin', () => {
  // An interval of this half-width fits between no difference and the margin, wherever it lies (docs/method.md).
  const decisive = Math.log(1 + DEFAULT_MARGIN) / 2;
  expect(PROFILE_NUMBERS.standard.target).toBeLessThanOrEqual(decisive);
  expect(PROFILE_NUMBERS.standard.target).toBeGreaterThan(0.99 * decisive);
});
