/** Tables for an article in LaTeX: complete, and no character of a name is a command; compiled where LaTeX is installed. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sessionDocument } from '../../reports/documents/session.ts';
import { latexText } from '../../reports/formats/latex.ts';
import { buildModel, type ReportModel } from '../../reports/model/model.ts';
import { findCommand } from '../../runners/kit/commands.ts';
import { consume } from './exports/consumer.ts';
import { emptyModel } from './exports/fixture.ts';
import { fixtureInput } from './fixture.ts';
import { hostileInput } from './hostile.ts';

const HOSTILE = '\\input{/etc/passwd} $x$ & % # _ ^ ~ {} [] * "\u2212\u4e16" \\\\';
const seal = 'ab'.repeat(32);
const textOf = (model: ReportModel): string => latexText(sessionDocument(model), 'one');
const whole = (): ReportModel => buildModel({ ...fixtureInput(), integrity: { seal, faults: [] } });

describe('the LaTeX report', () => {
  const text = textOf(whole());

  it('has a table of the verdicts with its caption, label, seal and picture', () => {
    expect(text).toContain(`% Seal: ${seal}\n`);
    expect(text).toContain('\\label{tab:one-verdicts}');
    expect(text).toMatch(/^ {4}environment & time ratio & 95 \\% interval & throughput & verdict \\\\$/m);
    expect(text).toMatch(/^ {4}\\texttt\{docker\} .* & 1\.\d+ & \[\d\.\d+, \d\.\d+\] & \$-\$0\.\d \\% & \w+.* \\\\$/m);
    expect(text).toContain('\\includegraphics[width=\\linewidth]{ladder.png}');
    expect(text.match(/\\begin\{(table|figure)\}/g)?.length).toBe(text.match(/\\end\{(table|figure)\}/g)?.length);
  });

  it('warns in every caption of a session that can not be relied on, and of no data says so', () => {
    const faulty = textOf(buildModel({ ...fixtureInput(), integrity: { seal, faults: ['samples.csv: is missing'] } }));
    for (const caption of faulty.match(/\\caption\{.*/g) ?? []) expect(caption).toContain('samples.csv: is missing');
    expect(textOf(emptyModel())).toContain('% Nothing was measured.');
  });

  it('takes names as text, whatever is in them', () => {
    const lines = textOf(buildModel(hostileInput(HOSTILE))).split('\n');
    const typeset = lines.filter((line) => !line.startsWith('%')).join('\n');
    expect(typeset).toContain('\\textbackslash{}input\\{/etc/passwd\\}');
    expect(typeset).not.toMatch(/\\input/);
    // A comment is one line: what follows a line break would be typeset.
    for (const line of lines) expect(line).toMatch(/^[ -~\u00a1-\u017f]*$/);
  });

  it('compiles', (ctx) => {
    if (findCommand('pdflatex') === undefined) return ctx.skip('pdflatex is not installed');
    const dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
    try {
      const packages = '\\usepackage{booktabs}\\usepackage[draft]{graphicx}';
      for (const model of [whole(), buildModel(hostileInput(HOSTILE))]) {
        // A draft has frames in place of pictures, which only need a size.
        const body = textOf(model).replace(/\\includegraphics\[.*\]\{.*\}/g, '\\rule{1cm}{1cm}');
        const file = join(dir, 'article.tex');
        writeFileSync(file, `\\documentclass{article}${packages}\\begin{document}\n${body}\\end{document}\n`);
        const run = ['pdflatex', '-interaction=nonstopmode', '-halt-on-error', `-output-directory=${dir}`, file];
        const ended = consume(run, '');
        expect(ended?.code, ended?.stdout.slice(-2000)).toBe(0);
      }
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
