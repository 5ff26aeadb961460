/** A document on a terminal: the answer first, then its sections, and last what to do next. */

import type { Document } from '../documents/document.ts';
import type { Section, Table } from '../sections/section.ts';
import { displayWidth, wrap } from '../text.ts';
import { lineText, textTable } from './text-table.ts';

export interface TerminalOptions {
  /** Columns; at least 40 are used. 80 when left out. */
  readonly width?: number;
  /** Escape sequences for emphasis; whether a terminal wants them is the caller's business. */
  readonly colour?: boolean;
  /** Also what is long and seldom asked for: folded sections. */
  readonly verbose?: boolean;
}

type Style = 'strong' | 'warning' | 'faint';
const ESCAPES: Readonly<Record<Style, string>> = { strong: '1', warning: '33', faint: '2' };

/** The whole document as text; no line is wider than `width`. */
export function terminalText(document: Document, options: TerminalOptions = {}): string {
  const width = Math.max(40, options.width ?? 80);
  const paint = (lines: readonly string[], style: Style): string[] =>
    options.colour ? lines.map((line) => (line === '' ? '' : `\u001b[${ESCAPES[style]}m${line}\u001b[0m`)) : [...lines];
  const items = (texts: Section['notes'] = []) => texts.flatMap((text) => wrap(lineText(text), width, '  '));
  const shown = document.sections.filter(
    (section) => hasText(section) && (section.weight !== 'fold' || options.verbose === true),
  );
  const ids = new Set(shown.map(({ id }) => id));
  const body = (section: Section): string[] => {
    const notes = items(section.notes);
    return [
      '',
      ...paint(wrap(section.title, width), 'strong'),
      ...items(section.lead),
      ...tablesText(section, width),
      ...(section.notesTitle !== undefined && notes.length > 0 ? wrap(`${section.notesTitle}:`, width) : []),
      ...(section.warns ? paint(notes, 'warning') : notes),
    ];
  };
  return [
    ...paint(
      items(document.about).filter((line) => line !== ''),
      'faint',
    ),
    '',
    ...paint(items(document.warnings), 'warning'),
    ...(document.answer === null ? [] : paint(wrap(lineText(document.answer), width), 'strong')),
    ...items(document.lead),
    ...shown.filter(({ shortOf }) => shortOf === undefined || !ids.has(shortOf)).flatMap(body),
    ...paint(nextLines(document, width), 'strong'),
    ...(document.seal == null ? [] : ['', ...paint(wrap(`Seal: ${document.seal}`, width), 'faint')]),
    '',
  ].join('\n');
}

/** Pictures are left out, and what explains them. */
function hasText({ tables = [], notes = [], lead = [] }: Section): boolean {
  return tables.some(({ rows }) => rows.length > 0) || notes.length > 0 || (lead.length > 0 && tables.length === 0);
}

/** Each below its caption, where there are several. */
function tablesText({ tables = [] }: Section, width: number): string[] {
  const filled = tables.filter(({ rows }) => rows.length > 0);
  return filled.flatMap((table: Table, index) => [
    ...(filled.length > 1 ? [...(index > 0 ? [''] : []), ...wrap(`${lineText(table.caption)}:`, width)] : []),
    ...textTable(table, width),
    ...(table.notes ?? []).flatMap((note) => wrap(lineText(note), width, '  ')),
  ]);
}

/** On one line, or with the command on a separate line so that it can be copied. */
function nextLines({ next }: Document, width: number): string[] {
  if (next == null) return [];
  const sentence = lineText(next.sentence);
  if (next.command === null) return ['', ...wrap(`${sentence}.`, width, '  ')];
  const command = lineText(next.command);
  const whole = `${sentence}: ${command}`;
  if (displayWidth(whole) <= width) return ['', whole];
  return ['', ...wrap(`${sentence}:`, width, '  '), ...wrap(`  ${command}`, width, '    ')];
}
