/** The regression gate of a paired run: false alarms and detection on simulated blocks, and every way to no verdict. */

import { describe, expect, it } from 'vitest';
import { judge } from '../../../bench/analysis/contrast/verdict.ts';
import { confirm, type Gated, gateOf, gatePaired } from '../../../bench/analysis/regression.ts';
import { ratioOf } from '../../../bench/analysis/stats/interval.ts';
import { randomStream, type Stream } from '../../../bench/random.ts';
import { BEYOND, mostHits, trialsOf } from './trials.ts';

const MARGIN = 0.02;

function normal(stream: Stream): number {
  const radius = Math.sqrt(-2 * Math.log((stream.nextUint32() + 1) / 2 ** 32));
  return radius * Math.cos((2 * Math.PI * stream.nextUint32()) / 2 ** 32);
}

describe('a paired run', () => {
  /** The gate's answer for blocks with this true change. */
  function gate(stream: Stream, change: number, spread: number): Gated {
    const values = Array.from({ length: 10 }, () => change + spread * normal(stream));
    const { interval } = ratioOf(values);
    const control = { low: 0.999, high: 1.001 };
    const sums = { total: interval, sustained: null };
    const evidence = { interval, control, intermittent: false, ...sums, distrust: [] };
    const { verdict, additions, reasons } = judge(evidence, MARGIN);
    return gatePaired(verdict, additions, reasons);
  }

  it.each([0.003, 0.01, 0.03])(
    'raises an alarm in at most 25 cases of 1000 when the true change is the margin (spread %s)',
    (spread) => {
      const trials = trialsOf(4000);
      let alarms = 0;
      for (let trial = 0; trial < trials; trial++) {
        if (gate(randomStream(101010, trial, 'edge'), Math.log1p(MARGIN), spread).verdict === 'regressed') alarms += 1;
      }
      expect(alarms).toBeLessThanOrEqual(mostHits(0.025, trials, BEYOND.three));
      expect(alarms).toBeGreaterThan(0); // Else the rule would be another one.
    },
  );

  it('finds 10 % more, and calls no change unchanged', () => {
    for (let trial = 0; trial < trialsOf(500); trial++) {
      const stream = randomStream(5, trial, 'gate');
      expect(gate(stream, Math.log(1.1), 0.01).verdict).toBe('regressed');
      expect(gate(stream, Math.log(0.9), 0.01).verdict).toBe('improved');
      expect(gate(stream, 0, 0.003).verdict).toBe('unchanged');
    }
  });

  it('has no verdict where the session has none, with its reasons', () => {
    expect(gatePaired('slower', [], [])).toEqual({ verdict: 'no verdict', reasons: [{ kind: 'not-past-margin' }] });
    expect(gatePaired('faster', [], []).verdict).toBe('no verdict');
    const reasons = [{ kind: 'too-wide' }] as const;
    expect(gatePaired('inconclusive', [], reasons)).toEqual({ verdict: 'no verdict', reasons });
    expect(gatePaired('untrusted', ['past-margin'], [{ kind: 'control-differs' }]).verdict).toBe('no verdict');
    expect(gatePaired(null, [], []).verdict).toBe('no verdict');
  });

  it('believes a regression only when fresh blocks show it again', () => {
    const regressed: Gated = { verdict: 'regressed', reasons: [] };
    const unchanged: Gated = { verdict: 'unchanged', reasons: [] };
    expect(confirm(regressed, regressed)).toEqual(regressed);
    expect(confirm(regressed, unchanged)).toEqual({
      verdict: 'no verdict',
      reasons: [{ kind: 'not-confirmed', verdict: 'unchanged' }],
    });
    expect(confirm(regressed, undefined).verdict).toBe('no verdict');
    expect(confirm(unchanged, undefined)).toBe(unchanged);
  });
});

describe('the gate', () => {
  const row = (verdict: Gated['verdict']): Gated => ({ verdict, reasons: [] });

  it('fails on one regression, and is not passed while a figure has no verdict', () => {
    expect(gateOf([row('unchanged'), row('no verdict'), row('regressed')])).toBe('regressed');
    expect(gateOf([row('unchanged'), row('no verdict')])).toBe('no verdict');
    expect(gateOf([row('unchanged'), row('improved')])).toBe('passed');
    expect(gateOf([])).toBe('no verdict');
  });
});
