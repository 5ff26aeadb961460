/** `boxmark report`, and the report that a run leaves behind. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { boxmark, rehearse, sessions, start } from './program.ts';
import { writeSession } from './stored-session.ts';

const out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe('boxmark report', () => {
  it('writes a page, a text and pictures into the session’s folder, which still checks', async () => {
    const dir = writeSession({ out, name: '20261123T170000Z-aaaaaa' });
    const ended = await start(['report', dir], [], []).ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const names = readdirSync(join(dir, 'report'));
    expect(names).toEqual(expect.arrayContaining(['report.html', 'ladder.png', 'workload-fft.png']));
    expect(names.some((name) => name.endsWith('.partial'))).toBe(false);
    expect(ended.stdout.trim().split('\n')).toHaveLength(names.length);
    expect(readFileSync(join(dir, 'report', 'report.html'), 'utf8')).toContain('href="../contrasts.csv"');
    expect((await boxmark('check', dir)).code).toBe(0);
  });

  it('puts several sessions side by side, with links to the files of each', async () => {
    const first = writeSession({ out, name: '20261123T170000Z-bbbbbb' });
    const second = writeSession({ out, name: '20261124T170000Z-cccccc' });
    const folder = join(out, 'together');
    const ended = await boxmark('report', first, second, '--format', 'html,csv', '-o', folder);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).toContain('2 sessions side by side');
    expect(page).toContain('href="../20261123T170000Z-bbbbbb/contrasts.csv"');
    expect(page).toContain('href="../20261124T170000Z-cccccc/samples.csv"');
    const table = readFileSync(join(folder, 'report.csv'), 'utf8');
    expect(table).toMatch(/^20261123T170000Z-bbbbbb,.*,docker,native,suite,/m);
    expect(table).toMatch(/^20261124T170000Z-cccccc,.*,docker,native,suite,/m);
  });

  it('prints a single text to standard output', async () => {
    const dir = writeSession({ out, name: '20261123T170000Z-dddddd' });
    const ended = await boxmark('report', dir, '--format', 'json', '-o', '-');
    expect(JSON.parse(ended.stdout)).toMatchObject({ session: { id: '20261123T170000Z-dddddd' } });
    const several = await boxmark('report', dir, '--format', 'png', '-o', '-');
    expect(several.code).toBe(2);
    expect(several.stderr).toMatch(/Standard output takes one text/);
    expect(existsSync(join(dir, 'report'))).toBe(false);
  });

  it('is code 2 for an unknown format, which names the nearest, and for what is no session', async () => {
    const dir = writeSession({ out, name: '20261123T170000Z-eeeeee' });
    const wrong = await boxmark('report', dir, '--format', 'htm');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/did you mean "html"[\s\S]*received: htm/);
    const none = await boxmark('report', out);
    expect(none.code).toBe(2);
    expect(none.stderr).toMatch(/not a session/);
  });
});

describe('boxmark run', () => {
  it('writes the report and says where the page is', async () => {
    const folder = join(out, 'run');
    const flags = ['--size', 'tiny', '--blocks', '2', '--rounds', '3', '--burst', '1ms', '-q', '-o', folder];
    const ended = await rehearse('run', '-e', 'native', '-w', 'fft', ...flags);
    expect(ended.code, ended.stderr).toBe(0);
    const [dir = ''] = sessions(folder);
    expect(ended.stdout).toContain(`Report: ${join(dir, 'report', 'report.html')}`);
    expect(existsSync(join(dir, 'report', 'report.html'))).toBe(true);
    expect((await boxmark('check', dir)).code).toBe(0);
  });
});
