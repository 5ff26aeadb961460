/** What the figures rest on: claims, what went wrong, host and versions, how to do it again. */

import { formatSpan } from '../../bench/units.ts';
import { bandText, summarySentence, verdictWord } from '../claims.ts';
import type { ReportModel } from '../model.ts';
import { honestNotes } from '../notes.ts';
import type { Facts } from '../record.ts';
import { problemTexts, unavailableTexts } from '../terminal.ts';
import { clean } from '../text.ts';
import { openLines } from '../verdicts.ts';
import type { Place } from './figure.ts';
import type { Section } from './figures.ts';
import { html, type Markup, name, tied } from './markup.ts';
import { parityTable } from './parity.ts';
import { listOf, tableOf } from './table.ts';

export function backgroundSections(model: ReportModel, place: Place): Section[] {
  const parity = parityTable(model, place);
  return [
    ...(parity === null ? [] : [{ id: 'parity', title: 'Parity', body: parity }]),
    ...claimsSection(model, place),
    { id: 'caveats', title: 'Read this with', short: 'Caveats', body: caveats(model) },
    { id: 'host', title: 'Host and versions', short: 'Host', body: hostOf(model, place) },
    { id: 'reproduce', title: 'How to reproduce it', short: 'Reproduce', body: reproduceOf(model, place) },
  ];
}

function claimsSection(model: ReportModel, place: Place): Section[] {
  const { claims } = model.details;
  if (claims === null || claims.results.length === 0) return [];
  const judged = claims.results.filter(({ verdict }) => verdict !== 'not-applicable');
  const others = claims.results.filter(({ verdict }) => verdict === 'not-applicable');
  const body = html`<p>${summarySentence(claims.results)} A claim is reproduced when the whole interval found here lies inside its band, refuted when it lies outside.</p>
${
  judged.length === 0
    ? ''
    : tableOf({
        id: `${place.prefix}claims`,
        caption: 'Published claims, judged on this session',
        head: ['claim', 'published', 'band', 'here', 'on', 'verdict'],
        texts: [1, 2, 3, 4, 5],
        rows: judged.map(({ claim, ours, unit, pair, workload, verdict, reason }) => {
          const suffix = unit === 'ratio' ? '' : ` ${unit}`;
          const digits = unit === 'ratio' ? 3 : 1;
          const range = ours?.interval
            ? ` [${ours.interval.low.toFixed(digits)}, ${ours.interval.high.toFixed(digits)}]`
            : '';
          return [
            {
              show: html`${clean(claim.claim)}<small>${clean(claim.source, 200)}${claim.historical ? ' · historical' : ''}</small>`,
            },
            { show: `${claim.value}${suffix}`, value: claim.value, mark: 'nowrap' },
            { show: bandText(claim.band, unit), mark: 'nowrap' },
            ours === null
              ? '–'
              : { show: `${ours.ratio.toFixed(digits)}${range}${suffix}`, value: ours.ratio, mark: 'nowrap' },
            {
              show: html`${name(pair?.numerator ?? '', 60)}${pair?.denominator ? html` over ${name(pair.denominator, 60)}` : ''}${workload ? html`, ${clean(workload, 40)}` : ''}`,
            },
            {
              show: html`<span class="verdict ${verdict}">${verdictWord(verdict)}</span><small>${clean(reason)}</small>`,
            },
          ];
        }),
      })
}${
  others.length === 0
    ? ''
    : html`<details data-print><summary>${others.length} not applicable here</summary><ul>${others.map(
        ({ claim, reason }) => html`<li>${clean(claim.claim)} <span class="muted">${clean(reason)}</span></li>\n`,
      )}</ul></details>`
}`;
  return [{ id: 'claims', title: 'Published claims', short: 'Claims', body }];
}

function caveats(model: ReportModel): Markup {
  const part = (title: string, texts: readonly string[]) =>
    texts.length === 0 ? '' : html`<h3>${title}</h3><ul>${texts.map((text) => html`<li>${tied(text)}</li>\n`)}</ul>`;
  const notes = honestNotes(model);
  const open = openLines(model);
  return html`${notes.length === 0 ? html`<p>Nothing out of the ordinary was noticed.</p>` : html`<ul>${notes.map((text) => html`<li>${tied(text)}</li>\n`)}</ul>`}
${part('Open and untrusted verdicts', open)}${part('Could not run', unavailableTexts(model))}${part('What went wrong', problemTexts(model))}`;
}

const HARDWARE_FIRST = ['cpuModel', 'cores', 'threads', 'memoryGib', 'virtualised', 'hypervisor'];

