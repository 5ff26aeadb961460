/** Verdicts: each rule, exclusive and exhaustive for any interval, and sensible over simulated sessions. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupSamples } from '../../../bench/analysis/contrast/group.ts';
import { contrastTable } from '../../../bench/analysis/contrast/ratio.ts';
import { judge, sessionVerdicts } from '../../../bench/analysis/contrast/verdict.ts';
import { decisiveHalfWidthLog } from '../../../bench/analysis/stats/precision.ts';
import { type ContrastResult, type Interval, VERDICTS, type Verdict } from '../../../bench/types.ts';
import { simulateSamples, testPlan } from './simulate.ts';

const CALM: Interval = { low: 0.997, high: 1.003 };

function given(low: number, high: number, changes: Partial<Parameters<typeof judge>[0]> = {}) {
  const sums = { total: { low, high }, sustained: CALM };
  return judge({ interval: { low, high }, control: CALM, intermittent: false, ...sums, distrust: [], ...changes });
}

const kinds = (judgement: ReturnType<typeof judge>) => judgement.reasons.map(({ kind }) => kind);

describe('judge', () => {
  it.each<[number, number, Verdict, string[]]>([
    [0.99, 1.01, 'equivalent', []],
    [1.001, 1.019, 'equivalent', []],
    [0.981, 0.999, 'equivalent', []],
    [1.005, 1.03, 'slower', []],
    [1.021, 1.03, 'slower', ['past-margin']],
    [0.97, 0.99, 'faster', []],
    [0.9, 0.95, 'faster', ['past-margin']],
    [0.99, 1.03, 'inconclusive', []],
    [0.97, 1.01, 'inconclusive', []],
    [0.9, 1.1, 'inconclusive', []],
  ])('calls [%f, %f] %s %j at a margin of 2 %%', (low, high, verdict, additions) => {
    expect(given(low, high)).toMatchObject({ verdict, additions });
  });

  it('says why it is inconclusive', () => {
    expect(kinds(given(0.9, 1.1, { total: CALM }))).toEqual(['too-wide']);
    expect(kinds(given(0.99, 1.01, { total: { low: 0.99, high: 1.03 } }))).toEqual(['total-not-shown']);
    expect(kinds(given(0.99, 1.01, { sustained: { low: 1.03, high: 2 } }))).toEqual(['sustained-differs']);
    expect(kinds(given(1.01, 1.03, { control: { low: 0.943, high: 1.071 } }))).toEqual(['control-wider']);
    expect(kinds(given(0.99, 1.01, { control: { low: 0.96, high: 1.01 } }))).toEqual(['control-too-wide']);
    expect(kinds(given(0.99, 1.01, { control: null }))).toEqual(['no-control']);
    expect(kinds(given(0.99, 1.01, { intermittent: true }))).toEqual(['intermittent']);
    expect(kinds(given(1, 1, { interval: null }))).toEqual(['one-block']);
    expect(kinds(given(0.9, 1.1, { control: { low: 0.9, high: 1.1 }, intermittent: true }))).toEqual([
      'too-wide',
      'control-too-wide',
      'intermittent',
      'total-not-shown',
    ]);
  });

  it('calls a difference past the margin so although there is no control, or time is lost now and then', () => {
    expect(given(1.05, 1.07, { control: null, intermittent: true }).verdict).toBe('slower');
  });

  it('calls no difference slower or faster that the control, a second copy of the baseline, may show too', () => {
    const control = { low: 0.99, high: 1.04 };
    expect(given(1.005, 1.06, { control }).verdict).toBe('inconclusive');
    expect(given(1.03, 1.09, { control }).verdict).toBe('slower');
    expect(given(0.94, 0.985, { control }).verdict).toBe('inconclusive');
    expect(given(0.9, 0.95, { control }).verdict).toBe('faster');
  });

  it('says beside an equivalence that long visits do not show it', () => {
    expect(given(0.99, 1.01, { sustained: null, hasLongVisits: false }).additions).toEqual([]);
    expect(given(0.99, 1.01, { sustained: null }).additions).toEqual(['sustained-not-shown']);
    expect(given(0.99, 1.01, { sustained: { low: 0.95, high: 1.05 } }).additions).toEqual(['sustained-not-shown']);
  });

  it('calls nothing equivalent where long visits would show more and there are none', () => {
    const short = { sustained: null, hasLongVisits: false, onlyShortVisits: true };
    expect(given(0.99, 1.01, short).verdict).toBe('inconclusive');
    expect(kinds(given(0.99, 1.01, short))).toEqual(['no-long-visits']);
    expect(given(1.05, 1.07, short)).toMatchObject({ verdict: 'slower', additions: ['past-margin'] });
    expect(given(0.9, 0.95, short).verdict).toBe('faster');
  });

  it('trusts nothing when there is a reason not to', () => {
    const distrust = [{ kind: 'control-differs' }] as const;
    expect(given(1.5, 1.6, { distrust })).toEqual({ verdict: 'untrusted', reasons: distrust, additions: [] });
  });

  it('goes by the margin it is given', () => {
    const interval = { low: 1.01, high: 1.03 };
    const evidence = { interval, control: CALM, intermittent: false, total: interval, sustained: CALM, distrust: [] };
    expect(judge(evidence, 0.05).verdict).toBe('equivalent');
    expect(judge(evidence, 0.02).verdict).toBe('slower');
    expect(judge(evidence, 0.001)).toMatchObject({ verdict: 'slower', additions: ['past-margin'] });
  });
});

describe('any interval', () => {
  const log = fc.double({ min: -0.2, max: 0.2, noNaN: true });
  const interval = fc
    .tuple(log, log)
    .map(([a, b]) => ({ low: Math.exp(Math.min(a, b)), high: Math.exp(Math.max(a, b)) }));
  const evidence = fc.record({
    interval: fc.option(interval),
    control: fc.option(interval),
    intermittent: fc.boolean(),
    total: fc.option(interval),
    sustained: fc.option(interval),
    distrust: fc.constantFrom([], [{ kind: 'control-differs' as const }]),
  });
  const margin = fc.double({ min: 0.002, max: 0.1, noNaN: true });

  it('has exactly one verdict, and a reason exactly when that is open', () => {
    fc.assert(
      fc.property(evidence, margin, (it, delta) => {
        const { verdict, reasons } = judge(it, delta);
        expect(VERDICTS).toContain(verdict);
        expect(reasons.length > 0).toBe(verdict === 'inconclusive' || verdict === 'untrusted');
        // The rules as they are written down, each on its own, in order.
        const edge = Math.log(1 + delta);
        const logs = ({ low, high }: Interval) => [Math.log(low), Math.log(high)] as const;
        const [low, high] = it.interval === null ? [Number.NaN, Number.NaN] : logs(it.interval);
        const [controlLow, controlHigh] = it.control === null ? [Number.NaN, Number.NaN] : logs(it.control);
        const inside = (one: Interval) => logs(one)[0] >= -edge && logs(one)[1] <= edge;
        const outside = (one: Interval) => logs(one)[0] > edge || logs(one)[1] < -edge;
        const shared = Math.abs(low + high) / 2 <= Math.max(Math.abs(controlLow), Math.abs(controlHigh));
        const rules: [boolean, Verdict][] = [
          [it.distrust.length > 0, 'untrusted'],
          [low > 0 && high > edge, shared ? 'inconclusive' : 'slower'],
          [high < 0 && low < -edge, shared ? 'inconclusive' : 'faster'],
          [
            low >= -edge &&
              high <= edge &&
              controlLow >= -edge &&
              controlHigh <= edge &&
              !it.intermittent &&
              (it.total === null || inside(it.total)) &&
              !(it.sustained !== null && outside(it.sustained)),
            'equivalent',
          ],
          [true, 'inconclusive'],
        ];
        expect(verdict).toBe(rules.find(([applies]) => applies)?.[1]);
        expect(low > 0 && high > edge && high < 0 && low < -edge).toBe(false);
      }),
    );
  });

  it('no wider than the margin on one side is decided, as far as width goes', () => {
    fc.assert(
      fc.property(log, fc.double({ min: 0, max: 1, noNaN: true }), margin, (centre, share, delta) => {
        // A hair's breadth inside: at the very edge the logarithm of an exponential may be off by its last bit.
        const halfWidth = share * decisiveHalfWidthLog(delta) * (1 - 1e-9);
        const it = { low: Math.exp(centre - halfWidth), high: Math.exp(centre + halfWidth) };
        const control = { low: 1, high: 1 };
        const { verdict } = judge(
          { interval: it, control, intermittent: false, total: it, sustained: null, distrust: [] },
          delta,
        );
        expect(['slower', 'faster', 'equivalent']).toContain(verdict);
      }),
      { numRuns: 1000 },
    );
  });

  /** Does the control lie as far from 1 as the ratio, up to rounding, which 1 ÷ x does anew? */
  const isTie = ({ interval: own, control }: { interval: Interval | null; control: Interval | null }) => {
    if (own === null || control === null) return false;
    const furthest = Math.max(Math.abs(Math.log(control.low)), Math.abs(Math.log(control.high)));
    return Math.abs(furthest - Math.abs(Math.log(own.low * own.high)) / 2) < 1e-12;
  };

  it('mirrored has the mirrored verdict', () => {
    const mirror = ({ low, high }: Interval) => ({ low: 1 / high, high: 1 / low });
    const opposite: Partial<Record<Verdict, Verdict>> = { slower: 'faster', faster: 'slower' };
    fc.assert(
      fc.property(evidence, margin, (it, delta) => {
        fc.pre(!isTie(it));
        const one = judge(it, delta);
        const other = judge(
          {
            ...it,
            interval: it.interval && mirror(it.interval),
            control: it.control && mirror(it.control),
            total: it.total && mirror(it.total),
            sustained: it.sustained && mirror(it.sustained),
          },
          delta,
        );
        expect(other.verdict).toBe(opposite[one.verdict] ?? one.verdict);
        expect(other.additions).toEqual(one.additions);
        expect(other.reasons).toEqual(one.reasons);
      }),
    );
  });
});

