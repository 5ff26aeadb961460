/** What every box was given: a fact a row, an environment a column, unequal cells marked. */

import type { Fact } from '../../bench/types.ts';
import type { ReportModel } from '../model.ts';
import type { Facts } from '../record.ts';
import { clean } from '../text.ts';
import type { Place } from './figure.ts';
import { html, type Markup, name } from './markup.ts';
import { type HtmlCell, tableOf } from './table.ts';

/** Facts of a single start, and ones that are part of others. */
const LEFT_OUT: ReadonlySet<string> = new Set<Fact>(['pid', 'image_mismatch']);

/** An inequality's name where it is not that of the fact that it was read from. */
const FACTS_OF: Readonly<Record<string, readonly Fact[]>> = {
  cpus: ['cpus_allowed', 'cpuset'],
  host_cpus: ['host_cpus_allowed', 'host_cpuset'],
  cpu_flags: ['cpu_flags_sha256'],
  memory: ['memory_limit_bytes', 'memory_total_kib', 'host_memory_limit_bytes'],
  cpu_quota: ['cpu_quota', 'cpu_period_us'],
  host_cpu_quota: ['host_cpu_quota', 'host_cpu_period_us'],
};

/** Null when nothing was read in the boxes. */
export function parityTable(model: ReportModel, place: Place): Markup | null {
  const boxes = (model.details.record?.environments ?? []).flatMap(({ path, facts, inequalities }) =>
    facts === null ? [] : [{ path, facts, unequal: inequalities ?? [] }],
  );
  if (boxes.length === 0) return null;
  const { baseline } = model.session.plan;
  const base = boxes.find(({ path }) => path === baseline)?.facts;
  const names = [...new Set(boxes.flatMap(({ facts }) => Object.keys(facts)))].filter((fact) => !LEFT_OUT.has(fact));
  const kindOf = (box: (typeof boxes)[number], fact: string) => {
    const found = box.unequal.filter((one) => one.fact === fact || FACTS_OF[one.fact]?.some((name) => name === fact));
    const differs = box.facts[fact] !== null && base?.[fact] !== null && box.facts[fact] !== base?.[fact];
    if (!differs && !found.some((one) => one.fact === fact)) return '';
    if (found.some(({ avoidable }) => avoidable)) return 'setting';
    return found.length > 0 ? 'nature' : '';
  };
  const isUnequal = (fact: string) => boxes.some((box) => kindOf(box, fact) !== '');
  const ordered = [...names.filter(isUnequal), ...names.filter((fact) => !isUnequal(fact))];
  const cell = (box: (typeof boxes)[number], fact: string): HtmlCell => {
    const kind = kindOf(box, fact);
    const value = factText(box.facts, fact);
    if (kind === '') return { show: value };
    const word = kind === 'setting' ? 'unequal by a setting' : 'differs by nature';
    return { show: html`${value} <small>${kind === 'setting' ? '✕' : '≠'} ${word}</small>`, mark: kind };
  };
  const reasons = boxes.flatMap(({ path, unequal }) => unequal.map((one) => ({ path, ...one })));
  return html`<p>Read inside every box before anything was timed. A cell is marked where it is not as in ${name(baseline)}: <strong>✕</strong> where a setting made it so, which costs the verdict, <strong>≠</strong> where the layer is like that, which is part of what is measured. Unequal facts stand first.</p>
${tableOf({
  id: `${place.prefix}parity`,
  caption: 'What every box was given',
  head: ['fact', ...boxes.map(({ path }) => clean(path, 60))],
  texts: boxes.map((_, index) => index + 1),
  rows: ordered.map((fact) => [
    { show: html`<code>${clean(fact, 60)}</code>` },
    ...boxes.map((box) => cell(box, fact)),
  ]),
})}${
  reasons.length === 0
    ? ''
    : html`<details data-print><summary>Where the differences come from</summary><ul>${reasons.map(
        ({ path, label, why }) => html`<li>${name(path, 60)}: ${clean(label, 160)}: ${clean(why)}</li>\n`,
      )}</ul></details>`
}`;
}

/** Digests by their beginning, lists of states by their number: the whole stands in session.json. */
function factText(facts: Facts, fact: string): Markup {
  const value = facts[fact];
  if (value === null || value === undefined) return html`<span class="muted">not shown</span>`;
  const text = clean(String(value), 400);
  if (/^[0-9a-f]{64}$/.test(text)) return html`<code>${text.slice(0, 12)}…</code>`;
  if (fact === 'mitigations') {
    const states = text.split('; ');
    const open = states.filter((state) => /: Vulnerable/.test(state)).length;
    return html`${states.length} listed, ${open} vulnerable`;
  }
  if (fact.endsWith('_bytes') && /^\d+$/.test(text)) return html`${mebibytes(Number(text) / 2 ** 20)}`;
  if (fact.endsWith('_kib') && /^\d+$/.test(text)) return html`${mebibytes(Number(text) / 2 ** 10)}`;
  return html`${text}`;
}

function mebibytes(value: number): string {
  return `${Math.round(value)} MiB`;
}