function hostOf(model: ReportModel, place: Place): Markup {
  const { record } = model.details;
  const versions = tableOf({
    id: `${place.prefix}versions`,
    caption: 'Versions of the engines',
    head: ['environment', 'versions', 'what is said of it'],
    texts: [1, 2],
    rows: model.environments
      .filter(({ role }) => role !== 'control')
      .map(({ path, versions, labels }) => [
        { show: name(path) },
        Object.entries(versions)
          .map(([layer, version]) => `${clean(layer, 40)} ${clean(version, 60)}`)
          .join(', ') || '–',
        labels.map((label) => clean(label, 80)).join(', ') || '–',
      ]),
  });
  if (record === null) return html`<p>${clean(model.session.host)}</p>${versions}`;
  const { host } = record;
  return html`${listOf([
    ['host', name(host.name, 80)],
    ['fingerprint of the hardware', html`<code>${clean(host.fingerprint, 80)}</code>`],
  ])}<div class="pair"><div><h3>Hardware</h3>${factList(host.hardware, HARDWARE_FIRST)}</div><div><h3>Software</h3>${factList(host.stack, ['distribution', 'kernelRelease', 'nodeVersion'])}</div></div>${versions}`;
}

function factList(facts: Facts, first: readonly string[]): Markup {
  const names = [...first.filter((key) => key in facts), ...Object.keys(facts).filter((key) => !first.includes(key))];
  return listOf(names.map((key) => [words(key), factText(facts[key])] as const));
}

/** `cpuFlagsSha256` → `cpu flags sha256`. */
function words(key: string): string {
  return clean(key.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase(), 60);
}

function factText(value: unknown): Markup {
  if (value === null || value === undefined) return html`<span class="muted">not shown</span>`;
  if (typeof value === 'boolean') return html`${value ? 'yes' : 'no'}`;
  if (Array.isArray(value) && value.length > 12) {
    return html`<details><summary>${value.length}</summary>${clean(value.join(' '), 2000)}</details>`;
  }
  if (typeof value !== 'object') return html`${clean(String(value), 300)}`;
  const entries = Array.isArray(value)
    ? value.map((one) => flat(one))
    : Object.entries(value).map(([key, one]) => `${key}: ${one}`);
  return entries.length > 4
    ? html`<details><summary>${entries.length}</summary>${entries.map((one) => html`<div>${clean(one, 200)}</div>`)}</details>`
    : html`${clean(entries.join('; '), 400) || '–'}`;
}

function flat(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.values(value).join(' ') : String(value);
}

function reproduceOf(model: ReportModel, place: Place): Markup {
  const { session, details } = model;
  const { plan } = session;
  const { record } = details;
  const command = `boxmark reproduce ${clean(session.folder ?? `results/${session.id}`, 200)}`;
  const work = Object.entries(record?.work ?? {}).map(([workload, passes]) => `${clean(workload, 40)} ${passes}`);
  const took =
    session.finishedAt === null
      ? '–'
      : formatSpan((Date.parse(session.finishedAt) - Date.parse(session.startedAt)) / 1000);
  return html`<p>The same plan, seed, bytes and work per burst, on this host or another, with the differences told:</p>
<pre id="${place.prefix}command"><code>${command}</code></pre>
<p>The command line that made this session, as it was given:</p>
<pre><code>${clean(session.command, 2000)}</code></pre>
${listOf([
  ['seed of all orders', html`<code>${clean(String(plan.seed), 40)}</code>`],
  ['image', digest(record?.image.digest)],
  ['Node.js in it', digest(record?.image.node)],
  ['payload in it', digest(record?.image.payload)],
  ['program', `boxmark ${clean(session.program, 20)}`],
  [
    'design',
    clean(
      `${plan.profile}, ${plan.schedule}: ${model.blocks} blocks × ${plan.rounds} rounds, size ${plan.size}, ${plan.kernels} kernels`,
    ),
  ],
  ['passes in a burst', work.join(', ') || '–'],
  ['began', clean(session.startedAt, 40)],
  ['took', took],
  ['ended by', clean(session.stopReason ?? 'not ended', 60)],
  ...(record?.resumed ?? []).map(
    ({ at, program, blocksKept }) =>
      ['resumed', `${clean(at, 40)}, boxmark ${clean(program, 20)}, ${blocksKept} blocks kept`] as const,
  ),
])}<p>Integrity of the files: <code>boxmark check ${clean(session.folder ?? `results/${session.id}`, 200)}</code></p>`;
}

function digest(value: string | undefined): Markup {
  return value === undefined ? html`–` : html`<code class="digest">sha256:${clean(value, 80)}</code>`;
}
