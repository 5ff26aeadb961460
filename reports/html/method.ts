/** The method in short, and what the columns and words of a session mean. */

import { TABLES } from '../../bench/session/tables.ts';
import type { ReportModel } from '../model.ts';
import { percentText } from '../verdicts.ts';
import type { Section } from './figures.ts';
import { html, type Markup, name } from './markup.ts';
import { listOf } from './table.ts';

export function methodSections(model: ReportModel): Section[] {
  return [
    { id: 'method', title: 'Method in short', short: 'Method', body: method(model) },
    { id: 'dictionary', title: 'Data dictionary', short: 'Dictionary', body: dictionary(model) },
  ];
}

function method({ session, margin }: ReportModel): Markup {
  const { plan } = session;
  const interleaved =
    plan.schedule === 'interleaved'
      ? 'All boxes stay resident and take turns of milliseconds on the same CPU, in balanced random order, so that what disturbs the host hits all alike.'
      : 'The boxes ran one after the other (sequential), so that what disturbed the host for seconds is not paired away.';
  return html`<ul>
<li>A <strong>block</strong> starts every environment afresh, and a second copy of ${name(plan.baseline, 60)}, the <strong>control</strong>. ${interleaved}</li>
<li>A <strong>visit</strong> is a lead-in burst and a measured burst of fixed work, about ${plan.burstNs / 1e6} ms on the baseline. Every environment runs the same bytes and must leave the same bits.</li>
<li>Within a block: the median over rounds of the logarithm of the time ratio in the same round, against the baseline and against the control, averaged. Over blocks: the mean with Student’s interval of 95 %. The block is the unit; rounds and bursts are never pooled.</li>
<li>The <strong>verdict</strong> holds the interval against a margin of ±${percentText(margin)}, fixed before the run: <em>equivalent</em> inside it, <em>slower</em> or <em>faster</em> where it excludes no difference and reaches past the margin, <em>untrusted</em> where the control differs or a setting made boxes unequal, else <em>inconclusive</em>.</li>
<li>Nothing is dropped. Intervals are not adjusted for their number: of twenty, one is expected to miss the truth.</li>
</ul>`;
}

/** Of the tables that a session of this kind has. */
function dictionary({ session }: ReportModel): Markup {
  const tables = TABLES.filter(({ measure }) => measure === undefined || measure === session.plan.measure);
  return html`<p>CSV: UTF-8, a header row, an empty cell where a figure could not be read. More about each column is in the data dictionary of the project, <code>results/README.md</code>.</p>
${tables.map(
  ({ file, columns }) =>
    html`<details><summary><code>${file}</code></summary>${listOf(columns.map(({ name, unit, meaning }) => [html`<code>${name}</code>`, unit === undefined ? meaning : `${meaning} (${unit})`] as const))}</details>\n`,
)}`;
}
