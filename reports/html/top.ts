/** What stands above the fold: the answer in a sentence, the ladder of environments, the verdicts. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { hasSuite, SUITE } from '../../bench/plan/suite.ts';
import { formatChange } from '../../bench/units.ts';
import { answerOf } from '../answer.ts';
import type { SessionCharts } from '../charts/index.ts';
import { lineList } from '../charts/ladder.ts';
import { claimSentence } from '../claim-sentence.ts';
import { times } from '../cost-rows.ts';
import { leadName, leadWorkload } from '../headline.ts';
import type { ReportModel } from '../model.ts';
import { clean } from '../text.ts';
import { distrustLines, moreText, needsOf, reasonWords } from '../verdicts.ts';
import { controlSentence, environmentName, percentDigits } from '../wording.ts';
import { costTop } from './cost-top.ts';
import { figureOf, type Place, sourcesOf } from './figure.ts';
import { html, type Markup, name, tied } from './markup.ts';
import { type HtmlCell, type HtmlRow, tableOf } from './table.ts';

export function topOf(model: ReportModel, charts: SessionCharts, place: Place, warnings: readonly string[]): Markup {
  const claim = model.details.claims === null ? null : claimSentence(model.details.claims.results);
  return html`<section class="top"${place.prefix === '' ? html` aria-labelledby="answer"` : ''}>
${[
  ...warnings.map((text) => `The session’s files are not as its manifest says: ${text}.`),
  ...distrustLines(model),
].map(
  (text) => html`<p class="warning" role="note"><strong>Warning.</strong> ${clean(text)}</p>\n`,
)}<h2 class="answer" id="${place.prefix}answer">${tied(answerOf(model))}</h2>
${claim === null ? '' : html`<p class="lead">${tied(claim)}</p>`}
${model.session.plan.measure === undefined ? ladderTop(model, charts, place) : costTop(model, charts, place)}
</section>
`;
}

function ladderTop(model: ReportModel, charts: SessionCharts, place: Place): Markup {
  const needs = needsOf(model);
  return html`<p class="lead muted">${tied(sentence(controlSentence(model)))}</p>
<div class="pair">
<div>${charts.ladder === null ? html`<p>Nothing can be drawn: no environment has a figure against the baseline.</p>` : figureOf(charts.ladder, place, { quiet: true })}</div>
<div>${verdictTable(model, place)}
${needs === null ? '' : html`<p class="muted">The session ${needs.sentence}${needs.command === null ? '.' : html`: <code>${needs.command}</code>`}</p>`}</div>
</div>`;
}

/** The suite, or the only workload, of every pair and of the control. */
function verdictTable(model: ReportModel, place: Place): Markup {
  const lead = leadWorkload(model);
  const rows = model.contrasts.filter(({ workload }) => workload === lead);
  const control = model.control.rows.filter(({ workload }) => workload === lead);
  if (rows.length === 0) return html`<p>No contrast has a block in which both sides were measured.</p>`;
  return html`${tableOf({
    id: `${place.prefix}verdicts`,
    caption: `Verdicts on ${leadWorkload(model) === SUITE && hasSuite(model.session.plan) ? 'the ' : ''}${leadName(model)}`,
    head: ['environment', 'time', '95 % interval', 'throughput', 'verdict'],
    texts: [4],
    rows: [...rows, ...control].map((row) => verdictRow(model, row)),
  })}<p class="source">${sourcesOf(
    [{ file: 'contrasts.csv', rows: lineList(model, rows), filter: `workload = ${clean(lead, 40)}` }],
    place.base,
  )}</p>`;
}

function verdictRow(model: ReportModel, row: ContrastRow): HtmlRow {
  return [{ show: pairName(model, row) }, ...ratioCells(row), verdictOf(row)];
}

/** From this ratio on it is told as a multiple: four digits of per cent say less, and need room. */
const MULTIPLE = 10;

/** Time, its interval and throughput, each with the number to sort by. */
export function ratioCells(row: ContrastRow): HtmlCell[] {
  const { interval, timeRatio } = row;
  const digits = percentDigits(row);
  const isMultiple = timeRatio >= MULTIPLE;
  const change = (ratio: number) => formatChange(ratio, digits);
  const time = (ratio: number) => (isMultiple ? `×\u00a0${times(ratio)}` : change(ratio));
  const low = (ratio: number) => (isMultiple ? time(ratio) : change(ratio).replace(' %', ''));
  return [
    { show: html`<strong>${time(timeRatio)}</strong>`, value: timeRatio },
    interval === null
      ? { show: '–', value: null }
      : {
          show: html`<span class="nowrap">${low(interval.low)}</span> to <span class="nowrap">${time(interval.high)}</span>`,
          value: interval.high - interval.low,
        },
    { show: change(1 / timeRatio), value: 1 / timeRatio },
  ];
}

const SIGNS: Readonly<Record<string, string>> = {
  slower: '▲',
  faster: '▼',
  equivalent: '=',
  inconclusive: '?',
  untrusted: '!',
};

/** The verdict with a sign, so that colour is not all there is, and what makes it open. */
export function verdictOf(row: ContrastRow): HtmlCell {
  const { verdict, judgement } = row;
  if (verdict === null) return { show: html`<span class="verdict control">control</span>` };
  const past = judgement?.additions.includes('past-margin') ? ', past the margin' : '';
  const measurable = judgement?.additions.includes('measurable-within-margin') ? ', a difference is measurable' : '';
  const why = judgement?.reasons.length ? reasonWords(judgement.reasons) : '';
  const more = judgement?.more ? `: ${moreText(judgement.more)}` : '';
  return {
    show: html`<span class="verdict ${verdict}"><span aria-hidden="true">${SIGNS[verdict] ?? ''}</span> ${verdict}</span>${
      past || measurable || why ? html`<small>${`${past}${measurable}`.replace(/^, /, '')}${why}${more}</small>` : ''
    }`,
  };
}

/** The environment, or both sides of a pair without the baseline. */
export function pairName(model: ReportModel, row: ContrastRow, labelled = true): Markup {
  const environment = model.environments.find(({ path }) => path === row.env);
  if (row.baseline !== model.session.plan.baseline) return html`${name(row.env)} against ${name(row.baseline)}`;
  if (environment === undefined || environment.role === 'control') return name(row.env);
  const labels = (labelled ? environment.labels : []).map((label) => clean(label, 60)).filter(Boolean);
  return html`${name(environmentName(environment))}${labels.length > 0 ? html`<small>${labels.join(' · ')}</small>` : ''}`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
