/** What a reader must know to read the figures rightly; the same in every format. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { grouped } from '../../bench/grouped.ts';
import { startText } from '../../bench/plan/commands.ts';
import { hasSuite, SUITE } from '../../bench/plan/suite.ts';
import { formatChange } from '../../bench/units.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { count } from '../words.ts';
import { glanceNote, isGlance } from './glance.ts';
import { environmentName } from './names.ts';
import { plain, type Section } from './section.ts';

/** Fewer blocks than this are a quick look, whatever the profile is called. */
const QUICK_BELOW = 10;

export function notes(model: ReportModel): Section {
  return { id: 'notes', title: 'Notes', weight: 'body', notes: sessionNotes(model) };
}

export function sessionNotes(model: ReportModel): string[] {
  const { session, environments, contrasts, control } = model;
  const rows = [...contrasts, ...control.rows].filter(({ workload }) => workload !== SUITE || hasSuite(session.plan));
  return [
    ...copyNote(model),
    ...quickNote(model),
    ...glanceNote(model),
    ...blocksNote(model),
    ...(session.plan.schedule === 'sequential'
      ? ['sequential: one box after the other, so what disturbs the host for seconds is not paired away.']
      : []),
    ...environments
      .filter(({ traits, role }) => traits.emulated && role !== 'control')
      .map(
        (environment) => `${plain(environmentName(environment))} is emulated: its ratio is not the overhead of a VM.`,
      ),
    ...shortRunNotes(model),
    ...parityNotes(model),
    ...clockNotes(model),
    ...controlNotes(model),
    ...startsNotes(rows),
    ...flaggedNote(rows),
    ...conditionNotes(rows),
  ];
}

function copyNote({ session: { copyOf } }: ReportModel): string[] {
  if (copyOf === undefined) return [];
  const missing = 'names of hosts, users, files and devices are left out';
  return [`This is an anonymised copy: ${missing}. The original has the seal ${clean(copyOf, 64)}.`];
}

/** Empty unless there are few blocks. */
export function quickText(blocks: number, mark = 'quick'): string[] {
  return blocks >= QUICK_BELOW ? [] : [`${mark}: ${count(blocks, 'block')}, fewer than ${QUICK_BELOW}.`];
}

function quickNote(model: ReportModel): string[] {
  const { blocks } = model;
  const missed = Math.round(100 * 0.95 ** blocks);
  const note = `A fault that hits 5 % of starts is absent from such a session in ${missed} % of cases.`;
  const few = quickText(blocks, isGlance(model) ? 'glance' : 'quick');
  return blocks === 0 ? [] : few.map((text) => `${text} ${note}`);
}

function blocksNote({ blocks, session }: ReportModel): string[] {
  const { minBlocks, maxBlocks } = session.plan;
  const cut = session.stopReason !== null && !['blocks', 'precision'].includes(session.stopReason);
  if (blocks >= minBlocks && !cut) return [];
  const why = cut ? ` (stopped by: ${clean(session.stopReason ?? '', 120)})` : '';
  const planned = clean(minBlocks === maxBlocks ? String(maxBlocks) : `${minBlocks} to ${maxBlocks}`, 40);
  return [`${blocks} of ${planned} planned blocks have data${why}.`];
}

/** One note an environment and kind: what a setting made unequal, and what the layer is by its nature. */
function parityNotes({ unequal, allowUnequal, session }: ReportModel): string[] {
  const baseline = clean(session.plan.baseline, 60);
  return Object.entries(unequal).flatMap(([env, facts]) => {
    const names = (avoidable: boolean) =>
      facts.filter((one) => one.avoidable === avoidable).map(({ fact, label }) => clean(label ?? fact, 80));
    const [settings, nature] = [names(true), names(false)];
    const verdict = allowUnequal ? 'allowed by --allow-unequal' : 'its contrasts are untrusted';
    return [
      ...(settings.length > 0
        ? [`${clean(env, 60)} is unequal to ${baseline} by a setting: ${settings.join(', ')}; ${verdict}.`]
        : []),
      ...(nature.length > 0
        ? [`${clean(env, 60)} differs from ${baseline} by design: ${nature.join(', ')}; the ratio includes this.`]
        : []),
    ];
  });
}

/** Whose contrasts rest on the host's clock. */
function clockNotes({ hostTimed }: ReportModel): string[] {
  if (hostTimed.length === 0) return [];
  const names = hostTimed.map((env) => clean(env, 60)).join(', ');
  return [
    `The clock of ${names} can't be relied on (events.jsonl says why): its contrasts are timed by the host, both sides ` +
      'alike, over three longer visits a block less an empty request.',
  ];
}

