/** Sections about costs beside CPU time: starts compared, memory and disk of an instance, how boxes are shut in. */

import { postureChart } from '../charts/posture.ts';
import { footprintTexts, startupText } from '../cost-rows.ts';
import type { ReportModel } from '../model.ts';
import { clean } from '../text.ts';
import { figureOf, linkTo, type Place } from './figure.ts';
import type { Section } from './figures.ts';
import { html, type Markup, name } from './markup.ts';
import { type HtmlCell, tableOf } from './table.ts';

const WIDE = 860;

/** Those that have something to show. */
export function costSections(model: ReportModel, place: Place): Section[] {
  const { startup, footprint, posture } = model.costs;
  return [
    ...(startup.length === 0
      ? []
      : [{ id: 'starts', title: 'Starts compared', short: 'Starts', body: startupTable(model, place) }]),
    ...(footprint.length === 0
      ? []
      : [
          {
            id: 'footprint',
            title: 'Memory and disk of an instance',
            short: 'Footprint',
            body: footprintTable(model, place),
          },
        ]),
    ...(posture.environments.length === 0
      ? []
      : [{ id: 'isolation', title: 'How boxes are shut in', short: 'Isolation', body: postureOf(model, place) }]),
  ];
}

function startupTable(model: ReportModel, place: Place): Markup {
  return html`${tableOf({
    id: `${place.prefix}startup-rows`,
    caption: 'Time since the start began, and removal; ratios to the baseline, paired by round',
    head: ['environment', 'page cache', 'figure', 'median', 'times the baseline', '95 % interval'],
    texts: [1, 2],
    rows: model.costs.startup
      .map(startupText)
      .map(({ env, temperature, figure, median, medianMs, ratio, times, range }) => [
        { show: name(env) },
        temperature,
        figure,
        { show: median, value: medianMs },
        { show: ratio, value: times },
        range,
      ]),
  })}<p class="source">Computed from ${linkTo(place.base, 'starts.csv')}.</p>`;
}

function footprintTable(model: ReportModel, place: Place): Markup {
  return html`${tableOf({
    id: `${place.prefix}footprint-rows`,
    caption: 'MiB that one more idle instance takes: slope over the number of instances, with its interval of 95 %',
    head: ['environment', 'of', 'MiB an instance', '95 % interval'],
    texts: [1],
    rows: model.costs.footprint
      .flatMap(footprintTexts)
      .map(({ env, figure, mib, bytes, range }) => [{ show: name(env) }, figure, { show: mib, value: bytes }, range]),
  })}<p class="source">Computed from ${linkTo(place.base, 'footprint.csv')}.</p>`;
}

function postureOf(model: ReportModel, place: Place): Markup {
  const { environments, rows } = model.costs.posture;
  const chart = postureChart(model, WIDE);
  const cell = ({ text, holds }: (typeof rows)[number]['cells'][number]): HtmlCell =>
    text === null ? '–' : { show: html`${clean(text, 60)}${holds ? html` <small>✓ shuts it in</small>` : ''}` };
  return html`<p>Read from inside every box, and held against the host where the kernel is shared.</p>
${chart === null ? '' : figureOf(chart, place)}${tableOf({
  id: `${place.prefix}posture-rows`,
  caption: 'How every box is shut in',
  head: ['aspect', ...environments.map(({ env }) => clean(env, 60))],
  texts: environments.map((_, index) => index + 1),
  rows: [
    ...rows.map(({ title, cells }): HtmlCell[] => [title, ...cells.map(cell)]),
    ['aspects that shut it in', ...environments.map(({ holds, told }) => `${holds} of ${told}`)],
  ],
})}`;
}
