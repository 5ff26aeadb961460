/** Tables and the chart of the answer for an article in LaTeX: floats to `\input`, with captions that name the session. */

import type { Document } from '../documents/document.ts';
import {
  type Cell,
  type Inline,
  inlines,
  plain,
  type RichCell,
  richCell,
  type Section,
  type Table,
  type Text,
} from '../sections/section.ts';
import { clean, LONGEST_SENTENCE } from '../text.ts';

/** What pdfLaTeX has no glyph for, and what is a command in LaTeX. */
const COMMANDS: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': "''",
  '−': '$-$',
  '±': '$\\pm$',
  '×': '$\\times$',
  '÷': '$\\div$',
  '≤': '$\\le$',
  '≥': '$\\ge$',
  '→': '$\\to$',
  '·': '$\\cdot$',
  µ: '$\\mu$',
  '²': '$^2$',
  '°': '$^\\circ$',
  '–': '--',
  '—': '---',
  '…': '\\dots{}',
  '’': "'",
  '‘': '`',
  '“': '``',
  '”': "''",
  '\u00a0': '~',
};
/** Latin letters with their accents, which every LaTeX since 2018 reads as UTF-8. */
const LETTERS = /^[\u00c0-\u017f]$/;

/**
 * The tables of the answer, and its chart where the session has one.
 * @param id of the session: labels of several of them differ
 */
export function latexText(document: Document, id: string): string {
  const top = document.sections.filter(({ weight, tables = [] }) => weight === 'top' && tables.some(hasRows));
  const lines = [
    `% ${comment(document.about.map(plain).join(', '))}`,
    '% Needs \\usepackage{booktabs} and \\usepackage{graphicx}; pictures: boxmark report SESSION --format png.',
    ...(document.seal == null ? [] : [`% Seal: ${document.seal}`]),
    ...(document.warnings ?? []).map((warning) => `% ${comment(plain(warning))}`),
    ...(document.answer === null ? [] : [`% ${comment(plain(document.answer))}`]),
    ...top.flatMap((section) =>
      (section.tables ?? []).filter(hasRows).map((table) => float(section, table, { document, id })),
    ),
    ...top.flatMap((section) => figures(section, { document, id })),
  ];
  return `${lines.join('\n')}\n`;
}

const hasRows = ({ rows }: Table): boolean => rows.length > 0;

interface Of {
  readonly document: Document;
  readonly id: string;
}

function float(section: Section, table: Table, { document, id }: Of): string {
  const shown = table.columns.flatMap((column, at) => (column.detail === true ? [] : [{ column, at }]));
  const isGrouped = table.rows.some(({ group }) => group !== undefined);
  const columns = shown.map(({ column }, place) => (place === 0 || column.align === 'left' ? 'l' : 'r')).join('');
  const head = shown.map(({ column }) => escaped(column.title));
  const rows = table.rows.flatMap(({ group, cells, below = [] }) => [
    [...(isGrouped ? [cellText(group ?? '')] : []), ...shown.map(({ at }) => cellText(cells[at] ?? ''))].join(' & '),
    ...below.map((text) => `\\multicolumn{${shown.length + (isGrouped ? 1 : 0)}}{l}{\\footnotesize ${inline(text)}}`),
  ]);
  const notes = (table.notes ?? []).map((note) => `${inline(note)}.`.replace(/\.\.$/, '.'));
  return [
    '',
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${[`${escaped(section.title)}.`, ...captionOf(document), ...notes].join(' ')}}`,
    `  \\label{${labelOf(section, id)}}`,
    '  \\small',
    `  \\begin{tabular}{${isGrouped ? 'l' : ''}${columns}}`,
    '    \\toprule',
    `    ${[...(isGrouped ? [escaped(table.group ?? '')] : []), ...head].join(' & ')} \\\\`,
    '    \\midrule',
    // After the end of a row, a bracket or a star would belong to it.
    ...rows.map((row) => `    ${/^[[*]/.test(row) ? '{}' : ''}${row} \\\\`),
    '    \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
  ].join('\n');
}

function figures(section: Section, { document, id: session }: Of): string[] {
  return (section.charts ?? [])
    .flatMap((name) => document.charts?.(name) ?? [])
    .map(({ id, heading }) =>
      [
        '',
        '\\begin{figure}',
        '  \\centering',
        `  \\includegraphics[width=\\linewidth]{${id}.png}`,
        `  \\caption{${[`${escaped(heading)}.`, ...warningsOf(document), `As in table~\\ref{${labelOf(section, session)}}.`].join(' ')}}`,
        `  \\label{fig:${session}-${id}}`,
        '\\end{figure}',
      ].join('\n'),
    );
}

/** What goes with a table wherever it is printed: which session it is of, and whether that can be relied on. */
function captionOf(document: Document): string[] {
  const { about, seal = null } = document;
  return [
    ...warningsOf(document),
    `${about.map((text) => inline(text)).join(', ')}.`,
    ...(seal === null ? [] : [`Seal: \\texttt{${seal.slice(0, 16)}}\\dots{}`]),
  ];
}

function warningsOf({ warnings = [] }: Document): string[] {
  return warnings.map((text) => `\\textbf{${inline(text)}}`);
}

const labelOf = ({ id }: Section, session: string): string => `tab:${session}-${id}`;

function cellText(cell: Cell): string {
  const { show, sign }: RichCell = richCell(cell);
  return sign === undefined ? inline(show) : `${inline(show)} ${escaped(sign)}`;
}

function inline(text: Text): string {
  return inlines(text).map(part).join('');
}

function part(it: Inline): string {
  if (typeof it === 'string') return escaped(it);
  if (it.as === 'name' || it.as === 'code') return it.text === '' ? '' : `\\texttt{${escaped(it.text)}}`;
  return it.as === 'strong' ? `\\textbf{${escaped(it.text)}}` : escaped(it.text);
}

/** Text of any origin as text of a document: no character of it is a command. */
function escaped(text: string): string {
  return [...text]
    .map((letter) => COMMANDS[letter] ?? (/^[ -~]$/.test(letter) || LETTERS.test(letter) ? letter : '?'))
    .join('');
}

/** On one line, whatever it holds. */
function comment(text: string): string {
  return clean(text, LONGEST_SENTENCE).replace(/[^ -~\u00a1-\u017f]/gu, ' ');
}
