/** What holds for every export: same input, same bytes; nothing that a terminal or a parser would act on. */

import { describe, expect, it } from 'vitest';
import { formatsFor } from '../../../reports/formats/index.ts';
import { textOf } from '../document.ts';
import { emptyModel, fullModel, HOSTILE, hostileModel } from './fixture.ts';

const TEXTS = formatsFor('tool').filter(({ folder }) => !folder);

describe.each(TEXTS.map((one) => [one.name, one] as const))('the export %s', (_, one) => {
  it('gives the same bytes for the same session, with every environment, workload and the control', () => {
    const text = textOf(one, [fullModel()]);
    expect(textOf(one, [fullModel()])).toBe(text);
    for (const env of ['native', 'docker', 'docker/docker', 'qemu:tcg']) {
      expect(text).toContain(one.name === 'otava' ? env.replace(':', '_') : env);
    }
    expect(text).toMatch(/monte-?carlo/i);
    expect(text.endsWith('\n')).toBe(true);
  });

  it('renders a session in which nothing was measured', () => {
    expect(typeof textOf(one, [emptyModel()])).toBe('string');
  });

  it('keeps hostile text as text: no control or invisible characters but line ends and tabs, no name cut or lost', () => {
    const text = textOf(one, [hostileModel()]);
    expect(text.replaceAll(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(text).not.toContain(HOSTILE);
    // Two names of 10,000 characters that differ in their last one.
    if (one.name !== 'junit') expect(text).toContain(`${'x'.repeat(10_000)}2`);
  });

  it('has a summary, and takes one session unless it says otherwise', () => {
    expect(one.summary).not.toBe('');
    const two = () => textOf(one, [fullModel(), fullModel()]);
    if (one.many) expect(two().split('\n').length).toBe(textOf(one, [fullModel()]).split('\n').length + 1);
    else expect(two).toThrow(RangeError);
  });
});
