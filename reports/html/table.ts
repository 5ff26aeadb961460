/** Tables of a page: with a caption, sortable, copied as Markdown, scrolling by themselves where the page is narrow. */

import { letterOf } from '../charts/hosts.ts';
import { html, type Markup } from './markup.ts';

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
<div class="scroll" role="region" aria-label="${caption}${sessionOf(id)}" tabindex="0"><table id="${id}"${sortable && rows.length > 1 ? html` data-sortable` : ''}>
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
