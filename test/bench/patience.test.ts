import { expect, it } from 'vitest';
import { Patience } from '../../bench/run/watch/patience.ts';

it('waits as the plan says for a first answer, then for 20 times the longest so far', () => {
  const patience = new Patience();
  expect(patience.waitFor('docker visit fft', 60_000)).toEqual({ limitMs: 60_000 });
  patience.answered('docker visit fft', 900);
  patience.answered('docker visit fft', 700);
  expect(patience.waitFor('docker visit fft', 60_000)).toEqual({ limitMs: 18_000, longestMs: 900 });
});

it('keeps kinds of requests apart', () => {
  const patience = new Patience();
  patience.answered('docker visit fft', 900);
  expect(patience.waitFor('docker long fft', 60_000)).toEqual({ limitMs: 60_000 });
});

it('waits no longer than the plan allows, and no shorter than a host may pause', () => {
  const patience = new Patience();
  patience.answered('slow', 10_000);
  patience.answered('fast', 1);
  expect(patience.waitFor('slow', 60_000)).toEqual({ limitMs: 60_000 });
  expect(patience.waitFor('fast', 60_000)).toEqual({ limitMs: 10_000, longestMs: 1 });
});
