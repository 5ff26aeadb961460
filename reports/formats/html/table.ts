/** Tables of a page: with a caption, sortable, copied as Markdown, scrolling by themselves where the page is narrow. */

import { letterOf } from '../../model/headline.ts';
import { type Cell, plain, richCell, type Table, type Tone } from '../../sections/section.ts';
import { html, type Markup } from './markup.ts';
import { type Place, sourcesOf } from './place.ts';
import { textMarkup } from './text.ts';

/** A table of a section, with what its signs mean and where its figures come from. */
export function tableMarkup(table: Table, place: Place, options: { readonly hideCaption?: boolean } = {}): Markup {
  const { id, caption, columns, rows, notes = [], sources = [], form } = table;
  if (rows.length === 0) return html``;
  const { base, prefix } = place;
  if (form === 'facts') {
    return listOf(rows.map(({ cells: [term = '', text = ''] }) => [showOf(term), showOf(text)] as const));
  }
  const isGrouped = rows.some(({ group }) => group !== undefined);
  const shown = [...(isGrouped ? [{ title: table.group ?? '', align: 'left' as const }] : []), ...columns];
  const source = sources.length === 0 ? '' : html`<p class="source">${sourcesOf(sources, base)}</p>`;
  // Their signs stand written out beside each figure.
  const explained = rows.some(({ cells }) => cells.some((cell) => richCell(cell).sign !== undefined)) ? [] : notes;
  return html`${tableOf({
    id: `${prefix}${id}`,
    caption,
    head: shown.map(({ title }) => title),
    texts: shown.flatMap(({ align }, index) => (align === 'left' || (isGrouped && index === 1) ? [index] : [])),
    rows: rows.map(({ group, cells }) => [
      ...(isGrouped ? [cellOf(group ?? '')] : []),
      ...columns.map((_, index) => cellOf(cells[index] ?? '')),
    ]),
    hideCaption: options.hideCaption === true,
  })}${explained.map((note) => html`<p class="source">${textMarkup(note)}</p>`)}${source}`;
}

const SIGNS: Readonly<Partial<Record<Tone, string>>> = {
  slower: '▲',
  faster: '▼',
  equivalent: '=',
  inconclusive: '?',
  untrusted: '!',
};

function cellOf(cell: Cell): HtmlCell {
  const { show, value, note, tone } = richCell(cell);
  const text = textMarkup(show);
  const small = note === undefined || plain(note) === '' ? '' : html`<small>${textMarkup(note)}</small>`;
  const isFact = tone === 'setting' || tone === 'nature';
  const sign = tone === undefined ? undefined : SIGNS[tone];
  const toned =
    tone === undefined || isFact
      ? text
      : html`<span class="verdict ${tone}">${sign === undefined ? '' : html`<span aria-hidden="true">${sign}</span> `}${text}</span>`;
  return { show: html`${toned}${isFact ? ' ' : ''}${small}`, value: value ?? null, ...(isFact ? { mark: tone } : {}) };
}

function showOf(cell: Cell): Markup {
  return textMarkup(richCell(cell).show);
}

export interface HtmlTable {
  /** Unique in the page. */
  readonly id: string;
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly HtmlRow[];
  /** Columns that hold text and stand on the left; the first always does. */
  readonly texts?: readonly number[];
  /** Shown or only read aloud? */
  readonly hideCaption?: boolean;
  readonly sortable?: boolean;
}

export type HtmlRow = readonly HtmlCell[];

/** A text, or what is shown with the number it is sorted by. */
export type HtmlCell =
  | string
  | { readonly show: Markup | string; readonly value?: number | null; readonly mark?: string };

export function tableOf(table: HtmlTable): Markup {
  const { id, caption, head, rows, texts = [], hideCaption, sortable = true } = table;
  const isText = (column: number) => column === 0 || texts.includes(column);
  const cell = (it: HtmlCell, column: number): Markup => {
    const { show, value, mark } = typeof it === 'string' ? { show: it, value: undefined, mark: undefined } : it;
    const attributes = html`${isText(column) ? '' : html` class="figure${mark ? ` ${mark}` : ''}"`}${
      isText(column) && mark ? html` class="${mark}"` : ''
    }${typeof value === 'number' && Number.isFinite(value) ? html` data-value="${value}"` : ''}`;
    return column === 0 ? html`<th scope="row"${attributes}>${show}</th>` : html`<td${attributes}>${show}</td>`;
  };
  return html`<div class="table">
<div class="scroll" role="region" aria-label="${caption} (table)${sessionOf(id)}" tabindex="0"><table id="${id}"${sortable && rows.length > 1 ? html` data-sortable` : ''}>
<caption${hideCaption ? html` class="offscreen"` : ''}>${caption}</caption>
<thead><tr>${head.map((title, column) => html`<th scope="col"${isText(column) ? '' : html` class="figure"`}>${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody>
</table></div>
<button type="button" class="quiet" data-copy="${id}" hidden>Copy as Markdown</button></div>
`;
}

/** Of several sessions in one page each says which one it is of: `s2-levels` is of session B. */
function sessionOf(id: string): string {
  const number = /^s(\d+)-/.exec(id)?.[1];
  return number === undefined ? '' : `, session ${letterOf(Number(number) - 1)}`;
}

/** Terms and what they mean, beside each other. */
export function listOf(entries: readonly (readonly [term: string | Markup, text: string | Markup])[]): Markup {
  return html`<dl>${entries.map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>\n`)}</dl>`;
}
