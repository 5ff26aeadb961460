/** What commands other than `run` come to, for tests of their documents. */

import type { ClaimResult } from '../../bench/analysis/claims/judge.ts';
import type { Explained } from '../../bench/analysis/explain.ts';
import type { GatePower } from '../../bench/analysis/gate-power.ts';
import type { PairedRow } from '../../bench/analysis/regression.ts';
import type { StoredRow } from '../../bench/analysis/stored-gate.ts';
import type { Estimate, Verdict } from '../../bench/types.ts';
import type { SciMarkScore } from '../../reports/documents/score.ts';
import type { HistoryModel } from '../../reports/model/history.ts';
import type { HostDifference } from '../../reports/model/record.ts';
import type { Comparison } from '../../reports/sections/comparison.ts';
import type { Explanation } from '../../reports/sections/explanation.ts';
import type { Reproduction } from '../../reports/sections/reproduction.ts';
import type { Selftest } from '../../reports/sections/selftest.ts';

const KERNEL: HostDifference = { part: 'stack', what: 'kernel', before: '5.10', after: '6.12' };

export const estimate = (ratio: number, half = 0.005, blocks = 10): Estimate => ({
  ratio,
  interval: { low: ratio * (1 - half), high: ratio * (1 + half) },
  blocks,
});

export const SIDES = {
  program: '0.1.0',
  margin: 0.02,
  baseline: ['20261120T170000Z-ab12cd', '20261121T170000Z-ab12cd'],
  candidate: ['20261123T170000Z-ab12cd'],
  differences: [KERNEL],
  leftOut: [{ dir: 'results/other', why: 'its hardware is not that of the candidate' }],
  remarks: ['a side is more than one session'],
} as const;

export const pairedRow = (changes: Partial<PairedRow> = {}): PairedRow => ({
  env: 'docker',
  workload: 'fft',
  change: { ratio: 1.103, interval: { low: 1.098, high: 1.1081 }, blocks: 10 },
  confirmation: null,
  verdict: 'unchanged',
  reasons: [],
  ...changes,
});

export const storedRow = (changes: Partial<StoredRow> = {}): StoredRow => ({
  env: 'docker',
  workload: 'fft',
  baselineSessions: 8,
  candidateSessions: 1,
  baselineLog: 0.004,
  candidateLog: 0.104,
  scatterLog: 0.004,
  changeLog: 0.1,
  limitLog: 0.01,
  pValue: 0.001,
  verdict: 'regressed',
  reasons: [],
  ...changes,
});

export const POWER: GatePower = {
  ...{ baselineSessions: 8, candidateSessions: 1, figures: 18, scatterLog: 0.01, margin: 0.02 },
  ...{ change: 0.05, found: 0.573, reliable: 0.0602, unchanged: 0.066 },
};

export const PAIRED: Comparison = {
  ...SIDES,
  mode: 'paired',
  gate: 'regressed',
  rows: [
    pairedRow({ verdict: 'regressed', confirmation: { ratio: 1.101, interval: null, blocks: 10 } }),
    pairedRow({ workload: 'sor', change: estimate(1.001) }),
    pairedRow({ env: 'uml', change: null, verdict: 'no verdict', reasons: [{ kind: 'no-figure' }] }),
    pairedRow({ env: 'uml', workload: 'lu', verdict: 'no verdict', reasons: [{ kind: 'not-past-margin' }] }),
  ],
};

export const STORED: Comparison = {
  ...SIDES,
  mode: 'stored',
  gate: 'no verdict',
  rows: [
    storedRow({ verdict: 'no verdict', limitLog: null, reasons: [{ kind: 'few-sessions', sessions: 1 }] }),
    storedRow({ workload: 'sor', verdict: 'unchanged', changeLog: 0 }),
  ],
  times: [storedRow({ env: 'native', changeLog: 0.2 }), storedRow({ verdict: 'unchanged' })],
  power: POWER,
  why: 'the images are not at hand',
};

const finding = (timeRatio: number, verdict: Verdict) => {
  const { interval, blocks } = estimate(timeRatio, 0.01);
  return { timeRatio, interval, blocks, verdict };
};

