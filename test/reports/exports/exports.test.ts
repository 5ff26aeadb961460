/** What holds for every export: same input, same bytes; nothing that a terminal or a parser would act on. */

import { describe, expect, it } from 'vitest';
import { EXPORTS } from '../../../reports/exports/index.ts';
import { emptyModel, fullModel, HOSTILE, hostileModel } from './fixture.ts';

describe.each(EXPORTS.map((one) => [one.name, one] as const))('the export %s', (_, one) => {
  it('gives the same bytes for the same session, with every environment, workload and the control', () => {
    const text = one.render([fullModel()]);
    expect(one.render([fullModel()])).toBe(text);
    for (const env of ['native', 'docker', 'docker/docker', 'qemu:tcg']) {
      expect(text).toContain(one.name === 'otava' ? env.replace(':', '_') : env);
    }
    expect(text).toMatch(/monte-?carlo/i);
    expect(text.endsWith('\n')).toBe(true);
  });

  it('renders a session in which nothing was measured', () => {
    expect(typeof one.render([emptyModel()])).toBe('string');
  });

  it('keeps hostile text as text: no control or invisible characters but line ends and tabs, no name cut or lost', () => {
    const text = one.render([hostileModel()]);
    expect(text.replaceAll(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(text).not.toContain(HOSTILE);
    // Two names of 10,000 characters that differ in their last one.
    if (one.name !== 'junit') expect(text).toContain(`${'x'.repeat(10_000)}2`);
  });

  it('has a summary, and takes one session unless it says otherwise', () => {
    expect(one.summary).not.toBe('');
    const two = () => one.render([fullModel(), fullModel()]);
    if (one.many) expect(two().split('\n').length).toBe(one.render([fullModel()]).split('\n').length + 1);
    else expect(two).toThrow(RangeError);
  });
});