const HALF_WIDTH = 0.03;

function row(changes: Partial<ContrastResult> = {}): ContrastResult {
  return {
    env: 'docker',
    baseline: 'native',
    workload: 'fft',
    blocks: 6,
    timeRatio: 1,
    interval: { low: Math.exp(-HALF_WIDTH), high: Math.exp(HALF_WIDTH) },
    throughputChangePercent: 0,
    hodgesLehmann: null,
    controlRatio: null,
    controlInterval: null,
    verdict: null,
    total: null,
    sustained: null,
    wakeupRatio: null,
    nsPerPass: null,
    baselineNsPerPass: null,
    intermittent: false,
    stalledBursts: 0,
    baselineStalledBursts: 0,
    ...changes,
  };
}

function control(workload: string, low: number, high: number): ContrastResult {
  return row({ env: 'native@control', workload, timeRatio: Math.sqrt(low * high), interval: { low, high } });
}

describe('a session', () => {
  const wide = { low: 0.95, high: 1.05 };
  const narrow = { low: 0.999, high: 1.001 };

  it('names the further blocks and minutes of what is open for width, the larger need of row and control', () => {
    const first = sessionVerdicts(
      { rows: [row()], controlRows: [control('fft', narrow.low, narrow.high)] },
      { secondsPerBlock: 30 },
    ).judged[0];
    expect(first?.verdict).toBe('inconclusive');
    // s = 0.03 · √6 / 2.5706 = 0.02859; t(0.975, 34) · s / √35 = 2.0322 · 0.004832 = 0.00982, one less: 0.00997.
    expect(first?.more).toEqual({ blocks: 29, minutes: 14.5 });
    const both = sessionVerdicts({ rows: [row()], controlRows: [control('fft', wide.low, wide.high)] }).judged[0];
    expect(both?.more?.blocks).toBeGreaterThan(29);
    expect(both?.more?.minutes).toBeNull();
  });

  it('names none where blocks would not help', () => {
    const off = control('fft', 1.015, 1.022);
    const steady = row({ interval: narrow });
    const more = (changes: Partial<ContrastResult>, controls: ContrastResult[] = [control('fft', 0.999, 1.001)]) =>
      sessionVerdicts({ rows: [row({ interval: narrow, ...changes })], controlRows: controls }).judged[0]?.more;
    expect(more({ intermittent: true })).toBeNull();
    expect(more({ interval: { low: 1.1, high: 1.2 } })).toBeNull();
    expect(more({ interval: null, blocks: 1 })).toBeNull();
    expect(sessionVerdicts({ rows: [steady], controlRows: [] }).judged[0]?.more).toBeNull();
    expect(more({ interval: { low: 0.1, high: 10 } })).toEqual({ blocks: null, minutes: null });
    // A margin at which this control is off, and not significantly so large that it disqualifies.
    expect(sessionVerdicts({ rows: [steady], controlRows: [off] }, { margin: 0.02 }).judged[0]?.verdict).toBe(
      'untrusted',
    );
  });

  it('is untrusted on the one workload on which the control differs, and as a whole on two, or on the suite', () => {
    const workloads = ['fft', 'sor', 'lu'];
    const rows = [...workloads, 'suite'].map((workload) => row({ workload, interval: { low: 1.1, high: 1.2 } }));
    const controls = (bad: readonly string[]) =>
      [...workloads, 'suite'].map((workload) =>
        bad.includes(workload) ? control(workload, 1.025, 1.03) : control(workload, 0.999, 1.001),
      );
    const verdicts = (bad: readonly string[]) =>
      sessionVerdicts({ rows, controlRows: controls(bad) }).judged.map(({ verdict }) => verdict);
    expect(verdicts([])).toEqual(['slower', 'slower', 'slower', 'slower']);
    expect(verdicts(['sor'])).toEqual(['slower', 'untrusted', 'slower', 'slower']);
    expect(verdicts(['fft', 'sor'])).toEqual(['untrusted', 'untrusted', 'untrusted', 'untrusted']);
    expect(verdicts(['suite'])).toEqual(['untrusted', 'untrusted', 'untrusted', 'untrusted']);
    const { judged, trust } = sessionVerdicts({ rows, controlRows: controls(['fft', 'sor']) });
    expect(judged.map(({ reasons }) => reasons[0]?.kind)).toEqual([
      'control-differs',
      'control-differs',
      'session-untrusted',
      'session-untrusted',
    ]);
    expect(trust).toMatchObject({ session: true, workloads: ['fft', 'sor'] });
  });

  it('takes a sure but small difference of the control for a note, and a large unsure one for none', () => {
    const { judged, trust } = sessionVerdicts({
      rows: [row({ interval: narrow })],
      controlRows: [control('fft', 1.001, 1.003), control('sor', 0.98, 1.06)],
    });
    expect(judged[0]?.verdict).toBe('equivalent');
    expect(trust.session).toBe(false);
    expect(trust.differences).toMatchObject([{ workload: 'fft', disqualifies: false }]);
  });

  it('adjusts the control for the number of workloads: what is 4 % alone is nothing among five', () => {
    // An interval that just excludes 1 has p a little under 5 %.
    const controls = ['fft', 'sor', 'monte-carlo', 'sparse', 'lu'].map((workload) =>
      workload === 'fft' ? control(workload, 1.0005, 1.03) : control(workload, 0.97, 1.03),
    );
    expect(sessionVerdicts({ rows: [], controlRows: controls.slice(0, 1) }).trust.workloads).toEqual(['fft']);
    expect(sessionVerdicts({ rows: [], controlRows: controls }).trust.workloads).toEqual([]);
  });

  it('distrusts a contrast with an avoidable inequality, unless that is allowed', () => {
    const unequal = {
      docker: [{ fact: 'cpus_allowed', env: '0-1', avoidable: true }],
      uml: [
        { fact: 'kernel', env: '6.1', avoidable: false },
        { fact: 'cpus_allowed', env: '0-1', avoidable: true },
      ],
    };
    const rows = [
      row({ interval: narrow }),
      row({ env: 'lxc', interval: narrow }),
      row({ env: 'uml', baseline: 'docker', interval: narrow }),
      row({ env: 'lxc', baseline: 'docker', interval: narrow }),
    ];
    const table = { rows, controlRows: [control('fft', 0.999, 1.001)] };
    const { judged } = sessionVerdicts(table, { unequal });
    expect(judged.map(({ verdict }) => verdict)).toEqual(['untrusted', 'equivalent', 'equivalent', 'untrusted']);
    expect(judged[0]?.reasons).toEqual([{ kind: 'unequal', facts: ['cpus_allowed'] }]);
    const other = { 'native@control': unequal.docker };
    expect(new Set(sessionVerdicts(table, { unequal: other }).judged.map(({ verdict }) => verdict))).toEqual(
      new Set(['untrusted']),
    );
    const allowed = sessionVerdicts(table, { unequal, allowUnequal: true });
    expect(allowed.judged.map(({ verdict }) => verdict)).not.toContain('untrusted');
  });
});

