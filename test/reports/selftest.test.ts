import { describe, expect, it } from 'vitest';
import type { SelftestResult } from '../../bench/analysis/selftest.ts';
import { renderSelftest } from '../../reports/selftest.ts';

const RESULT: SelftestResult = {
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
const HEAD = { program: '0.1.0', session: '20261123T170000Z-ab12cd', missing: [] };

describe('the text of a self-test', () => {
  it('says how many intervals contain the truth, the bias, the sustained ratio and the smallest difference', () => {
    const text = renderSelftest({ ...HEAD, ...RESULT }).replace(/\s+/g, ' ');
    expect(text).toContain('1 of 2 intervals of 95 % contain the truth (true share 1 to 99 %): as promised');
    expect(text).toContain('Bias: +0.02 % [−0.07 %, +0.11 %]');
    expect(text).toContain('quota:50% reads 1.94 [1.90, 1.98] in long visits, true is 2.00');
    expect(text).toContain('In short visits it reads 1.00');
    expect(text).toMatch(/monte-carlo 1\.0200 1\.0211 \[1\.0185, 1\.0237\] \+0\.11 % yes/);
    expect(text).toMatch(/lu 1\.0000 1\.0301 .* NO/);
    expect(text).toMatch(/lu ±1\.20 % ±0\.71 % ±0\.40 %/);
    expect(text).toContain('1 truth is 1');
    expect(text).not.toContain('fewer than 10');
  });

  it('is loud about coverage that is too low and a quota that is not found, and names what could not run', () => {
    const coverage = { ...RESULT.coverage, tooLow: true };
    const quotas = RESULT.quotas.map((row) => ({ ...row, contained: false }));
    const missing = [{ path: 'quota:20%', reason: 'no\u001b[31m group' }];
    const text = renderSelftest({ ...HEAD, ...RESULT, coverage, quotas, missing });
    expect(text.replace(/\s+/g, ' ')).toMatch(/TOO FEW/);
    expect(text.replace(/\s+/g, ' ')).toMatch(/NOT as it should be/);
    expect(text).toContain('quota:20%: no group');
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});
