/** A history as one page: per machine a chart for each pair and for every change, and all lines in a table. */

import { formatChange } from '../bench/units.ts';
import { historyChart, titleOf, valueText } from './charts/history.ts';
import { figureOf } from './formats/html/figure.ts';
import { html, type Markup, name } from './formats/html/markup.ts';
import { pageOf } from './formats/html/shell.ts';
import { tableOf } from './formats/html/table.ts';
import type { HistoryLine, HistoryMachine, HistoryModel } from './model/history.ts';
import { clean } from './text.ts';
import { percent } from './words.ts';

const WIDE = 860;
/** A page stays readable, and of some megabytes at the most. */
const MOST_CHARTS = 24;

/** `history.html`: self-contained, no network, the same bytes for the same sessions. */
export function historyPage(model: HistoryModel): string {
  const count = model.groups.reduce((sum, { sessions }) => sum + sessions.length, 0);
  const changes = model.groups.flatMap(({ lines }) => lines).flatMap((line) => line.changes).length;
  return pageOf({
    title: `Boxmark history: ${sessionsText(count)}`,
    heading: 'Boxmark history',
    eyebrow: html`${name(model.folder, 200)} · ${sessionsText(count)}`,
    navigation: [
      { id: 'main', title: 'Answer' },
      ...model.groups.map((machine, index) => ({ id: `m${index + 1}`, title: machineName(machine) })),
      ...(model.leftOut.length > 0 ? [{ id: 'left-out', title: 'Left out' }] : []),
    ],
    body: html`<section class="top" aria-labelledby="answer"><h2 class="answer" id="answer">${
      changes === 0 ? 'No change was found' : `${changes} ${changes === 1 ? 'change' : 'changes'} found`
    } in ${sessionsText(count)}.</h2>
<p class="lead">Change points by E-divisive at p ≤ 0.001, from twelve sessions on: advice, not a verdict. Ratios are those within each session, so that a slower host cancels; times are moved by it as well.</p>
${changesTable(model)}</section>
${model.groups.map((machine, index) => machineSection(machine, `m${index + 1}`))}${leftOut(model)}`,
    footer: html`<p>Rendered by boxmark ${clean(model.program, 20)} from the sessions’ own files.</p>`,
  });
}

function machineSection(machine: HistoryMachine, id: string): Markup {
  const ratios = machine.lines.filter(({ figure }) => figure === 'ratio');
  const hasSuite = ratios.some(({ workload }) => workload === 'suite');
  const isLead = (line: HistoryLine) => line.figure === 'ratio' && (!hasSuite || line.workload === 'suite');
  const wanted = [
    ...machine.lines.filter(isLead),
    ...machine.lines.filter((line) => !isLead(line) && line.changes.length > 0),
  ];
  const drawn = wanted.slice(0, MOST_CHARTS);
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${machineName(machine)}</h2>
<p>Hardware ${clean(machine.fingerprint).slice(0, 8)}, size ${clean(machine.size, 20)}, kernels ${clean(machine.kernels, 20)}, baseline ${name(machine.baseline, 60)}: ${sessionsText(machine.sessions.length)}.${
    drawn.length < wanted.length
      ? ` ${drawn.length} of ${wanted.length} charts are drawn; the table has every line.`
      : ''
  }</p>
${drawn.map((line, index) => figureOf(historyChart(machine, line, `${id}-c${index + 1}`, WIDE), { prefix: '', base: '.' }))}
${tableOf({
  id: `${id}-lines`,
  caption: 'Every line',
  head: ['line', 'sessions', 'level', 'last', 'scatter', 'changes'],
  rows: machine.lines.map((line) => {
    const [level = 0, last = 0] = [line.levels.at(-1)?.meanLog, line.logs.at(-1)];
    return [
      titleOf(line),
      { show: String(line.logs.length), value: line.logs.length },
      { show: valueText(line, level), value: Math.exp(level) },
      { show: valueText(line, last), value: Math.exp(last) },
      line.scatterLog === null
        ? '–'
        : { show: `±${(Math.expm1(line.scatterLog) * 100).toFixed(1)} %`, value: line.scatterLog },
      { show: line.searched ? String(line.changes.length) : 'too few sessions', value: line.changes.length },
    ];
  }),
})}</section>
`;
}

function changesTable({ groups, margin }: HistoryModel): Markup | string {
  const rows = groups.flatMap((machine) =>
    machine.lines.flatMap((line) => line.changes.map((change) => ({ machine, line, change }))),
  );
  if (rows.length === 0) return '';
  return tableOf({
    id: 'changes',
    caption: 'Changes',
    head: ['line', 'machine', 'change', 'from session', 'what differs there'],
    texts: [1, 3, 4],
    rows: rows.map(({ machine, line, change }) => [
      titleOf(line),
      machineName(machine),
      {
        show: html`${formatChange(Math.exp(change.changeLog), 2)}${
          Math.abs(change.changeLog) <= Math.log1p(margin) ? html`<small>within ±${percent(margin)}</small>` : ''
        }`,
        value: change.changeLog,
      },
      { show: name(change.after, 60) },
      change.differences.length === 0
        ? 'nothing that is recorded'
        : {
            show: html`${change.differences.map(
              ({ part, what, before, after }) =>
                html`<small>${part}: ${name(what, 100)}: ${name(before, 80)} → ${name(after, 80)}</small>`,
            )}`,
          },
    ]),
  });
}

function leftOut({ leftOut: groups, untrusted }: HistoryModel): Markup | string {
  if (groups.length === 0 && untrusted === 0) return '';
  return html`<section id="left-out" aria-labelledby="left-out-title"><h2 id="left-out-title">Left out</h2><ul>
${groups.map(({ why, dirs }) => html`<li>${sessionsText(dirs.length)}: ${clean(why, 200)} (${name(dirs[0] ?? '')}${dirs.length > 1 ? ', …' : ''})</li>\n`)}${
  untrusted === 0 ? '' : html`<li>${untrusted} ratios that their sessions call untrusted</li>`
}</ul></section>`;
}

function machineName({ cpuModel, fingerprint }: HistoryMachine): string {
  return `${clean(cpuModel, 60) || 'unknown CPU'} (${clean(fingerprint).slice(0, 8)})`;
}

function sessionsText(count: number): string {
  return `${count} ${count === 1 ? 'session' : 'sessions'}`;
}
