import { describe, expect, it } from 'vitest';
import { selftestDocument } from '../../reports/documents/selftest.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import type { Selftest } from '../../reports/sections/selftest.ts';
import { SELFTEST } from './outcomes.ts';

const render = (result: Selftest) => terminalText(selftestDocument(result));

describe('the text of a self-test', () => {
  it('says how many intervals contain the truth, the bias, the sustained ratio and the smallest difference', () => {
    const text = render(SELFTEST).replace(/\s+/g, ' ');
    expect(text).toContain('1 of 2 intervals of 95 % contain the truth (true share 1 to 99 %): as promised');
    expect(text).toContain('Bias: +0.02 % [−0.07, +0.11]');
    expect(text).toContain('quota:50% reads 1.94 [1.90, 1.98] in long visits; true is 2.00');
    expect(text).toContain('In short visits it reads 1.00');
    expect(text).toMatch(/monte-carlo 1\.0200 1\.0211 \[1\.0185, 1\.0237\] \+0\.11 % yes/);
    expect(text).toMatch(/lu 1\.0000 1\.0301 .* NO/);
    expect(text).toMatch(/lu ±1\.20 % ±0\.71 % ±0\.40 %/);
    expect(text).toContain('1 truth is 1');
    expect(text).not.toContain('fewer than 10');
  });

  it('says how many known slowdowns were found, and never as promised of a host that finds none', () => {
    const flat = (result: Selftest) => render(result).replace(/\s+/g, ' ');
    const byTruth = [
      { env: 'slow:1%', found: 0, applied: 3 },
      { env: 'slow:5%', found: 5, applied: 5 },
    ];
    const power = { found: 5, applied: 8, byTruth, smallest: 1.05, sure: true };
    expect(flat({ ...SELFTEST, power })).toContain(
      'Found: 5 of 8 known slowdowns are distinguished from none (slow:1% 0 of 3, slow:5% 5 of 5). The smallest one is +5.0 %.',
    );
    const noisy = flat({
      ...SELFTEST,
      outcome: 'too-noisy',
      power: { ...power, found: 0, smallest: null, sure: false },
    });
    expect(noisy).toMatch(/TOO NOISY TO SAY/);
    expect(noisy).toContain('Found: 0 of 8 known slowdowns');
    expect(noisy).not.toContain('as promised');
    const nothing = { found: 0, applied: 0, byTruth: [], smallest: null, sure: false };
    expect(flat({ ...SELFTEST, outcome: 'too-noisy', power: nothing })).toContain('no slowdown was applied');
  });

  it('is loud about coverage that is too low and a quota that is not found, and names what could not run', () => {
    const coverage = { ...SELFTEST.coverage, tooLow: true };
    const quotas = SELFTEST.quotas.map((row) => ({ ...row, contained: false }));
    const missing = [{ path: 'quota:20%', reason: 'no\u001b[31m group' }];
    const text = render({ ...SELFTEST, coverage, outcome: 'too-few', quotas, missing });
    expect(text.replace(/\s+/g, ' ')).toMatch(/TOO FEW/);
    expect(text.replace(/\s+/g, ' ')).toMatch(/NOT as expected/);
    expect(text).toContain('quota:20%: no group');
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});
