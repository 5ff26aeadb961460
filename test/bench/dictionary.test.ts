/** The tables of results/README.md say what the code says. `npx vitest run test/bench/dictionary.test.ts -u` rewrites them. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { FACTS } from '../../bench/box/facts.ts';
import { EVENTS, type EventKind } from '../../bench/session/events.ts';
import { FLEET_ROWS } from '../../bench/session/fleet-tables.ts';
import type { Column } from '../../bench/session/table.ts';
import { TABLES } from '../../bench/session/tables.ts';

const README = resolve('results/README.md');

/** The text with this content between the comments `NAME: start` and `NAME: end`. */
function filled(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name}: start -->\n`, `<!-- ${name}: end -->\n`];
  expect(text.split(start)).toHaveLength(2);
  expect(text.split(end)).toHaveLength(2);
  return text.slice(0, text.indexOf(start) + start.length) + content + text.slice(text.indexOf(end));
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  for (const cell of lines.flat()) expect(cell).not.toMatch(/[|\n]/);
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`.replaceAll('|  |', '| |')).join('');
}

function columnRow({ name, unit, type, ...words }: Column<never>): string[] {
  const values = type.values?.map((value) => `\`${value}\``).join(', ');
  return [`\`${name}\``, unit ?? values ?? '', sentences(words)];
}

it('the data dictionary lists every column, kind of event and fact as the program has it', async () => {
  let text = readFileSync(README, 'utf8');
  for (const { file, columns } of [...TABLES, FLEET_ROWS]) {
    text = filled(
      text,
      `columns of ${file}`,
      markdownTable(['column', 'unit or values', 'meaning'], columns.map(columnRow)),
    );
  }
  text = filled(
    text,
    'kinds of events',
    markdownTable(['kind', 'keys', 'harmless', 'meaning'], Object.entries(EVENTS).map(eventRow)),
  );
  const facts = Object.entries(FACTS).map(([fact, { meaning }]) => [`\`${fact}\``, meaning]);
  text = filled(text, 'facts', markdownTable(['fact', 'meaning'], facts));
  await expect(text).toMatchFileSnapshot(README);
});

function eventRow([kind, { keys, expected, ...words }]: [string, (typeof EVENTS)[EventKind]]): string[] {
  const names = Object.keys(keys.shape).map((name) => `\`${name}\``);
  return [`\`${kind}\``, names.join(', '), expected ? 'yes' : '', sentences(words)];
}

function sentences({ meaning, detail }: { readonly meaning: string; readonly detail?: string }): string {
  return detail === undefined ? meaning : `${meaning}. ${detail}`;
}

it('meanings are plain text, because pages show them as they are', () => {
  for (const { meaning } of [...Object.values(EVENTS), ...Object.values(FACTS)])
    expect(meaning).not.toMatch(/[`*_<>\]]|\.$/);
  for (const { columns } of [...TABLES, FLEET_ROWS]) {
    for (const { meaning, unit = '' } of columns) expect(meaning + unit).not.toMatch(/[`*_<>\]]|\.$/);
  }
});
