/** The page as text: self-contained, the same bytes twice, and nothing that comes from outside becomes markup. */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSessionModel } from '../../cli/session/write-report.ts';
import { htmlPage } from '../../reports/formats/html/format.ts';
import { formatsFor } from '../../reports/formats/index.ts';
import { buildModel } from '../../reports/model/model.ts';
import { fixtureInput } from './fixture.ts';
import { hostileInput } from './hostile.ts';

const EXAMPLE = 'results/example/20261126T070159Z-b39def';
const dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function pageOf(input = fixtureInput(), faults: string[] = []): Promise<string> {
  const model = buildModel({ ...input, integrity: { seal: 'a'.repeat(64), faults } });
  const [file] = await htmlPage.files([{ model, base: '..' }]);
  return String(file?.content);
}

describe('the page', () => {
  it('asks for nothing from outside and lets nothing but its own script and style in', async () => {
    const page = await pageOf();
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    expect(policy).toMatch(
      /^default-src &#39;none&#39;; script-src &#39;sha256-[\w+/=]{44}&#39;; style-src &#39;sha256-[\w+/=]{44}&#39;; font-src data:/,
    );
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    const head =
      page.slice(0, page.indexOf('<style>')) + page.slice(page.indexOf('</style>'), page.lastIndexOf('<script>'));
    expect(head).not.toMatch(/\s(?:src|srcset|action)=|<(?:link|iframe|object|embed|base|img)\b|\sstyle=|\son\w+=/);
    for (const [, address] of head.matchAll(/href="([^"]*)"/g)) expect(address).toMatch(/^(#|\.\.\/\w+\.csv$)/);
  });

  it('says the answer, the control, every verdict, and where each figure comes from', async () => {
    const page = (await pageOf()).replaceAll('\u00a0', ' ');
    expect(page).toContain('docker/docker is equivalent to docker in bursts');
    expect(page).toContain('Control (a second native)');
    expect(page).toMatch(/gvisor.*runsc is not installed.*boxmark setup --all/);
    expect(page).toMatch(/<a href="\.\.\/contrasts\.csv">contrasts\.csv<\/a>, rows 7, 13, 19/);
    expect(page).toContain('logarithmic beyond ±1 %');
  });

  it('warns of files that are not what the manifest says, and shows the figures all the same', async () => {
    const page = await pageOf(fixtureInput(), ['samples.csv: is not what the manifest lists']);
    expect(page).toMatch(/class="warning"[^>]*>.*samples\.csv: is not what the manifest lists/s);
    expect(page).toContain('docker/docker is equivalent');
  });

  it.each([
    ['markup', '</script></style><script>alert(1)</script><img src=x onerror=alert(1)>'],
    ['quotes', `" onmouseover="alert(1)" ' &quot; \``],
    ['a formula', '=HYPERLINK("http://x")'],
    ['marks that turn a line round', '\u202egnp.exe\u2066\u200f'],
    ['ten thousand characters', 'x'.repeat(10_000)],
    ['a template', `\${alert(1)} {{alert(1)}}`],
  ])('shows %s as text', async (_, text) => {
    const page = await pageOf(hostileInput(text), [text]);
    const own = page.slice(0, page.lastIndexOf('<script>'));
    expect(own.match(/<script(?! type="application\/json")/g)).toBeNull();
    expect(own.replaceAll(/="[^"]*"/g, '=""')).not.toMatch(/<img|<[^>]*\sonmouseover=/);
    expect(own.replaceAll(/[\n\u00ad]/g, '')).not.toMatch(/\p{Cf}/u);
    expect(page.length).toBeLessThan(1_200_000);
    for (const [, json] of own.matchAll(/<script type="application\/json"[^>]*>(.*?)<\/script>/gs)) {
      expect(() => JSON.parse(json ?? '')).not.toThrow();
    }
  });
});

describe('the committed session', () => {
  it('renders to the same bytes twice, in every format, in another folder, language and time zone', {
    timeout: 240_000,
  }, () => {
    const there = join(dir, 'elsewhere', 'deeper', 'session');
    cpSync(EXAMPLE, there, { recursive: true });
    const text = formatsFor('people')
      .map(({ name }) => name)
      .filter((name) => name !== 'png')
      .join();
    const render = (session: string, out: string, env: Record<string, string>) =>
      execFileSync(process.execPath, ['dist/cli/main.js', 'report', session, '--format', text, '-o', out], {
        env: { ...process.env, ...env },
        encoding: 'utf8',
      })
        .trim()
        .split('\n')
        .map((path) => [path.replace(/^.*\//, ''), readFileSync(path, 'utf8')]);
    const here = join(dir, 'here', 'session');
    cpSync(EXAMPLE, here, { recursive: true });
    const first = render(here, join(here, 'report'), { TZ: 'UTC', LANG: 'C' });
    const second = render(there, join(there, 'report'), {
      TZ: 'Asia/Kathmandu',
      LANG: 'de_DE.UTF-8',
      LC_ALL: 'de_DE.UTF-8',
    });
    expect(first.map(([name]) => name)).toEqual(expect.arrayContaining(['report.html', 'ladder.svg', 'summary.json']));
    for (const [index, [name, content]] of first.entries()) {
      expect(second[index]?.[0]).toBe(name);
      expect(second[index]?.[1] === content, `${name} is the same`).toBe(true);
    }
  });

  it('is read with a visible warning when a table was changed, and is not refused', async () => {
    const changed = join(dir, 'changed');
    cpSync(EXAMPLE, changed, { recursive: true });
    const file = join(changed, 'starts.csv');
    // The first figure of the first start.
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(/(completed,,)\d/, (_, before) => `${before}90`),
    );
    const { integrity } = await readSessionModel(changed);
    expect(integrity.faults[0]).toBe(
      'The check of the session fails: starts.csv: is not what the manifest lists: it was changed after the session',
    );
  });
});