/** Sure but small differences of the control; those that disqualify have a banner. */
/** Programs that run for hardly longer than a process takes to start. */
function shortRunNotes({ session: { plan } }: ReportModel): string[] {
  return (plan.commands ?? []).flatMap((command) => {
    const start = startText(command);
    if (start === undefined) return [];
    return [
      `${clean(command.id, 64)}: on ${clean(plan.baseline, 60)}, ${start}, which a box may make slower or faster.`,
    ];
  });
}

function controlNotes({ trust }: ReportModel): string[] {
  const small = trust.differences.filter(({ disqualifies }) => !disqualifies);
  if (small.length === 0) return [];
  const cells = small.map(({ workload, ratio }) => `${formatChange(ratio, 2)} on ${clean(workload, 40)}`);
  return [
    `The control differs measurably from the baseline, too little to matter at this margin: ${cells.join(', ')}.`,
  ];
}

/** Per pair, starts that lie apart from the others. */
function startsNotes(rows: readonly ContrastRow[]): string[] {
  return grouped(rows, ({ env, baseline }) => [env, baseline]).flatMap((pair) => {
    const blocks = [...new Set(pair.flatMap(({ outlyingBlocks }) => outlyingBlocks))].sort((a, b) => a - b);
    const apart = pair.filter(({ outlyingBlocks }) => outlyingBlocks.length > 0).map(({ workload }) => workload);
    const mixed =
      pair.find(({ mixture, workload }) => mixture && workload === SUITE) ?? pair.find((row) => row.mixture);
    const [first] = pair;
    if (first === undefined || (blocks.length === 0 && mixed === undefined)) return [];
    const name = `${clean(first.env, 60)} against ${clean(first.baseline, 60)}:`;
    const lie =
      blocks.length === 0
        ? ''
        : ` ${blocks.length === 1 ? `block ${blocks[0]} lies` : `blocks ${blocks.join(', ')} lie`} apart from the others on ${apart.map((workload) => clean(workload, 40)).join(', ')}.`;
    const kinds =
      mixed?.hodgesLehmann == null
        ? ''
        : ` The mean over starts, ${mixed.timeRatio.toFixed(4)}, and the typical start, ${mixed.hodgesLehmann.ratio.toFixed(4)}, disagree on ${clean(mixed.workload, 40)}: the starts are of more than one kind.`;
    return [name + lie + kinds];
  });
}

/** Nothing is dropped; the pair whose ratio would change most without its flagged rounds is named. */
function flaggedNote(rows: readonly ContrastRow[]): string[] {
  const cells = rows.filter((row) => row.workload !== SUITE && row.flaggedRounds > 0);
  const worst = mostShifted(cells, ({ ratioWithoutFlagged }) => ratioWithoutFlagged);
  if (worst === null) return [];
  const sum = (figure: 'flaggedRounds' | 'pairedRounds') =>
    rows.filter((row) => row.workload !== SUITE).reduce((total, row) => total + row[figure], 0);
  return [
    `${sum('flaggedRounds')} of ${sum('pairedRounds')} paired rounds contain an outlier (> 14.8 MAD); none were dropped. Without ` +
      `them the largest change is ${changeText(worst)}.`,
  ];
}

/** Blocks in which the kernel reports a quota at work, or time stolen from the host. */
function conditionNotes(rows: readonly ContrastRow[]): string[] {
  const throttled = new Set(rows.filter((row) => row.throttledBlocks.length > 0).map(({ env }) => env));
  const stolen = new Set(rows.flatMap(({ stolenBlocks }) => stolenBlocks));
  const notes: string[] = [];
  if (throttled.size > 0) {
    const names = [...throttled].map((env) => clean(env, 60)).join(', ');
    notes.push(`A CPU quota held back a side of these contrasts: ${names}. Look at the sums over long visits.`);
  }
  if (stolen.size > 0) {
    const worst = mostShifted(rows, ({ ratioWithoutThoseBlocks }) => ratioWithoutThoseBlocks);
    const change = worst === null ? '' : ` Without them the largest change is ${changeText(worst)}.`;
    notes.push(`Time was stolen from the host in ${count(stolen.size, 'block')}.${change}`);
  }
  return notes;
}

interface Shifted {
  readonly row: ContrastRow;
  readonly other: number;
}

function mostShifted(rows: readonly ContrastRow[], without: (row: ContrastRow) => number | null): Shifted | null {
  const shifted = rows.flatMap((row) => {
    const other = without(row);
    return other === null ? [] : [{ row, other, shift: Math.abs(Math.log(other / row.timeRatio)) }];
  });
  return shifted.sort((a, b) => b.shift - a.shift)[0] ?? null;
}

function changeText({ row, other }: Shifted): string {
  return `${clean(row.env, 60)} on ${clean(row.workload, 40)}: ${other.toFixed(4)} instead of ${row.timeRatio.toFixed(4)}`;
}
