/** The gate over stored sessions: its limits by hand, what it can't be made to say, false alarms and power on simulated sessions. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foundShare, powerOf, unchangedShare } from '../../../bench/analysis/gate-power.ts';
import { gateOf, LEAST_SESSIONS } from '../../../bench/analysis/regression.ts';
import { compareStored, type Figure } from '../../../bench/analysis/stored-gate.ts';
import { randomStream, type Stream } from '../../../bench/random.ts';
import { BEYOND, leastHits, mostHits, trialsOf } from './trials.ts';

const MARGIN = 0.02;

function normal(stream: Stream): number {
  const radius = Math.sqrt(-2 * Math.log((stream.nextUint32() + 1) / 2 ** 32));
  return radius * Math.cos((2 * Math.PI * stream.nextUint32()) / 2 ** 32);
}

const figure = (log: number, changes: Partial<Figure> = {}): Figure => ({
  ...{ env: 'docker', workload: 'fft', log, blocks: 10, errorLog: null },
  ...changes,
});

/** One figure a session. */
const sessions = (values: readonly number[], changes: Partial<Figure> = {}): Figure[][] =>
  values.map((log) => [figure(log, changes)]);

const one = (before: readonly number[], after: readonly number[], changes: Partial<Figure> = {}) =>
  compareStored(sessions(before), sessions(after, changes), MARGIN)[0];

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

  it('with several of the candidate that scatter no more take their mean, and a limit that is the narrower for it', () => {
    const before = [0.01, 0.012, 0.008, 0.011, 0.009];
    const row = one(before, [0.0405, 0.0395]);
    expect(row?.candidateLog).toBeCloseTo(0.04, 12);
    expect(row?.limitLog).toBeCloseTo(2.7764451 * 0.0015811388 * Math.sqrt(1 / 2 + 1 / 5), 9);
  });

  it('flag only what is outside the limit and beyond the margin', () => {
    const quiet = [0, 0.0001, -0.0001, 0.0002, -0.0002];
    const noisy = [0, 0.03, -0.03, 0.05, -0.05];
    expect(one(quiet, [0.015])?.verdict).toBe('unchanged'); // Far outside, within the margin.
    expect(one(quiet, [0.025])?.verdict).toBe('regressed');
    expect(one(noisy, [0.04])).toMatchObject({ verdict: 'no verdict', reasons: [{ kind: 'within-spread' }] });
  });

  it('are unchanged only if the whole prediction interval lies within the margin', () => {
    const open = { verdict: 'no verdict', reasons: [{ kind: 'not-shown-unchanged' }] };
    expect(one([0.2, -0.2, 0.1, -0.25, 0.15], [0.005])).toMatchObject(open);
    expect(one([0, 0.03, -0.03, 0.05, -0.05], [0])).toMatchObject(open);
    // The limit is 0.0071: up to a change of 0.0127 everything lies within ln 1.02 = 0.0198.
    const before = [0.002, -0.002, 0.001, -0.003, 0.002];
    expect(one(before, [0.012])?.limitLog).toBeCloseTo(0.0071, 4);
    expect(one(before, [0.012])?.verdict).toBe('unchanged');
    expect(one(before, [-0.012])?.verdict).toBe('unchanged');
    expect(one(before, [0.014])).toMatchObject(open);
  });

  it('of a candidate that scatters more than they do are judged by its own scatter', () => {
    const before = [0.002, -0.002, 0.001, -0.003, 0.002];
    const wild = one(before, [Math.log(1.1), Math.log(0.9)]);
    expect(wild).toMatchObject({ verdict: 'no verdict', reasons: [{ kind: 'not-shown-unchanged' }] });
    expect(wild?.limitLog).toBeGreaterThan(1);
    expect(one(before, [0.3, -0.1])?.verdict).toBe('no verdict');
    // A single session's own interval: its standard error is 3 %.
    expect(one(before, [0.001])?.verdict).toBe('unchanged');
    expect(one(before, [0.001], { errorLog: 0.03, blocks: 6 })?.verdict).toBe('no verdict');
    expect(one(before, [0.03])?.verdict).toBe('regressed');
    expect(one(before, [0.03], { errorLog: 0.03, blocks: 6 })?.verdict).toBe('no verdict');
    expect(one(before, [0.03], { errorLog: 0.0001, blocks: 6 })?.verdict).toBe('regressed');
  });

  it('against a candidate of one block give no verdict, whatever the change', () => {
    const before = [0.002, -0.002, 0.001, -0.003, 0.002];
    for (const log of [0, 0.5]) {
      const row = one(before, [log], { blocks: 1 });
      expect(row).toMatchObject({ verdict: 'no verdict', reasons: [{ kind: 'one-block' }], pValue: null });
    }
  });

  it('adjust for the number of figures', () => {
    const before = [0, 0.01, -0.01, 0.02, -0.02, 0.015];
    const alone = compareStored(sessions(before), sessions([0.06]), MARGIN);
    expect(alone[0]?.verdict).toBe('regressed');
    const workloads = ['fft', 'sor', 'lu', 'sparse', 'monte-carlo', 'suite'];
    const many = (values: readonly number[], first = 0) =>
      values.map((log) => workloads.map((workload, at) => figure(at === 0 ? log + first : log, { workload })));
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
    const after = [[figure(0.2, { env: 'uml' })]];
    expect(compareStored(before, after, MARGIN)).toEqual([
      expect.objectContaining({ env: 'docker', verdict: 'no verdict', reasons: [{ kind: 'no-figure' }] }),
    ]);
    expect(compareStored(before.slice(0, 4), after, MARGIN)).toEqual([]);
  });

  it('that are all alike show nothing of how much sessions vary: there is no verdict', () => {
    for (const log of [0.01, 0.0100000000001, 0.02, 0.04, 0.5]) {
      const row = one([0.01, 0.01, 0.01, 0.01, 0.01], [log]);
      expect(row).toMatchObject({ verdict: 'no verdict', reasons: [{ kind: 'no-spread' }], pValue: null });
    }
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
    Array.from({ length: CELLS }, (_, cell) =>
      figure(cell / 100 + change + spread * normal(stream), { workload: `w${cell}` }),
    );

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

  it('whose change is the margin itself are called unchanged in at most 25 cases of 1000', () => {
    const trials = trialsOf(20_000);
    for (const spread of [0.001, 0.003, 0.01]) {
      let passed = 0;
      for (let trial = 0; trial < trials; trial++) {
        const stream = randomStream(4711, trial, `edge ${spread}`);
        const values = Array.from({ length: 5 }, () => spread * normal(stream));
        const after = Math.log1p(MARGIN) + spread * normal(stream);
        if (one(values, [after])?.verdict === 'unchanged') passed += 1;
      }
      expect(passed).toBeLessThanOrEqual(mostHits(0.025, trials, BEYOND.three));
    }
  });
});

