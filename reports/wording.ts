/** The sentences of a report, the same in every format: the answer, the control, and what a reader must know. */

import { type ContrastRow, SUITE } from '../bench/analysis/ratio.ts';
import type { Interval } from '../bench/types.ts';
import { formatChange } from '../bench/units.ts';
import { type EnvironmentModel, isEmulated, type ReportModel } from './model.ts';
import { clean } from './text.ts';

/** Fewer blocks than this are a quick look, whatever the profile is called. */
const QUICK_BELOW = 10;
/** Columns of a path before it is cut; longer ones than a line are wrapped. */
const NAME_LIMIT = 160;

/** `docker (container)`: the path and the alias it was asked for by. */
export function environmentName(environment: { path: string; alias?: string | null }): string {
  const path = clean(environment.path, NAME_LIMIT);
  return environment.alias ? `${path} (${clean(environment.alias, 40)})` : path;
}

/** Digits after the point of a ratio, so that its interval has a visible width: 3, or 4 for a narrow one. */
export function ratioDigits(row: { timeRatio: number; interval: Interval | null }): number {
  if (row.timeRatio >= 10) return 2;
  return row.interval !== null && row.interval.high - row.interval.low < 0.004 ? 4 : 3;
}

/** Digits after the point of the same as a change in percent. */
export function percentDigits(row: { timeRatio: number; interval: Interval | null }): number {
  return Math.max(1, ratioDigits(row) - 2);
}

/** The answer in one sentence; says so when no difference was shown or nothing was measured. */
export function answerSentence(model: ReportModel): string {
  const row = model.headline;
  if (!row) return model.bursts === 0 ? 'Nothing was measured.' : 'Nothing could be compared.';
  const digits = percentDigits(row);
  const env = clean(row.env, 60);
  const baseline = clean(row.baseline, 60);
  const { workloads } = model.session.plan;
  const many = row.workload === SUITE && workloads.length > 1;
  const where = many
    ? `mean of ${workloads.length} workloads`
    : clean(workloads.length === 1 ? (workloads[0] ?? '') : row.workload, 40);
  const change = `throughput ${formatChange(1 / row.timeRatio, digits)} (${where})`;
  if (!row.interval) return `${env} ${takes(row, digits)} ${baseline}, one block, no interval, ${change}.`;
  if (row.interval.low <= 1 && row.interval.high >= 1) {
    const interval = signedInterval(row.interval, digits);
    return `${env} against ${baseline}: time ${formatChange(row.timeRatio, digits)} ${interval}, ${change}: no difference shown.`;
  }
  return `${env} ${takes(row, digits)} ${baseline} ${plainInterval(row, digits)}, ${change}.`;
}

/** What the control says about the smallest difference this session can show. */
export function controlSentence(model: ReportModel): string {
  const rows = model.control.rows;
  const row = rows.find(({ workload }) => workload === SUITE) ?? rows[0];
  const name = `control (a second ${clean(model.session.plan.baseline, 60)})`;
  if (!row) return `${name}: no data, so nothing says what this host can show.`;
  const digits = percentDigits(row);
  const change = formatChange(row.timeRatio, digits);
  if (!row.interval) return `${name}: ${change}, one block: no interval, so no difference can be shown.`;
  return `${name}: ${change} ${signedInterval(row.interval, digits)}: differences smaller than that can't be shown by this session.`;
}

/** What a reader must know to read the figures rightly. */
export function honestNotes(model: ReportModel): string[] {
  const { blocks, session, environments } = model;
  const notes: string[] = [];
  if (blocks > 0 && blocks < QUICK_BELOW) {
    const missed = Math.round(100 * 0.95 ** blocks);
    notes.push(
      `quick: ${blocks} ${blocks === 1 ? 'block' : 'blocks'}, fewer than ${QUICK_BELOW}. ` +
        `A fault that hits 5 % of starts is absent from such a session in ${missed} % of cases.`,
    );
  }
  const cut = session.stopReason !== null && session.stopReason !== 'blocks';
  if (blocks < session.plan.blocks || cut) {
    const why = !cut ? '' : ` (stopped by: ${clean(session.stopReason ?? '', 120)})`;
    notes.push(`${blocks} of ${session.plan.blocks} planned blocks have data${why}.`);
  }
  if (session.plan.schedule === 'sequential') {
    notes.push('sequential: one box after the other, so what disturbs the host for seconds is not paired away.');
  }
  for (const environment of environments.filter(({ labels }) => isEmulated(labels))) {
    if (environment.role !== 'control')
      notes.push(`${environmentName(environment)} is emulated: its ratio is not the overhead of a VM.`);
  }
  const flagged = flaggedNote([...model.contrasts, ...model.control.rows]);
  if (flagged) notes.push(flagged);
  return notes;
}

/** Path, alias, and the labels that belong beside every result. */
export function environmentTitle(environment: EnvironmentModel): string {
  const labels = environment.labels.map((label) => clean(label, 60)).filter((label) => label !== '');
  const role = environment.role === 'environment' ? [] : [environment.role];
  return [environmentName(environment), ...role, ...labels].join(' · ');
}

/** [0.994, 1.021] → `[−0.6, +2.1]`, in percent. */
function signedInterval(interval: Interval, digits: number): string {
  return `[${percent(interval.low, digits)}, ${percent(interval.high, digits)}]`;
}

function percent(ratio: number, digits: number): string {
  return formatChange(ratio, digits).replace(' %', '');
}

function takes(row: ContrastRow, digits: number): string {
  if (row.timeRatio >= 2) return `takes ${row.timeRatio.toFixed(2)} times as long as`;
  const size = Math.abs((row.timeRatio - 1) * 100).toFixed(digits);
  return row.timeRatio >= 1 ? `takes ${size} % longer than` : `takes ${size} % less time than`;
}

function plainInterval(row: ContrastRow, digits: number): string {
  const { low, high } = row.interval as Interval;
  if (row.timeRatio >= 2) return `[${low.toFixed(2)}, ${high.toFixed(2)}]`;
  const size = (ratio: number) => (Math.abs(ratio - 1) * 100).toFixed(digits);
  return row.timeRatio >= 1 ? `[${size(low)}, ${size(high)}]` : `[${size(high)}, ${size(low)}]`;
}

/** Nothing is dropped; the pair whose ratio would change most without its flagged rounds is named. */
function flaggedNote(rows: readonly ContrastRow[]): string | null {
  const shift = (row: ContrastRow) => Math.abs(Math.log((row.ratioWithoutFlagged ?? row.timeRatio) / row.timeRatio));
  const cells = rows.filter((row) => row.workload !== SUITE && row.flaggedRounds > 0);
  const worst = cells.filter((row) => row.ratioWithoutFlagged !== null).sort((a, b) => shift(b) - shift(a))[0];
  if (!worst || worst.ratioWithoutFlagged === null) return null;
  const sum = (figure: 'flaggedRounds' | 'pairedRounds') =>
    rows.filter((row) => row.workload !== SUITE).reduce((total, row) => total + row[figure], 0);
  return (
    `${sum('flaggedRounds')} of ${sum('pairedRounds')} paired rounds hold a burst beyond 14.8 MAD. None is dropped; without ` +
    `them the largest change is ${clean(worst.env, 60)} on ${clean(worst.workload, 40)}: ` +
    `${worst.ratioWithoutFlagged.toFixed(4)} instead of ${worst.timeRatio.toFixed(4)}.`
  );
}
