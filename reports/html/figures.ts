/** The sections of figures: workloads, levels, how rounds spread, the order of the run, starts and warm-up. */

import { hasSuite, SUITE } from '../../bench/plan/suite.ts';
import { formatNs, threeDigits } from '../../bench/units.ts';
import type { Chart } from '../charts/chart.ts';
import type { SessionCharts } from '../charts/index.ts';
import { rateText } from '../levels.ts';
import type { ReportModel } from '../model.ts';
import { clean } from '../text.ts';
import { percentText } from '../verdicts.ts';
import { environmentTitle } from '../wording.ts';
import { figureOf, linkTo, type Place, sourcesOf } from './figure.ts';
import { html, type Markup, name } from './markup.ts';
import { type HtmlCell, tableOf } from './table.ts';
import { pairName, ratioCells, verdictOf } from './top.ts';

export interface Section {
  readonly id: string;
  readonly title: string;
  /** In the navigation, where the title is long. */
  readonly short?: string;
  readonly body: Markup;
}

const SHORT: Readonly<Record<string, string>> = { workloads: 'Workloads', spread: 'Spread', startup: 'Starts' };

/** Those that have something to show. */
export function figureSections(model: ReportModel, charts: SessionCharts, place: Place): Section[] {
  const { baseline, rounds, pilotBursts, measure } = model.session.plan;
  const section = (
    id: string,
    title: string,
    intro: Markup,
    all: readonly Chart[],
    after: Markup = html``,
  ): Section[] =>
    all.length === 0
      ? []
      : [
          {
            id,
            title,
            ...(SHORT[id] === undefined ? {} : { short: SHORT[id] }),
            body: html`${intro}${all.length === 1 && all[0] ? figureOf(all[0], place, { quiet: all[0].title === title }) : grid(all, place)}${after}`,
          },
        ];
  const length = model.details.record?.warmup?.length;
  return [
    ...section(
      'workloads',
      'Workload by workload',
      html`<p>Time against ${name(baseline)}, with paired intervals of 95 %, not adjusted for their number. Charts of the kernels share one axis; the grey band is the interval of the control on the same workload.</p>`,
      charts.workloads,
      contrastTable(model, place),
    ),
    ...(measure === undefined
      ? [{ id: 'levels', title: 'Time and rate of each environment', short: 'Levels', body: levelTable(model, place) }]
      : []),
    ...section(
      'spread',
      'How rounds and blocks spread',
      html`<p>Each box spans the middle half of all rounds, its whiskers 5 to 95 %, as time against ${name(baseline)} in the same round. Points are the values of the blocks, the unit that intervals are computed from. With ${clean(String(rounds), 40)} rounds a block, the boxes describe; nothing is inferred from them.</p>`,
      charts.distributions,
    ),
    ...section('order', 'Run order', html``, charts.order === null ? [] : [charts.order]),
    ...section(
      'startup',
      'Fresh starts',
      html``,
      charts.startup === null || measure === 'startup' ? [] : [charts.startup],
    ),
    ...section(
      'warmup',
      'Warm-up',
      html`<p>The first ${clean(String(pilotBursts), 40)} bursts of every box in the first block, each against the median of its own last third.${
        length === undefined ? '' : ` Dashed: the ${length} bursts that every later block warms up with.`
      } Warm-up bursts are in no other figure.</p>`,
      charts.warmups,
    ),
  ];
}

function grid(charts: readonly Chart[], place: Place): Markup {
  return html`<div class="grid">${charts.map((chart) => figureOf(chart, place))}</div>`;
}

function contrastTable(model: ReportModel, place: Place): Markup {
  const rows = [...model.contrasts, ...model.control.rows].filter(
    ({ workload }) => workload !== SUITE || hasSuite(model.session.plan),
  );
  return html`${tableOf({
    id: `${place.prefix}contrasts`,
    caption: `Every contrast; verdicts at a margin of ±${percentText(model.margin)}, on typical bursts`,
    head: [
      'environment',
      'workload',
      'time',
      '95 % interval',
      'throughput',
      'all bursts',
      'long visits',
      'blocks',
      'verdict',
      'row',
    ],
    texts: [1, 8],
    rows: rows.map((row) => [
      { show: pairName(model, row, false) },
      { show: clean(row.workload, 40) },
      ...ratioCells(row),
      sumCell(row.total?.ratio),
      sumCell(row.sustained?.ratio),
      { show: String(row.blocks), value: row.blocks },
      verdictOf(row),
      rowCell(model.contrasts.indexOf(row)),
    ]),
  })}<p class="source">Computed from ${linkTo(place.base, 'contrasts.csv')}, at the row that the last column names. The control’s figures are in the columns <code>control_…</code> of the same workload. <em>All bursts</em> and <em>long visits</em> are ratios of sums, which contain rare long bursts.</p>`;
}

function sumCell(ratio: number | undefined): HtmlCell {
  if (ratio === undefined) return '–';
  const percent = (ratio - 1) * 100;
  return { show: `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`, value: ratio };
}

function rowCell(index: number): HtmlCell {
  return index < 0 ? '–' : { show: String(index + 2), value: index + 2 };
}

function levelTable(model: ReportModel, place: Place): Markup {
  const ranges = model.details.record?.rows ?? [];
  const rows = model.environments.flatMap((environment) =>
    environment.summary.workloads
      .filter(({ bursts, wrongAnswers }) => bursts + wrongAnswers > 0)
      .map((it) => {
        const range = ranges.find(({ env, workload }) => env === environment.path && workload === it.workload);
        return [
          { show: name(environmentTitle(environment)) },
          { show: clean(it.workload, 40) },
          cell(it.medianNsPerPass, formatNs),
          { show: rateText(it), value: it.medianRate },
          cell(it.wakeupRatio, (ratio) => `${ratio.toFixed(2)}×`),
          { show: String(it.bursts), value: it.bursts },
          { show: String(it.wrongAnswers), value: it.wrongAnswers },
          range === undefined ? '–' : { show: `${range.rows} in ${range.first}–${range.last}`, value: range.first },
        ] satisfies HtmlCell[];
      }),
  );
  if (rows.length === 0) return html`<p>Nothing was measured.</p>`;
  const composites = model.environments.filter(({ summary }) => summary.compositeMflops !== null);
  return html`<p>Medians over all measured bursts. They describe; the paired ratios above compare.</p>
${tableOf({
  id: `${place.prefix}levels`,
  caption: 'One pass of each workload',
  head: ['environment', 'workload', 'time', 'rate', 'wake-up', 'bursts', 'wrong answers', 'rows of samples.csv'],
  texts: [1],
  rows,
})}${
  composites.length === 0
    ? ''
    : html`<p>SciMark’s composite score, the mean of the five MFLOPS: ${composites.map(
        ({ path, summary }, index) =>
          html`${index > 0 ? '; ' : ''}${name(path, 60)} <strong>${threeDigits(summary.compositeMflops ?? 0)}</strong>`,
      )}.</p>`
}<p class="source">${sourcesOf([{ file: 'samples.csv', rows: null, filter: 'by env and workload, phase = measure' }], place.base)}</p>`;
}

function cell(value: number | null, format: (value: number) => string): HtmlCell {
  return value === null ? '–' : { show: format(value), value };
}
