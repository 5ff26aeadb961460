import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boxmark } from './program.ts';
import { writeSession } from './stored-session.ts';

let out: string;
let before: string | undefined;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  before = process.env.GITHUB_STEP_SUMMARY;
});
afterEach(() => {
  if (before === undefined) delete process.env.GITHUB_STEP_SUMMARY;
  else process.env.GITHUB_STEP_SUMMARY = before;
  rmSync(out, { recursive: true, force: true });
});

describe('the job summary of a workflow', () => {
  it('gets the comparison and the report that is asked for as Markdown, after what stands there already', async () => {
    const file = join(out, 'summary.md');
    writeFileSync(file, 'from an earlier command\n');
    process.env.GITHUB_STEP_SUMMARY = file;
    for (let index = 1; index <= 5; index++) writeSession({ out: join(out, 'main'), name: `s${index}` });
    const candidate = writeSession({ out: join(out, 'branch'), name: 'c', truth: { ratios: { docker: 1.1 } } });
    expect(await boxmark('compare', join(out, 'main'), candidate)).toMatchObject({ code: 3 });
    const compared = readFileSync(file, 'utf8');
    expect(compared).toMatch(/^from an earlier command\n### ❌ REGRESSED/);
    expect(compared).toMatch(
      /\| <code>docker<\/code> \| fft \| 5\+1 \| [01]\.\d+ \| 1\.\d+ \| \+\d+\.\d+ % \| ±\d+\.\d+ % \| \*\*regressed\*\* \|/,
    );
    expect(await boxmark('report', candidate, '--format', 'md')).toMatchObject({ code: 0 });
    const text = readFileSync(file, 'utf8').slice(compared.length);
    expect(text.trim()).toBe(readFileSync(join(candidate, 'report/report.md'), 'utf8').trim());
  });

  it('that cannot be written is a message, and changes no exit code', async () => {
    mkdirSync(join(out, 'folder'));
    process.env.GITHUB_STEP_SUMMARY = join(out, 'folder');
    const dir = writeSession({ out, name: 'one' });
    const ended = await boxmark('report', dir, '--format', 'md');
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/job summary can't be written/);
  });
});