describe('simulated sessions', () => {
  const verdictsOf = (ratio: number, start: number, sessions: number, blocks = 6) => {
    const plan = testPlan({ blocks, rounds: 8, workloads: ['fft'] });
    const counts: Partial<Record<Verdict, number>> = {};
    for (let seed = 1; seed <= sessions; seed++) {
      const samples = simulateSamples(plan, { seed, start, ratios: { docker: ratio } });
      const verdict = contrastTable(groupSamples(samples), plan).rows[0]?.verdict;
      if (verdict) counts[verdict] = (counts[verdict] ?? 0) + 1;
    }
    return { slower: 0, faster: 0, equivalent: 0, inconclusive: 0, untrusted: 0, ...counts };
  };
  const SESSIONS = 200;

  it('of two equal environments on a quiet host are called equivalent, and hardly ever anything else', () => {
    const { slower, faster, equivalent, untrusted } = verdictsOf(1, 0.003, SESSIONS);
    expect(equivalent).toBeGreaterThan(0.9 * SESSIONS);
    expect(slower + faster + untrusted).toBeLessThanOrEqual(0.03 * SESSIONS);
  });

  it('of two equal environments on a restless host are left open rather than called different', () => {
    const { slower, faster, inconclusive } = verdictsOf(1, 0.03, SESSIONS);
    // Two-sided 5 % and four standard deviations.
    expect(slower + faster).toBeLessThanOrEqual(0.05 * SESSIONS + 4 * Math.sqrt(0.05 * 0.95 * SESSIONS));
    expect(inconclusive).toBeGreaterThan(0.8 * SESSIONS);
  });

  it('with a slowdown of 5 % find it, and never call it equivalent or faster', () => {
    const quiet = verdictsOf(1.05, 0.003, SESSIONS);
    expect(quiet.slower).toBeGreaterThan(0.97 * SESSIONS);
    const restless = verdictsOf(1.05, 0.03, SESSIONS);
    expect(restless.equivalent + restless.faster).toBe(0);
  });
});
