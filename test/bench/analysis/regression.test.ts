/** The regression gate: its limits by hand, false alarms and detection on simulated sessions, and every way to no verdict. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '../../../bench/analysis/contrast/verdict.ts';
import {
  compareStored,
  confirm,
  type Figure,
  type Gated,
  gateOf,
  gatePaired,
  LEAST_SESSIONS,
} from '../../../bench/analysis/regression.ts';
import { ratioOf } from '../../../bench/analysis/stats/interval.ts';
import { randomStream, type Stream } from '../../../bench/random.ts';
import { BEYOND, mostHits, trialsOf } from './trials.ts';

const MARGIN = 0.02;

function normal(stream: Stream): number {
  const radius = Math.sqrt(-2 * Math.log((stream.nextUint32() + 1) / 2 ** 32));
  return radius * Math.cos((2 * Math.PI * stream.nextUint32()) / 2 ** 32);
}

/** One figure a session. */
const sessions = (values: readonly number[], workload = 'fft'): Figure[][] =>
  values.map((log) => [{ env: 'docker', workload, log }]);

const one = (before: readonly number[], after: readonly number[]) =>
  compareStored(sessions(before), sessions(after), MARGIN)[0];

describe('stored sessions', () => {
  it('give the prediction limit of the textbook: mean ± t · s · √(1 + 1/K)', () => {
    const before = [0.01, 0.012, 0.008, 0.011, 0.009];
    const row = one(before, [0.05]);
    // s = 0.00158114, t(0.975, 4) = 2.77645, √(1 + 1/5) = 1.09545.
    expect(row?.limitLog).toBeCloseTo(2.7764451 * 0.0015811388 * 1.0954451, 9);
    expect(row?.changeLog).toBeCloseTo(0.04, 12);
    expect(row).toMatchObject({ verdict: 'regressed', reasons: [], baselineSessions: 5, candidateSessions: 1 });
    expect(one(before, [-0.03])?.verdict).toBe('improved');
  });

  it('with several of the candidate take their mean, and a limit that is the narrower for it', () => {
    const before = [0.01, 0.012, 0.008, 0.011, 0.009];
    const row = one(before, [0.05, 0.03]);
    expect(row?.candidateLog).toBeCloseTo(0.04, 12);
    expect(row?.limitLog).toBeCloseTo(2.7764451 * 0.0015811388 * Math.sqrt(1 / 2 + 1 / 5), 9);
  });

  it('flag only what is outside the limit and beyond the margin', () => {
    const quiet = [0, 0.0001, -0.0001, 0.0002, -0.0002];
    const noisy = [0, 0.03, -0.03, 0.05, -0.05];
    expect(one(quiet, [0.015])?.verdict).toBe('unchanged'); // Far outside, within the margin.
    expect(one(quiet, [0.025])?.verdict).toBe('regressed');
    expect(one(noisy, [0.04])).toMatchObject({ verdict: 'no verdict', reasons: [{ kind: 'within-spread' }] });
    expect(one(noisy, [0.01])?.verdict).toBe('unchanged');
  });

  it('adjust for the number of figures', () => {
    const before = [0, 0.01, -0.01, 0.02, -0.02, 0.015];
    const alone = compareStored(sessions(before), sessions([0.06]), MARGIN);
    expect(alone[0]?.verdict).toBe('regressed');
    const workloads = ['fft', 'sor', 'lu', 'sparse', 'monte-carlo', 'suite'];
    const many = (values: readonly number[], first = 0) =>
      values.map((log) =>
        workloads.map((workload, at) => ({ env: 'docker', workload, log: at === 0 ? log + first : log })),
      );
    const rows = compareStored(many(before), many([0], 0.06), MARGIN);
    expect(rows[0]).toMatchObject({ workload: 'fft', verdict: 'no verdict', reasons: [{ kind: 'within-spread' }] });
    expect(rows[0]?.pValue).toBeGreaterThan(alone[0]?.pValue ?? 1);
  });

  it('of fewer than five give no verdict, whatever the change', () => {
    for (const count of [1, LEAST_SESSIONS - 1]) {
      const row = one(Array(count).fill(0.01), [0.5]);
      expect(row).toMatchObject({ verdict: 'no verdict', reasons: [{ kind: 'few-sessions', sessions: count }] });
      expect(row).toMatchObject({ limitLog: null, pValue: null });
      expect(row?.changeLog).toBeCloseTo(0.49, 12);
    }
  });

  it('report a figure that the candidate does not have, and skip one that only it has', () => {
    const before = sessions([0.01, 0.011, 0.012, 0.01, 0.009]);
    const after = [[{ env: 'uml', workload: 'fft', log: 0.2 }]];
    expect(compareStored(before, after, MARGIN)).toEqual([
      expect.objectContaining({ env: 'docker', verdict: 'no verdict', reasons: [{ kind: 'no-figure' }] }),
    ]);
    expect(compareStored(before.slice(0, 4), after, MARGIN)).toEqual([]);
  });

  it('that are all alike have no width: the margin alone decides', () => {
    expect(one([0.01, 0.01, 0.01, 0.01, 0.01], [0.01])).toMatchObject({ verdict: 'unchanged', pValue: 1 });
    expect(one([0.01, 0.01, 0.01, 0.01, 0.01], [0.02])?.verdict).toBe('unchanged');
    expect(one([0.01, 0.01, 0.01, 0.01, 0.01], [0.04])?.verdict).toBe('regressed');
  });

  it('give a stated outcome for any numbers, and never NaN', () => {
    const value = fc.double({ noDefaultInfinity: false, noNaN: false });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 8 }), fc.array(value, { maxLength: 3 }), (before, after) => {
        for (const row of compareStored(sessions(before), sessions(after), MARGIN)) {
          expect(['regressed', 'improved', 'unchanged', 'no verdict']).toContain(row.verdict);
          expect(row.reasons.length).toBe(row.verdict === 'no verdict' ? 1 : 0);
          expect(row.pValue ?? 0).not.toBeNaN();
        }
      }),
    );
  });

  it('swapped, turn a regression into an improvement of the same size', () => {
    const a = [0.01, 0.011, 0.012, 0.01, 0.009];
    const b = a.map((log) => log + 0.1);
    expect(one(a, b)?.verdict).toBe('regressed');
    expect(one(b, a)?.verdict).toBe('improved');
    expect(one(b, a)?.changeLog).toBeCloseTo(-(one(a, b)?.changeLog ?? 0), 12);
  });

  const CELLS = 12;
  const figures = (stream: Stream, change: number, spread: number): Figure[] =>
    Array.from({ length: CELLS }, (_, cell) => ({
      env: 'docker',
      workload: `w${cell}`,
      log: cell / 100 + change + spread * normal(stream),
    }));

  it.each([0.004, 0.01, 0.03])(
    'that did not change raise an alarm in at most five families of a hundred (spread %s)',
    (spread) => {
      const trials = trialsOf(1500);
      let alarms = 0;
      for (let trial = 0; trial < trials; trial++) {
        const stream = randomStream(20261123, trial, 'unchanged');
        const before = Array.from({ length: 8 }, () => figures(stream, 0, spread));
        const rows = compareStored(before, [figures(stream, 0, spread)], MARGIN);
        if (rows.some(({ verdict }) => verdict === 'regressed' || verdict === 'improved')) alarms += 1;
      }
      expect(alarms).toBeLessThanOrEqual(mostHits(0.05, trials, BEYOND.two));
    },
  );

  it('find 10 % more in every figure', () => {
    const trials = trialsOf(300);
    let found = 0;
    for (let trial = 0; trial < trials; trial++) {
      const stream = randomStream(7, trial, 'slower');
      const before = Array.from({ length: 8 }, () => figures(stream, 0, 0.01));
      const rows = compareStored(before, [figures(stream, Math.log(1.1), 0.01)], MARGIN);
      found += rows.filter(({ verdict }) => verdict === 'regressed').length;
      expect(gateOf(rows)).toBe('regressed');
    }
    expect(found / (trials * CELLS)).toBeGreaterThan(0.95);
  });
});

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