export const REPRODUCTION: Reproduction = {
  program: '0.1.0',
  original: '20261120T170000Z-ab12cd',
  session: '20261123T170000Z-ab12cd',
  rows: [
    {
      env: 'docker',
      baseline: 'native',
      workload: 'fft',
      before: finding(1.18, 'slower'),
      after: finding(1.002, 'equivalent'),
      difference: { ratio: 0.849, interval: { low: 0.83, high: 0.87 } },
      standing: 'changed',
    },
    {
      env: 'uml',
      baseline: 'native',
      workload: 'fft',
      before: finding(14.2, 'slower'),
      after: null,
      difference: null,
      standing: 'open',
    },
  ],
  differences: [KERNEL],
  unavailable: [{ path: 'uml', reason: 'no user-mode-linux.', remedy: 'boxmark setup' }],
  otherBytes: 'OTHER BYTES than in the original ran here.',
  remarks: ['12 rounds a block instead of 8'],
};

export const SELFTEST: Selftest = {
  seal: 'c0ffee'.padEnd(64, '0'),
  program: '0.1.0',
  session: '20261123T170000Z-ab12cd',
  missing: [{ path: 'quota:20%', reason: 'there is no control group' }],
  rows: [
    {
      ...{ env: 'slow:2%', workload: 'monte-carlo', truth: 1.02, blocks: 10, ratio: 1.0211, errorLog: 0.0011 },
      ...{ interval: { low: 1.0185, high: 1.0237 }, contained: true, verdict: 'slower' },
    },
    {
      ...{ env: 'slow:2%', workload: 'lu', truth: 1, blocks: 10, ratio: 1.0301, errorLog: 0.0296 },
      ...{ interval: { low: 1.0285, high: 1.0317 }, contained: false, verdict: 'slower' },
    },
  ],
  suite: [],
  bias: { log: 0.0002, halfWidthLog: 0.0009 },
  coverage: { contained: 1, intervals: 2, interval: { low: 0.0126, high: 0.9874 }, tooLow: false },
  power: {
    ...{ found: 1, applied: 1, smallest: 1.02, sure: true },
    byTruth: [{ env: 'slow:2%', found: 1, applied: 1 }],
  },
  outcome: 'as-promised',
  quotas: [
    {
      ...{ env: 'quota:50%', truth: 2, leastRead: 1.8, contained: true, verdict: 'inconclusive' },
      sustained: { ratio: 1.94, interval: { low: 1.9, high: 1.98 }, blocks: 10 },
      short: { ratio: 1.001, interval: null, blocks: 10 },
    },
  ],
  minutes: 4.1,
  blocks: 10,
  smallest: [
    {
      workload: 'lu',
      now: 0.012,
      later: [
        { minutes: 10, difference: 0.0071 },
        { minutes: 30, difference: 0.004 },
      ],
    },
  ],
};

const explained = (workload: string): Explained => ({
  workload,
  whole: estimate(1.012, 0.004),
  parts: [
    { part: 'namespaces', env: 'unshare', against: 'native', estimate: estimate(1.0003, 0.003), share: 0.03 },
    { part: 'seccomp', env: 'docker', against: 'unshare', estimate: estimate(1.0107, 0.003), share: 0.89 },
  ],
  rest: estimate(1.001, 0.002),
  exchanges: [
    { part: 'no filter', env: 'docker:seccomp=unconfined', against: 'docker', estimate: estimate(0.99), share: null },
  ],
});

export const EXPLANATION: Explanation = {
  seal: 'decade'.padEnd(64, '0'),
  program: '0.1.0',
  session: '20261123T170000Z-ab12cd',
  env: 'docker',
  baseline: 'native',
  blocks: 6,
  minutes: 4.1,
  results: [explained('fft'), explained('suite')],
  changed: { unshare: ["network namespace own after the host's"], docker: [] },
  speculation: { native: 'mitigated', docker: 'mitigated' },
  missing: [{ part: 'cgroup', env: 'unshare:cgroup', reason: 'no control group' }],
};

