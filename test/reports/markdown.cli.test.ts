/** The Markdown report: the verdicts first, short enough for a comment, and text from outside stays text. */

import { describe, expect, it } from 'vitest';
import { code, folded, prose } from '../../reports/formats/markdown-text.ts';
import { buildModel } from '../../reports/model/model.ts';
import { simulateSamples, testPlan } from '../bench/analysis/simulate.ts';
import { markdownOf as render } from './document.ts';
import { consume } from './exports/consumer.ts';
import { emptyModel, hostileModel, plainModel } from './exports/fixture.ts';
import { fixtureInput } from './fixture.ts';

/** GitHub's limit for a comment. */
const LIMIT = 65_536;

describe('the Markdown report', () => {
  const text = render(buildModel(fixtureInput()));

  it('has the answer and a row for each pair, and folds the rest', () => {
    const [above = '', ...folds] = text.split('<details>');
    expect(above.match(/^\| <code>/gm)).toHaveLength(5);
    expect(above).toMatch(
      /^\| <code>docker<\/code> \(container\) \| 1\.\d+ \| &#91;\d\.\d+, \d\.\d+&#93; \| −0\.\d %/m,
    );
    expect(above.split('\n').length).toBeLessThan(25);
    expect(folds.map((fold) => /<summary>([^<:]+)/.exec(fold)?.[1])).toEqual(
      expect.arrayContaining([
        'Workload by workload',
        'Time and rate of each environment',
        'Fresh starts',
        'What went wrong (4)',
        'Notes (2)',
      ]),
    );
    expect(text).toContain('the inner daemon was gone');
  });

  it('shows the workload itself where there is only one, and the warning of a session that is not to be trusted', () => {
    const { session } = fixtureInput();
    const plan = testPlan({ workloads: ['fft'] });
    const ratios = { 'native@control': 1.1 };
    const samples = [...simulateSamples(plan, { seed: 1, start: 0.0005, ratios })];
    const model = buildModel({ session: { ...session, plan }, samples, starts: [], events: [], unavailable: [] });
    const one = render(model);
    expect(one).toContain('**Verdicts on fft**');
    expect(one).toContain('> [!WARNING]\n> UNTRUSTED');
  });

  it('of no data says so', () => {
    expect(render(emptyModel())).toMatch(/^### Nothing was measured\.$/m);
  });

  it('is the same twice', () => {
    expect(render(buildModel(fixtureInput()))).toBe(text);
  });

  it('fits into a comment, whatever the number of environments and the length of names, and says what is left out', () => {
    const { session } = fixtureInput();
    const environments = [
      { path: 'native' },
      ...Array.from({ length: 150 }, (_, i) => ({ path: `docker:note=${'&'.repeat(150)}${i}` })),
    ];
    const plan = testPlan({ environments, workloads: ['fft', 'sor'], rounds: 3, blocks: 2 });
    const samples = [...simulateSamples(plan, { seed: 1 })];
    const long = render(
      buildModel({ session: { ...session, plan }, samples, starts: [], events: [], unavailable: [] }),
    );
    expect(long.length).toBeLessThanOrEqual(LIMIT);
    expect(long).toMatch(/Left out for length: .*Workload by workload/);
    expect(long).toMatch(/left out for length/);
    expect(render(hostileModel()).length).toBeLessThanOrEqual(LIMIT);
  });

  it('leaves nothing of hostile text that Markdown or HTML would act on', () => {
    const hostile = render(hostileModel());
    const own = hostile.replaceAll(/<\/?(details|summary|code|sub)>/g, '');
    expect(own).not.toMatch(/<|&(?!#\d+;)|`/);
    expect(hostile.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    // A table keeps its columns: 5 cells in each row above the folds.
    const rows = (hostile.split('<details>')[0] ?? '').split('\n').filter((line) => line.startsWith('|'));
    expect(rows.length).toBeGreaterThan(3);
    for (const row of rows) expect(row.split('|'), row).toHaveLength(7);
  });

  it('is rendered by the reference implementation as headings, tables and folds, and as nothing else', (ctx) => {
    const argv = ['cmark-gfm', '--unsafe', '-e', 'table', '-e', 'autolink', '-e', 'strikethrough'];
    const html = consume(argv, render(hostileModel()))?.stdout;
    if (html === undefined) return ctx.skip('cmark-gfm is not installed');
    const tags = new Set([...html.matchAll(/<([a-z][a-z0-9]*)/g)].map(([, tag]) => tag));
    for (const tag of tags) {
      expect([
        'h3',
        'p',
        'table',
        'thead',
        'tbody',
        'tr',
        'th',
        'td',
        'details',
        'summary',
        'code',
        'ul',
        'li',
        'strong',
        'sub',
        'blockquote',
      ]).toContain(tag);
    }
    expect(html).toContain('&lt;script&gt;');
    const rows = [...html.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row]) => row?.match(/<t[dh]/g)?.length);
    expect(new Set(rows.slice(0, 4))).toEqual(new Set([5]));
  });
});

describe('escaped text', () => {
  it('calls nobody, links nothing, and starts no code', () => {
    expect(prose('@someone #12 http://example.org www.example.org `x` |')).toBe(
      '@&#8203;someone #&#8203;12 http&#58;//example.org www&#46;example.org &#96;x&#96; &#124;',
    );
    expect(code('<b>_x_</b>')).toBe('<code>&#60;b&#62;&#95;x&#95;&#60;/b&#62;</code>');
  });
});

describe('folds', () => {
  it('are left out by name when they do not fit, and later ones that do are kept', () => {
    const long = ['x'.repeat(900)];
    const text = folded(
      ['head'],
      [
        { title: 'long', body: long },
        { title: 'short', body: ['y'] },
        { title: 'none', body: [] },
      ],
      500,
    );
    expect(text).toContain('<summary>short</summary>');
    expect(text).toContain('_Left out for length: long.');
    expect(text).not.toContain('none');
    expect(text.length).toBeLessThanOrEqual(500);
  });
});

describe('a small difference', () => {
  it('has the throughput beside the time, because "slower" can mean either', () => {
    expect(render(plainModel(1.18))).toMatch(/1\.1[78]\d+ \| &#91;1\.1\d+, 1\.1\d+&#93; \| −15\.\d+ %/);
  });
});
