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

  it('is loud about coverage that is too low and a quota that is not found, and names what could not run', () => {
    const coverage = { ...SELFTEST.coverage, tooLow: true };
    const quotas = SELFTEST.quotas.map((row) => ({ ...row, contained: false }));
    const missing = [{ path: 'quota:20%', reason: 'no\u001b[31m group' }];
    const text = render({ ...SELFTEST, coverage, quotas, missing });
    expect(text.replace(/\s+/g, ' ')).toMatch(/TOO FEW/);
    expect(text.replace(/\s+/g, ' ')).toMatch(/NOT as expected/);
    expect(text).toContain('quota:20%: no group');
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});
