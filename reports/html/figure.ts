/** A chart in a page: drawn on a canvas, described in words, its figures as a table, and the rows that they are computed from. */

import type { Chart, Source } from '../charts/chart.ts';
import { html, type Markup, scriptJson } from './markup.ts';
import { tableOf } from './table.ts';

export interface Place {
  /** In front of every id, so that several sessions fit into one page. */
  readonly prefix: string;
  /** The session's folder as seen from the page's. */
  readonly base: string;
}

export function figureOf(
  chart: Chart,
  { prefix, base }: Place,
  options: { readonly level?: 3 | 4; readonly quiet?: boolean } = {},
): Markup {
  const id = `${prefix}${chart.id}`;
  const { level = 3, quiet = false } = options;
  const title = level === 3 ? html`<h3>${chart.title}</h3>` : html`<h4>${chart.title}</h4>`;
  return html`<figure id="${id}-figure">
${quiet ? '' : title}
<div class="chart" data-height="${chart.height}"><canvas id="${id}-canvas" data-config="${id}-config" role="img" aria-label="${chart.heading}" aria-describedby="${id}-text" width="${chart.width}" height="${chart.height}"></canvas></div>
<script type="application/json" id="${id}-config">${scriptJson(chart.config)}</script>
<figcaption><p class="offscreen" id="${id}-text">${chart.description}</p>${chart.notes.map((note) => html`<p>${note}</p>`)}
<details><summary>Figures and their rows</summary>
${tableOf({ id: `${id}-table`, caption: chart.heading, head: chart.table.head, rows: chart.table.rows, hideCaption: true })}
<p class="source">${sourcesOf(chart.sources, base)}</p></details></figcaption>
</figure>
`;
}

/** `contrasts.csv, rows 2–7 (workload = fft)`, with links to the files. */
export function sourcesOf(sources: readonly Source[], base: string): Markup {
  return html`Computed from ${sources.map(
    (source, index) =>
      html`${index > 0 ? '; ' : ''}${linkTo(base, source.file)}${source.rows ? `, rows ${source.rows}` : ''}${
        source.filter ? ` (${source.filter})` : ''
      }`,
  )}. The header is row 1.`;
}

/** A relative link, whatever the folder is called. */
export function linkTo(base: string, file: string): Markup {
  const parts = [...base.split('/'), file].map(encodeURIComponent);
  const path = base === '.' ? `./${file}` : parts.join('/');
  return html`<a href="${path}">${file}</a>`;
}
