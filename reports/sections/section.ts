/**
 * What a report says, without how it is written: sections of rich text and tables. A format writes them; it never chooses
 * what they say, and a section never knows in which format it is written.
 */

import { clean } from '../text.ts';

/** A part of a text that formats set apart. What comes from outside is cleaned by the functions below. */
export type Inline =
  | string
  /** A name from outside: an environment, a host, a session. */
  | { readonly as: 'name'; readonly text: string }
  /** To be typed or looked up as it is: a command, a column, a digest. */
  | { readonly as: 'code'; readonly text: string }
  | { readonly as: 'strong'; readonly text: string }
  /** Less important than the text around it. */
  | { readonly as: 'faint'; readonly text: string }
  /** Another part of the same document, by its id. */
  | { readonly as: 'anchor'; readonly text: string; readonly to: string }
  /** Long text behind a short one, for formats in which it can be opened. */
  | { readonly as: 'fold'; readonly text: string; readonly whole: readonly string[] };

export type Text = Inline | readonly Inline[];

export const name = (text: string, limit = 160): Inline => ({ as: 'name', text: clean(text, limit) });
export const code = (text: string, limit = 400): Inline => ({ as: 'code', text: clean(text, limit) });
export const strong = (text: string): Inline => ({ as: 'strong', text });
export const faint = (text: string): Inline => ({ as: 'faint', text });

export function inlines(text: Text): readonly Inline[] {
  return Array.isArray(text) ? (text as readonly Inline[]) : [text as Inline];
}

/** The text alone. */
export function plain(text: Text): string {
  return inlines(text)
    .map((part) => (typeof part === 'string' ? part : part.text))
    .join('');
}

/** A verdict has a colour and a sign; a fact that is not as in the baseline is marked. */
export type Tone =
  | 'slower'
  | 'faster'
  | 'equivalent'
  | 'inconclusive'
  | 'untrusted'
  | 'control'
  | 'reproduced'
  | 'refuted'
  | 'not-reproduced'
  | 'not-applicable'
  | 'regressed'
  | 'improved'
  | 'setting'
  | 'nature';

export type Cell = Text | RichCell;

export interface RichCell {
  readonly show: Text;
  /** The number behind the cell, by which it is sorted. */
  readonly value?: number | null;
  /** Small beside or below it, where there is room. */
  readonly note?: Text;
  /** Instead of the note where there is none; the table's notes explain it. */
  readonly sign?: string;
  readonly tone?: Tone;
}

export function richCell(cell: Cell): RichCell {
  return typeof cell === 'object' && 'show' in cell ? cell : { show: cell };
}

/** Rows of a CSV file of the session that a figure was computed from. */
export interface Source {
  readonly file:
    | 'samples.csv'
    | 'starts.csv'
    | 'contrasts.csv'
    | 'footprint.csv'
    | 'scale.csv'
    | 'density.csv'
    | 'storm.csv'
    | 'load.csv'
    | 'neighbour.csv';
  /** `2–7` by line, the header being 1; null where a filter says more. */
  readonly rows: string | null;
  /** `workload = fft, phase = measure`. */
  readonly filter: string | null;
}

export interface Column {
  readonly title: string;
  /** `right` unless it is given; the first column is always on the left. */
  readonly align?: 'left' | 'right';
  /** Left out where there is little room: a terminal, a comment. */
  readonly detail?: boolean;
}

/** Columns of figures, of texts, and of details that need room. */
export const figures = (...titles: readonly string[]): Column[] => titles.map((title) => ({ title }));
export const texts = (...titles: readonly string[]): Column[] => titles.map((title) => ({ title, align: 'left' }));
export const details = (...titles: readonly string[]): Column[] => titles.map((title) => ({ title, detail: true }));

export interface Row {
  /** What this row and its neighbours belong to: a heading above them, or a first column. */
  readonly group?: Cell;
  readonly cells: readonly Cell[];
  /** What needs the width of the table: lines below the row. */
  readonly below?: readonly Text[];
}

export interface Table {
  /** Letters, digits and hyphens; unique in the document. */
  readonly id: string;
  readonly caption: string;
  /** Title of the column of groups, where rows have one. */
  readonly group?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** What its signs mean. */
  readonly notes?: readonly Text[];
  /** Where its figures come from. */
  readonly sources?: readonly Source[];
  /**
   * `facts`: pairs of a term and a text, which need no heads. `lines`: a fixed layout, a line a row, kept to the space.
   * `matrix`: as many columns as there are, below names that stay in sight.
   */
  readonly form?: 'facts' | 'lines' | 'matrix';
  /** Long: closed where it can be opened. */
  readonly folded?: boolean;
}

/** Each `[term, text]`. */
export function factsTable(id: string, caption: string, facts: readonly (readonly [Text, Text])[]): Table {
  return {
    id,
    caption,
    form: 'facts',
    columns: texts('what', 'value'),
    rows: facts.map((cells) => ({ cells })),
  };
}

/** Lines that another program would print. */
export function linesTable(id: string, caption: string, lines: readonly string[]): Table {
  return { id, caption, form: 'lines', columns: texts('line'), rows: lines.map((line) => ({ cells: [line] })) };
}

/**
 * `top`: belongs to the answer; `body`: the figures; `fold`: seldom asked for. A terminal leaves folded sections out unless
 * asked, a comment opens only the top, a page shows everything.
 */
export type Weight = 'top' | 'body' | 'fold';

export interface Section {
  /** Letters, digits and hyphens; unique in the document. */
  readonly id: string;
  readonly title: string;
  /** In a navigation, where the title is long. */
  readonly short?: string;
  readonly weight: Weight;
  /** Paragraphs at the beginning. */
  readonly lead?: readonly Text[];
  /** Names of charts of the document, and how to read them. */
  readonly charts?: readonly string[];
  readonly aboutCharts?: Text;
  readonly tables?: readonly Table[];
  /** A list: what there is to say in sentences. */
  readonly notes?: readonly Text[];
  /** Above the list, where it does not speak for itself; a list with a title is closed where it can be opened. */
  readonly notesTitle?: string;
  /** Something went wrong: formats emphasise it. */
  readonly warns?: boolean;
  /** The section that has the same figures and more: a format that shows both at once leaves this one out. */
  readonly shortOf?: string;
}

/** A section that is a table of the same title. */
export function tableSection(
  { id, title, weight = 'top' }: Pick<Section, 'id' | 'title'> & Partial<Pick<Section, 'weight'>>,
  table: Omit<Table, 'id' | 'caption'>,
): Section {
  return { id, title, weight, tables: [{ id: `${id}-rows`, caption: title, ...table }] };
}

/** A section that is a list. */
export function list(id: string, title: string, notes: readonly Text[]): Section {
  return { id, title, weight: 'body', notes };
}

export function isEmpty({ tables = [], notes = [], lead = [], charts = [] }: Section): boolean {
  return tables.every(({ rows }) => rows.length === 0) && notes.length + lead.length + charts.length === 0;
}
