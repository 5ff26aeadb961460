import { expect, it } from 'vitest';
import { roundTo125 } from '../../bench/run/calibrate.ts';
import { Ledger } from '../../bench/run/watch/ledger.ts';

it('a ledger lets the first state stand until another box differs, then asks the replay once per pass count', async () => {
  const asked: number[][] = [];
  const ledger = new Ledger(async (_, passes) => {
    asked.push([...passes]);
    return passes.map((count) => `right${count}`);
  });
  expect(ledger.agrees('fft', 10, 'wrong')).toBe(true);
  expect(ledger.agrees('fft', 10, 'right10')).toBe(false);
  expect(ledger.agrees('sor', 10, 'other')).toBe(true);
  expect(await ledger.expected('fft', [10])).toEqual(['right10']);
  expect(ledger.agrees('fft', 10, 'right10')).toBe(true);
  expect(ledger.agrees('fft', 10, 'wrong')).toBe(false);
  expect(await ledger.expected('fft', [30, 10, 20, 30])).toEqual(['right30', 'right10', 'right20', 'right30']);
  expect(asked).toEqual([[10], [20, 30]]);
});

it('work per burst is rounded to 1, 2, 5 of a decade, the nearest in logarithms, never under one pass', () => {
  const cases: [number, number][] = [
    [0.2, 1],
    [1.4, 1],
    [1.5, 2],
    [3, 2],
    [3.3, 5],
    [7, 5],
    [7.2, 10],
    [260, 200],
    [1e6, 1e6],
    [Number.NaN, 1],
  ];
  for (const [passes, rounded] of cases) expect(roundTo125(passes), String(passes)).toBe(rounded);
});
