/** Tables of a page: with a caption, sortable, copied as Markdown, scrolling by themselves where the page is narrow. */

import { letterOf } from '../../model/headline.ts';
import {
  type Cell,
  type Column,
  plain,
  type Row,
  richCell,
  type Table,
  type Text,
  type Tone,
} from '../../sections/section.ts';
import { printable } from '../../text.ts';
import { html, type Markup } from './markup.ts';
import { type Place, sourcesOf } from './place.ts';
import { textMarkup } from './text.ts';

/** A table of a section, with what its signs mean and where its figures come from. */
export function tableMarkup(table: Table, place: Place, options: { readonly hideCaption?: boolean } = {}): Markup {
  const { rows, notes = [], sources = [], form } = table;
  if (rows.length === 0) return html``;
  if (form === 'facts') return factsMarkup(rows);
  if (form === 'lines') return html`<pre>${rows.map((row) => html`${lineOf(row)}\n`)}</pre>`;
  const source = sources.length === 0 ? '' : html`<p class="source">${sourcesOf(sources, place.base)}</p>`;
  // Where cells have signs, the page writes their meaning beside each figure.
  const explained = rows.some(({ cells }) => cells.some((cell) => richCell(cell).sign !== undefined)) ? [] : notes;
  return html`${gridMarkup(table, `${place.prefix}${table.id}`, options.hideCaption === true)}${explained.map((note) => html`<p class="source">${textMarkup(note)}</p>`)}${source}`;
}

function gridMarkup({ caption, columns, rows, group, form }: Table, id: string, hideCaption: boolean): Markup {
  const isGrouped = rows.some((row) => row.group !== undefined);
  const shown: readonly Column[] = [...(isGrouped ? [{ title: group ?? '' }] : []), ...columns];
  const isText = (column: number) => column <= (isGrouped ? 1 : 0) || shown[column]?.align === 'left';
  const rowMarkup = (row: Row) => {
    const cells = [...(isGrouped ? [row.group ?? ''] : []), ...columns.map((_, index) => row.cells[index] ?? '')];
    const below = (row.below ?? []).map((text) => html`<small>${textMarkup(text)}</small>`);
    return html`<tr>${cells.map((cell, column) => cellMarkup(cell, column, isText(column), column === (isGrouped ? 1 : 0) ? below : []))}</tr>\n`;
  };
  return html`<div class="table">
<div class="scroll" role="region" aria-label="${caption} (table)${sessionOf(id)}" tabindex="0"><table id="${id}"${classOf(form, shown.length)}${rows.length > 1 ? html` data-sortable` : ''}>
<caption${hideCaption ? html` class="offscreen"` : ''}>${caption}</caption>
<thead><tr>${shown.map(({ title }, column) => html`<th scope="col"${isText(column) ? '' : html` class="figure"`}>${title}</th>`)}</tr></thead>
<tbody>${rows.map(rowMarkup)}</tbody>
</table></div>
<button type="button" class="quiet" data-copy="${id}" hidden>Copy as Markdown</button></div>
`;
}

/** More columns than a printed page has room for. */
const WIDE_FROM = 11;

function classOf(form: Table['form'], columns: number): Markup | '' {
  const names = [...(form === 'matrix' ? ['matrix'] : []), ...(columns >= WIDE_FROM ? ['wide'] : [])];
  return names.length === 0 ? '' : html` class="${names.join(' ')}"`;
}

const SIGNS: Readonly<Partial<Record<Tone, string>>> = {
  slower: '▲',
  faster: '▼',
  equivalent: '=',
  inconclusive: '?',
  untrusted: '!',
  regressed: '▲',
  improved: '▼',
};

/** Beside the word it is decoration; beside a figure it is the word. */
function signMarkup(sign: string, tone: string, show: Text): Markup {
  return plain(show).includes(tone)
    ? html`<span aria-hidden="true">${sign}</span>`
    : html`<span role="img" aria-label="${tone}">${sign}</span>`;
}

function cellMarkup(cell: Cell, column: number, isText: boolean, below: readonly Markup[]): Markup {
  const { show, value, note, tone } = richCell(cell);
  // No figure wraps but on a phone, and then between the ends of an interval.
  const text = isText || typeof show !== 'string' ? textMarkup(show) : html`${printable(show)}`;
  const small = note === undefined || plain(note) === '' ? '' : html`<small>${textMarkup(note)}</small>`;
  const isFact = tone === 'setting' || tone === 'nature';
  const sign = tone === undefined ? undefined : SIGNS[tone];
  const toned =
    tone === undefined || isFact
      ? text
      : html`<span class="verdict ${tone}">${sign === undefined ? '' : html`${signMarkup(sign, tone, show)} `}${text}</span>`;
  const names = [...(isText ? [] : ['figure']), ...(isFact ? [tone] : [])].join(' ');
  const attributes = html`${names === '' ? '' : html` class="${names}"`}${
    typeof value === 'number' && Number.isFinite(value) ? html` data-value="${sortValue(value)}"` : ''
  }`;
  const shown = html`${toned}${isFact ? ' ' : ''}${small}${below}`;
  return column === 0 ? html`<th scope="row"${attributes}>${shown}</th>` : html`<td${attributes}>${shown}</td>`;
}

/** Tables are sorted by it: more digits than anybody sees. */
function sortValue(value: number): number {
  return Number(value.toPrecision(6));
}

function lineOf({ cells: [line = ''] }: Row): string {
  return printable(plain(richCell(line).show));
}

/** Of several sessions in one page each says which one it is of: `s2-levels` is of session B. */
function sessionOf(id: string): string {
  const number = /^s(\d+)-/.exec(id)?.[1];
  return number === undefined ? '' : `, session ${letterOf(Number(number) - 1)}`;
}

/** Terms and what they mean, beside each other. */
function factsMarkup(rows: readonly Row[]): Markup {
  const shown = (cell: Cell) => textMarkup(richCell(cell).show);
  return html`<dl>${rows.map(({ cells: [term = '', text = ''] }) => html`<div><dt>${shown(term)}</dt><dd>${shown(text)}</dd></div>\n`)}</dl>`;
}
