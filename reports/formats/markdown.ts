/** A document as Markdown for a pull request's comment or a job's summary: the answer first, the rest folded. */

import type { Document } from '../documents/document.ts';
import {
  type Cell,
  type Inline,
  inlines,
  plain,
  type RichCell,
  type Row,
  richCell,
  type Section,
  type Table,
  type Text,
} from '../sections/section.ts';
import { LONGEST_SENTENCE } from '../text.ts';
import { type Fold, folded, markdownTable, code as outsideCode, preformatted, prose } from './markdown-text.ts';

/** Items of a list before the rest is left out. */
const MOST_ITEMS = 60;

/** At most 65,000 characters long. */
export function markdownText(document: Document): string {
  const mark = document.mark === undefined ? '' : `${document.mark} `;
  const top = document.sections.filter(({ weight }) => weight === 'top');
  const next = document.next ?? null;
  const head = [
    ...(document.answer === null ? [] : [`### ${mark}${inline(document.answer)}`, '']),
    ...(document.warnings ?? []).flatMap((text) => ['> [!WARNING]', `> ${inline(text)}`, '']),
    ...(document.lead ?? []).flatMap((text) => [inline(text), '']),
    ...top.flatMap((section) => topLines(section)),
    ...(next === null
      ? []
      : [
          '',
          next.command === null
            ? `${inline(next.sentence)}.`
            : `${inline(next.sentence)}: ${outsideCode(next.command)}`,
        ]),
  ];
  const ids = new Set(top.map(({ id }) => id));
  const folds = document.sections
    .filter(({ weight, id }) => weight !== 'top' && !ids.has(id))
    .map((section): Fold => ({ title: foldTitle(section), body: sectionLines(section) }));
  return folded(head, [
    ...folds,
    {
      title: 'About this document',
      body: [...document.about, ...sealOf(document)].map((text) => `- ${inline(text)}`),
    },
  ]);
}

function sealOf({ seal = null }: Document): Text[] {
  return seal === null ? [] : [['Seal: ', { as: 'code', text: seal }]];
}

function foldTitle({ title, notes = [], tables = [] }: Section): string {
  const isList = notes.length > 0 && tables.length === 0;
  return isList ? `${prose(title)} (${notes.length})` : prose(title);
}

/** Open, below its title; verdicts are emphasised. */
function topLines(section: Section): string[] {
  const lines = sectionLines(section, true);
  return lines.length === 0 ? [] : [`**${prose(section.title)}**`, '', ...lines, ''];
}

/** Empty where there is only a picture. */
function sectionLines({ lead = [], tables = [], notes = [], notesTitle }: Section, isTop = false): string[] {
  const filled = tables.filter(({ rows }) => rows.length > 0);
  if (filled.length === 0 && notes.length === 0 && (lead.length === 0 || tables.length > 0)) return [];
  const blocks = [
    ...lead.map((text) => [inline(text)]),
    ...filled.flatMap((table) => [
      ...(filled.length > 1 ? [[`**${prose(table.caption)}**`]] : []),
      tableBlock(table, isTop),
    ]),
    ...(notes.length > 0 && notesTitle !== undefined ? [[`${prose(notesTitle)}&#58;`]] : []),
    ...(notes.length === 0 ? [] : [listLines(notes)]),
  ];
  return blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

function listLines(texts: readonly Text[]): string[] {
  const more = texts.length - MOST_ITEMS;
  return [
    ...texts.slice(0, MOST_ITEMS).map((text) => `- ${inline(text)}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ];
}

function tableBlock(table: Table, isTop: boolean): string[] {
  const notes = (table.notes ?? []).flatMap((note) => ['', `<sub>${inline(note)}</sub>`]);
  if (table.form === 'facts') {
    return table.rows.map(({ cells: [term = '', text = ''] }) => `- ${cellText(term)}: ${cellText(text)}`);
  }
  if (table.form === 'lines')
    return [preformatted(table.rows.map(({ cells: [line = ''] }) => plain(richCell(line).show)))];
  const shown = table.columns.map((_, index) => index).filter((index) => !table.columns[index]?.detail);
  const group = table.rows.some((row) => row.group !== undefined) ? [table.group ?? ''] : [];
  const lines = markdownTable(
    [...group, ...shown.map((index) => table.columns[index]?.title ?? '')].map((title) => prose(title)),
    table.rows.map((row) => [
      ...(group.length === 0 ? [] : [headingText(richCell(row.group ?? ''))]),
      ...shown.map((index, place) => cellText(row.cells[index] ?? '', isTop) + (place === 0 ? belowText(row) : '')),
    ]),
    [...group.map(() => true), ...shown.map((index, place) => place === 0 || table.columns[index]?.align === 'left')],
  );
  return [...lines, ...notes];
}

/** Below the first cell: a table of Markdown has no rows that span it. */
function belowText({ below = [] }: Row): string {
  return below.map((text) => `<br><sub>${inline(text)}</sub>`).join('');
}

function cellText(cell: Cell, isTop = false): string {
  const { show, sign, tone } = richCell(cell);
  const text = inline(show);
  const whole = sign === undefined ? text : `${text} ${prose(sign)}`;
  const isVerdict =
    isTop && tone !== undefined && !['control', 'setting', 'nature', 'not-applicable', 'not-reproduced'].includes(tone);
  return isVerdict && whole !== '' ? `**${whole}**` : whole;
}

function headingText({ show, note }: RichCell): string {
  return note === undefined ? inline(show) : `${inline(show)} · ${inline(note)}`;
}

function inline(text: Text): string {
  return inlines(text).map(part).join('');
}

function part(it: Inline): string {
  if (typeof it === 'string') return spaced(it);
  if (it.as === 'name' || it.as === 'code') return it.text === '' ? '' : outsideCode(it.text);
  return it.as === 'strong' ? `**${prose(it.text)}**` : spaced(it.text);
}

/** With the spaces at its ends, which cleaning takes away. */
function spaced(text: string): string {
  return `${text.startsWith(' ') ? ' ' : ''}${prose(text, LONGEST_SENTENCE)}${text.endsWith(' ') && text.trim() !== '' ? ' ' : ''}`;
}
