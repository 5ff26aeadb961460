/** Documents of the commands: their wording, the same facts in every format, and never a line more than 80 columns. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimsDocument } from '../../reports/documents/claims.ts';
import { compareDocument } from '../../reports/documents/compare.ts';
import type { Document } from '../../reports/documents/document.ts';
import { explainDocument } from '../../reports/documents/explain.ts';
import { historyDocument } from '../../reports/documents/history.ts';
import { reproduceDocument } from '../../reports/documents/reproduce.ts';
import { scoreDocument } from '../../reports/documents/score.ts';
import { selftestDocument } from '../../reports/documents/selftest.ts';
import { pageText } from '../../reports/formats/html/page.ts';
import { markdownText } from '../../reports/formats/markdown.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { plain, richCell, type Table } from '../../reports/sections/section.ts';
import { displayWidth } from '../../reports/text.ts';
import { CLAIMS, EXPLANATION, HISTORY, PAIRED, REPRODUCTION, SCORE, SELFTEST, STORED } from './outcomes.ts';

const DOCUMENTS: Readonly<Record<string, Document>> = {
  'compare-paired': compareDocument(PAIRED),
  'compare-stored': compareDocument(STORED),
  reproduce: reproduceDocument(REPRODUCTION),
  explain: explainDocument(EXPLANATION),
  selftest: selftestDocument(SELFTEST),
  score: scoreDocument(SCORE),
  history: historyDocument(HISTORY),
  claims: claimsDocument({
    session: 'session-1',
    seal: 'facade'.padEnd(64, '0'),
    blocks: 6,
    title: 'Published claims',
    results: CLAIMS,
  }),
};

/** Everything that a document says outside of charts and of details, which only a page has room for. */
function saidBy({ about, warnings = [], answer, lead = [], sections }: Document): string[] {
  const inTable = ({ rows, columns, notes = [] }: Table) => [
    ...rows.flatMap(({ group, cells, below = [] }) => [
      ...(group === undefined ? [] : [richCell(group).show]),
      ...cells.filter((_, index) => !columns[index]?.detail).map((cell) => richCell(cell).show),
      ...below,
    ]),
    ...notes,
  ];
  const texts = sections.flatMap(({ lead: first = [], tables = [], notes = [] }) => [
    ...first,
    ...tables.filter(({ rows }) => rows.length > 0).flatMap(inTable),
    ...notes,
  ]);
  return [...about, ...warnings, ...(answer === null ? [] : [answer]), ...lead, ...texts].map((text) => plain(text));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** The words alone, without markup and however they are spaced. */
function words(text: string): string {
  return text
    .replace(/<\/?[a-z][^>]*>/g, '')
    .replace(/&(#?\w+);/g, (_, name: string) => ENTITIES[name] ?? String.fromCharCode(Number(name.slice(1))))
    .replace(/[\s*\u200b]+/g, '');
}

describe.each(Object.entries(DOCUMENTS))('the document %s', (name, document) => {
  it('has this wording on a terminal and in Markdown', async () => {
    const copy = (extension: string) => join(import.meta.dirname, 'copies', `${name}.${extension}`);
    await expect(terminalText(document)).toMatchFileSnapshot(copy('txt'));
    await expect(markdownText(document)).toMatchFileSnapshot(copy('md'));
  });

  it('says the same in every format', () => {
    const page = pageText(document, { footer: '' }).replace(/<(style|script)\b.*?<\/\1>/gs, '');
    const formats = { terminal: terminalText(document), markdown: markdownText(document), page };
    const said = saidBy(document).map(words);
    expect(said.length).toBeGreaterThan(5);
    for (const [format, text] of Object.entries(formats)) {
      const whole = words(text);
      for (const one of said) expect(whole.includes(one), `${format}: ${one}`).toBe(true);
    }
  });

  it('never exceeds the width of the terminal', () => {
    for (const width of [80, 132]) {
      for (const line of terminalText(document, { width }).split('\n')) {
        expect(displayWidth(line), line).toBeLessThanOrEqual(width);
      }
    }
  });
});
