/** Figures read from what a program prints. */

import { describe, expect, it } from 'vitest';
import { meanOf, readMetric } from '../../bench/payload/commands/metrics.ts';

const by = (pattern: string) => ({ id: 'p.m', pattern, better: 'higher' as const });
const at = (json: string) => ({ id: 'p.m', json, better: 'lower' as const });

describe('a figure', () => {
  it.each([
    ['([0-9.]+) MB/s', 'first 1.5 MB/s\nlast 2.5 MB/s\n', 2.5],
    ['^total: (.*)$', 'total: 1,234,567\n', 1_234_567],
    ['[0-9.e+]+', '1.5e+3', 1500],
  ])('by the pattern %s is the last match', (pattern, output, value) =>
    expect(readMetric(by(pattern), output)).toBe(value),
  );

  it.each([
    ['.results.0.mean', '{"results":[{"mean":0.25}]}', 0.25],
    ['.a', '{"a":"12.5"}', 12.5],
  ])('at %s is that of the document', (path, output, value) => expect(readMetric(at(path), output)).toBe(value));

  it.each([
    [by('x(\\d+)'), 'nothing here', /matches nothing/],
    [at('.a.b'), '{"a":1}', /nothing at .a.b/],
    [at('.a'), 'no json', /nothing at .a/],
    [at('.__proto__'), '{}', /nothing at/],
    [by('(.+)'), '0', /not a number above 0/],
    [by('(.+)'), '-3', /not a number above 0/],
    [by('(.*)'), 'abc', /not a number above 0/],
  ])('is refused with the reason: %j', (metric, output, reason) =>
    expect(() => readMetric(metric, output)).toThrow(reason),
  );
});

it('the mean of rates is that of equal work, the mean of times that of equal weight', () => {
  expect(meanOf([1, 3], 'higher')).toBeCloseTo(1.5, 12);
  expect(meanOf([1, 3], 'lower')).toBe(2);
});