export const SCORE: SciMarkScore = {
  program: '0.1.0',
  kernels: 'reference',
  size: 'small',
  node: 'v20.19.0',
  cpu: '1',
  minSeconds: 2,
  burstMs: 10,
  bursts: 50,
  composite: { scimark: 1234.567, best: 1300, median: null },
  rows: [
    { id: 'fft', mflops: 1000, best: 1100.5, median: 1000.25, parameters: { N: 1024 } },
    { id: 'monte-carlo', mflops: 300, best: null, median: null, parameters: {} },
    { id: 'sparse', mflops: 900, best: 950, median: 940, parameters: { N: 1000, nonzeros: 5000 } },
  ],
};

const SESSIONS = Array.from({ length: 14 }, (_, index) => ({
  id: `session-${index + 1}`,
  startedAtMs: Date.UTC(2026, 9, index + 1),
}));

/** Docker takes 1 % longer in the first seven sessions, 8 % in the others. */
export const HISTORY: HistoryModel = {
  program: '0.1.0',
  folder: 'results',
  margin: 0.02,
  untrusted: 2,
  leftOut: [{ why: 'cut before its end', dirs: ['results/a', 'results/b'] }],
  groups: [
    {
      fingerprint: 'f'.repeat(64),
      cpuModel: 'Example CPU',
      size: 'small',
      kernels: 'reference',
      threads: 1,
      baseline: 'native',
      sessions: SESSIONS,
      lines: [
        {
          ...{ figure: 'ratio', env: 'docker', baseline: 'native', workload: 'fft', searched: true, scatterLog: 0.002 },
          places: SESSIONS.map((_, index) => index),
          driftLog: null,
          logs: SESSIONS.map((_, index) => Math.log(index < 7 ? 1.01 : 1.08)),
          lows: SESSIONS.map((_, index) => Math.log(index < 7 ? 1.009 : 1.079)),
          highs: SESSIONS.map((_, index) => Math.log(index < 7 ? 1.011 : 1.081)),
          levels: [
            { from: 0, to: 7, meanLog: Math.log(1.01) },
            { from: 7, to: 14, meanLog: Math.log(1.08) },
          ],
          changes: [
            {
              ...{ at: 7, certain: true, changeLog: Math.log(1.08 / 1.01), before: 'session-7', after: 'session-8' },
              differences: [KERNEL],
            },
          ],
        },
        {
          ...{ figure: 'time', env: 'native', baseline: null, workload: 'fft', searched: false, scatterLog: null },
          ...{ places: [0, 1], logs: [10, 10.1], lows: [Number.NaN, Number.NaN], highs: [Number.NaN, Number.NaN] },
          levels: [{ from: 0, to: 2, meanLog: 10.05 }],
          changes: [],
          driftLog: null,
        },
      ],
    },
  ],
};

const CLAIM = { title: 'a claim', source: 'Example Review, 2015', applies_if: [] };

export const CLAIMS: readonly ClaimResult[] = [
  {
    claim: {
      ...{ ...CLAIM, id: 'nest', claim: 'Docker in a container takes 18 % longer.', historical: true },
      ...{ metric: 'time', value: 1.18, published: { low: 1.16, high: 1.2 }, band: { low: 1.15, high: 1.21 } },
      ...{ numerator: 'docker/docker', denominator: 'docker', workload: 'suite' },
    } as unknown as ClaimResult['claim'],
    pair: { numerator: 'docker/docker', denominator: 'docker' },
    workload: 'suite',
    ours: estimate(1.0002, 0.0015),
    unit: 'ratio',
    timeRatio: estimate(1.0002, 0.0015),
    verdict: 'refuted',
    reason: 'the whole interval lies outside the band',
  },
  {
    claim: {
      ...{ ...CLAIM, id: 'boot', claim: 'It starts in at most 125 ms.', metric: 'start-up', value: 125 },
      ...{ band: { high: 125 }, figure: 'ready', numerator: 'firecracker' },
    } as unknown as ClaimResult['claim'],
    ...{ pair: null, workload: null, ours: null, timeRatio: null },
    unit: 'ms',
    verdict: 'not-applicable',
    reason: 'needs firecracker; here: native',
  },
];
