import { describe, expect, it } from 'vitest';
import { sparkline } from '../../reports/sections/sparkline.ts';

describe('a sparkline', () => {
  it('goes from the smallest to the largest value, with a mark before the first value after a change', () => {
    expect(sparkline([0, 1, 2, 7], [2], 10)).toBe('▁▂╎▃█');
  });

  it('has medians of neighbours where there are more values than columns, and never more columns than asked for', () => {
    const values = Array.from({ length: 1000 }, (_, index) => (index < 500 ? 0 : 1));
    expect(sparkline(values, [500], 11)).toBe('▁▁▁▁▁╎█████');
    for (const width of [1, 3, 8, 24]) {
      expect([...sparkline(values, [5, 100, 500, 501, 502, 900], width)].length).toBeLessThanOrEqual(width);
    }
  });

  it('of a constant series is a line, and of none is empty', () => {
    expect(sparkline([3, 3, 3], [], 5)).toBe('▁▁▁');
    expect(sparkline([], [], 5)).toBe('');
  });
});
