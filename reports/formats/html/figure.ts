/** A chart in a page: drawn on a canvas, described in words, its figures as a table, and the rows that they are computed from. */

import type { Chart } from '../../charts/chart.ts';
import { html, type Markup, scriptJson } from './markup.ts';
import { type Place, sourcesOf } from './place.ts';
import { tableMarkup } from './table.ts';

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
${tableMarkup({ id: `${chart.id}-table`, caption: chart.heading, ...chart.table }, { prefix, base }, { hideCaption: true })}
<p class="source">${sourcesOf(chart.sources, base)}</p></details></figcaption>
</figure>
`;
}
