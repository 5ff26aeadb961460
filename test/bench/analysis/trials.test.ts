import { describe, expect, it, vi } from 'vitest';
import { BEYOND, leastHits, mostHits, trialsOf } from './trials.ts';

describe('trials', () => {
  it('are a tenth in the gate, and all of them when that is asked for', () => {
    vi.stubEnv('BOXMARK_TRIALS', undefined);
    expect(trialsOf(1000)).toBe(100);
    expect(trialsOf(15)).toBe(2);
    vi.stubEnv('BOXMARK_TRIALS', 'all');
    expect(trialsOf(1000)).toBe(1000);
    vi.unstubAllEnvs();
  });

  it('allow as many hits as leave less than the tail above them', () => {
    // Of ten throws of a coin: more than 8 heads with a chance of 11/1024, more than 7 with one of 56/1024.
    expect(mostHits(0.5, 10, BEYOND.two)).toBe(8);
    expect(mostHits(0.5, 10, 56 / 1024)).toBe(7);
    expect(leastHits(0.5, 10, BEYOND.two)).toBe(2);
    for (const trials of [3, 4, 17, 100]) expect(mostHits(0.3, trials, 0)).toBeGreaterThan(trials * 0.3);
    expect(mostHits(0.3, 4, 0)).toBe(4);
  });

  it('allow about what the normal approximation says where it holds', () => {
    const trials = 4000;
    // At 0.95 the chance of no hit is 1e-5204, which no double holds.
    for (const share of [0.05, 0.95]) {
      const approximate = share * trials + 2 * Math.sqrt(share * (1 - share) * trials);
      expect(Math.abs(mostHits(share, trials, BEYOND.two) - approximate)).toBeLessThan(1.5);
    }
  });
});