describe('the power of the gate', () => {
  const design = { baselineSessions: 5, candidateSessions: 1, figures: 18, scatterLog: 0.01, margin: MARGIN };

  it('is that of an independent simulation: 5 % in one of 18 figures is found in 25 % with 5 sessions, 77 % with 12', () => {
    expect(foundShare(design, Math.log(1.05))).toBeCloseTo(0.25, 2);
    expect(foundShare({ ...design, baselineSessions: 12 }, Math.log(1.05))).toBeCloseTo(0.77, 2);
  });

  it.each([
    [5, 0.01, 0.05],
    [12, 0.01, 0.05],
    [8, 0.005, 0.03],
    [20, 0.005, 0.015],
  ])('is what the gate does with %i sessions that scatter by %s and a change of %s', (count, spread, change) => {
    const trials = trialsOf(5000);
    const figures = 18;
    let [found, passed] = [0, 0];
    const session = (stream: Stream, first: number) =>
      Array.from({ length: figures }, (_, cell) =>
        figure((cell === 0 ? first : 0) + spread * normal(stream), { workload: `w${cell}` }),
      );
    for (let trial = 0; trial < trials; trial++) {
      const stream = randomStream(31, trial, `power ${count} ${spread}`);
      const before = Array.from({ length: count }, () => session(stream, 0));
      const rows = compareStored(before, [session(stream, Math.log1p(change))], MARGIN);
      if (rows[0]?.verdict === 'regressed') found += 1;
      if (rows[1]?.verdict === 'unchanged') passed += 1;
    }
    const own = { ...design, baselineSessions: count, scatterLog: spread };
    for (const [hits, share] of [
      [found, foundShare(own, Math.log1p(change))],
      [passed, unchangedShare(own)],
    ] as const) {
      expect(hits).toBeGreaterThanOrEqual(leastHits(share, trials, BEYOND.four));
      expect(hits).toBeLessThanOrEqual(mostHits(share, trials, BEYOND.four));
    }
  });

  it('is that of the figures which could be tested, with their median scatter; null where none could', () => {
    const rows = compareStored(sessions([0.01, 0.012, 0.008, 0.011, 0.009]), sessions([0.01]), MARGIN);
    const power = powerOf(rows, MARGIN);
    expect(power).toMatchObject({
      baselineSessions: 5,
      candidateSessions: 1,
      figures: 1,
      change: 0.05,
      margin: MARGIN,
    });
    expect(power?.scatterLog).toBeCloseTo(0.00158114, 8);
    expect(power?.found).toBeGreaterThan(0.99);
    // The least change that is found in 80 % is found in 80 %.
    const least = Math.log1p(power?.reliable ?? 0);
    expect(foundShare({ ...design, ...power }, least)).toBeCloseTo(0.8, 6);
    expect(powerOf(compareStored(sessions([0.01]), sessions([0.01]), MARGIN), MARGIN)).toBeNull();
    expect(powerOf(rows, 0.1)?.change).toBe(0.2);
  });

  it('names no change where even a tenfold one is missed', () => {
    const wild = [3, -3, 2, -2.5, 0.5];
    expect(powerOf(compareStored(sessions(wild), sessions([0]), MARGIN), MARGIN)).toMatchObject({ reliable: null });
  });
});
