/** Objectives of capacity: what is read, what is refused with which words, and that writing gives back what was read. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatObjective, meetsObjective, OBJECTIVE, OBJECTIVE_FIGURES } from '../../bench/plan/objective.ts';

const parse = (text: unknown) => OBJECTIVE.parse(text, '--objective');

describe('an objective', () => {
  it('has a quantile, a figure and a limit', () => {
    expect(parse('p99 slowdown <= 1.10')).toEqual({ figure: 'slowdown', quantile: 0.99, limit: 1.1, isStrict: false });
    expect(parse(' median  slowdown<1.5 ')).toEqual({ figure: 'slowdown', quantile: 0.5, limit: 1.5, isStrict: true });
    expect(parse('p99.9 latency ≤ 50 ms')).toEqual({ figure: 'latency', quantile: 0.999, limit: 5e7, isStrict: false });
    expect(parse('p50 latency < 1.5s')).toEqual({ figure: 'latency', quantile: 0.5, limit: 1.5e9, isStrict: true });
  });

  it.each([
    ['suite > 2%', '--objective takes an objective: a quantile, slowdown or latency, <= or <, and a limit.'],
    ['p99 slowdown', '--objective takes an objective'],
    ['p99 slowdown >= 1.1', '--objective takes an objective'],
    ['p99 slowdown <= ', '--objective takes an objective'],
    ['slowdown <= 1.1', '--objective takes an objective'],
    ['', '--objective takes an objective'],
    ['p99 slowdwn <= 1.1', 'is about slowdown or latency (did you mean "slowdown"?).'],
    ['p99 throughput <= 1.1', 'is about slowdown or latency.'],
    ['p49 slowdown <= 1.1', 'is median, or from p50 to p99.9.'],
    ['p99.95 slowdown <= 1.1', 'is median, or from p50 to p99.9.'],
    ['99 slowdown <= 1.1', 'is median, or from p50 to p99.9.'],
    ['mean slowdown <= 1.1', 'is median, or from p50 to p99.9.'],
    ['p99 slowdown <= 0.9', 'is a factor from 1 to 1000.'],
    ['p99 slowdown <= 10%', 'is a factor from 1 to 1000.'],
    ['p99 slowdown <= 50ms', 'is a factor from 1 to 1000.'],
    ['p99 latency <= 50', 'The latency of --objective takes a time with its unit.'],
    ['p99 latency <= 1.1', 'The latency of --objective takes a time with its unit.'],
  ])('refuses %j with the value and an example', (text, message) => {
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).toThrow(/received: .*\n {2}try: /);
  });

  it('refuses what is no text', () => {
    for (const value of [5, null, ['p99 slowdown <= 1.1']]) expect(() => parse(value)).toThrow(/takes an objective/);
  });

  it('is written as it can be read', () => {
    expect(formatObjective(parse('p99 slowdown ≤ 1.10'))).toBe('p99 slowdown <= 1.1');
    expect(formatObjective(parse('p50 latency < 0.05s'))).toBe('median latency < 50ms');
    fc.assert(
      fc.property(
        fc.constantFrom(...OBJECTIVE_FIGURES),
        fc.integer({ min: 500, max: 999 }),
        fc.integer({ min: 1000, max: 1_000_000 }),
        fc.integer({ min: 1, max: 1e15 }),
        fc.boolean(),
        (figure, permille, thousandths, ns, isStrict) => {
          const limit = figure === 'latency' ? ns : thousandths / 1000;
          const objective = { figure, quantile: permille / 1000, limit, isStrict };
          expect(parse(formatObjective(objective))).toEqual(objective);
          expect(OBJECTIVE.format(parse(OBJECTIVE.format(objective)))).toBe(OBJECTIVE.format(objective));
        },
      ),
    );
  });

  it('is met by its limit, unless that is excluded', () => {
    expect(meetsObjective(parse('p99 slowdown <= 1.1'), 1.1)).toBe(true);
    expect(meetsObjective(parse('p99 slowdown < 1.1'), 1.1)).toBe(false);
    expect(meetsObjective(parse('p99 latency < 50ms'), 49_999_999)).toBe(true);
    expect(meetsObjective(parse('p99 slowdown <= 1.1'), Number.NaN)).toBe(false);
  });
});
