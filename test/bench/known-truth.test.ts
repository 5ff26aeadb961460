import { describe, expect, it } from 'vitest';
import { extraPasses, realisedRatio, slowShare } from '../../bench/payload/known-truth.ts';

describe('a known truth', () => {
  it.each([
    [1000, 0.02, 20, 1.02],
    [200, 0.01, 2, 1.01],
    [50, 0.02, 1, 1.02],
    [50, 0.01, 1, 1.02],
    [20, 0.02, 0, 1],
    [10, 0.05, 1, 1.1],
    [1, 0.5, 1, 2],
    [1, 0.1, 0, 1],
  ])(
    '%i passes and a share of %f are %i extra ones: what was done is true, not what was asked for',
    (work, share, extra, ratio) => {
      expect(extraPasses(work, share)).toBe(extra);
      expect(realisedRatio(work, share)).toBeCloseTo(ratio, 12);
    },
  );

  it('is an argument on the command line, and nothing else is taken for it', () => {
    expect(slowShare(['node', 'payload.cjs'])).toBe(0);
    expect(slowShare(['node', 'payload.cjs', '--start=x', '--slow=0.02'])).toBe(0.02);
    for (const text of ['0', '-1', '2%', 'NaN', '1.5', '', '1e-2']) {
      expect(() => slowShare([`--slow=${text}`]), text).toThrow(/share above 0/);
    }
  });
});
