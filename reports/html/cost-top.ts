/** What stands above the fold of a session that measured costs beside CPU time: its picture, and its figures in short. */

import type { SessionCharts } from '../charts/index.ts';
import { footprintTexts, startupText } from '../cost-rows.ts';
import type { ReportModel } from '../model.ts';
import { figureOf, type Place } from './figure.ts';
import { html, type Markup, name } from './markup.ts';
import { tableOf } from './table.ts';

export function costTop(model: ReportModel, charts: SessionCharts, place: Place): Markup {
  const isStartup = model.session.plan.measure === 'startup';
  const chart = isStartup ? charts.startup : charts.footprint;
  if (chart === null) return html`<p>Nothing can be drawn: no environment has a figure.</p>`;
  return html`<div class="pair"><div>${figureOf(chart, place, { quiet: true })}</div>
<div>${isStartup ? startsInShort(model, place) : memoryInShort(model, place)}</div></div>`;
}

function startsInShort(model: ReportModel, place: Place): Markup {
  const rows = model.costs.startup.filter(
    ({ temperature, figure }) => temperature === 'warm' && figure === 'first-instruction',
  );
  return tableOf({
    id: `${place.prefix}starts-in-short`,
    caption: 'Until the first instruction, warm',
    head: ['environment', 'median', 'times the baseline', '95 % interval'],
    rows: rows
      .map(startupText)
      .map(({ env, median, medianMs, ratio, times, range }) => [
        { show: name(env) },
        { show: median, value: medianMs },
        { show: ratio, value: times },
        range,
      ]),
  });
}

function memoryInShort(model: ReportModel, place: Place): Markup {
  const rows = model.costs.footprint.flatMap((summary) => footprintTexts(summary).slice(0, 1));
  return tableOf({
    id: `${place.prefix}memory-in-short`,
    caption: 'One more idle instance',
    head: ['environment', 'of', 'MiB', '95 % interval'],
    texts: [1],
    rows: rows.map(({ env, figure, mib, bytes, range }) => [
      { show: name(env) },
      figure,
      { show: mib, value: bytes },
      range,
    ]),
  });
}
