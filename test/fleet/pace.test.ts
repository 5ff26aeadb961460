import { describe, expect, it } from 'vitest';
import { Pace } from '../../cli/fleet/pace.ts';

const MINUTE = 60_000;

describe('the pace of hosts', () => {
  /** A block of this host from `at` on; what is said at its end. */
  const block = (pace: Pace, host: string, at: number, tookMs: number) => {
    pace.began(host, at);
    return pace.ended(host, at + tookMs);
  };

  it('is slow, once, when a block takes three times as long as elsewhere', () => {
    const pace = new Pace();
    expect(block(pace, 'a', 0, 30_000)).toBeNull();
    expect(block(pace, 'b', 0, 34_000)).toBeNull();
    expect(block(pace, 'c', 0, 95_000)).toBeNull();
    expect(block(pace, 'c', 1e6, 97_000)).toBe('slow: a block takes 1 min 37 s, elsewhere 32 s');
    expect(block(pace, 'c', 2e6, 97_000)).toBeNull();
  });

  it('says nothing of a host alone, and of blocks of a moment', () => {
    const pace = new Pace();
    expect(block(pace, 'a', 0, 500)).toBeNull();
    expect(block(pace, 'a', 1e4, 90_000)).toBeNull();
    expect(block(pace, 'b', 0, 4900)).toBeNull();
    expect(pace.ended('c', 9e9)).toBeNull();
  });

  it('names a host that has gone quiet, once until it speaks again, and none that has ended', () => {
    const pace = new Pace();
    for (const host of ['a', 'b', 'c']) pace.heard(host, 0);
    pace.heard('b', 10 * MINUTE);
    pace.done('c');
    expect(pace.quiet(14 * MINUTE)).toEqual([]);
    expect(pace.quiet(16 * MINUTE)).toEqual([{ host: 'a', text: 'nothing heard for 16 min 00 s' }]);
    expect(pace.quiet(17 * MINUTE)).toEqual([]);
    pace.heard('a', 18 * MINUTE);
    expect(pace.quiet(40 * MINUTE).map(({ host }) => host)).toEqual(['a', 'b']);
  });
});
