/** Which contrast the one-sentence answer is about. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { SUITE, suiteOf } from '../../bench/plan/suite.ts';
import type { Plan, Traits } from '../../bench/types.ts';
import { clean } from '../text.ts';

/**
 * The most informative contrast: a pair that was asked for, else one against the baseline; on the suite where there is one,
 * a significant difference before one that is not, the largest first. An emulated environment comes last: that it is slow
 * is no news.
 */
export function headlineOf(
  rows: readonly ContrastRow[],
  plan: Plan,
  environments: readonly { readonly path: string; readonly traits: Traits }[],
): ContrastRow | null {
  const emulated = new Set(environments.filter(({ traits }) => traits.emulated).map(({ path }) => path));
  const rank = (row: ContrastRow): number[] => [
    row.baseline === plan.baseline ? 1 : 0,
    emulated.has(row.env) ? 1 : 0,
    row.workload === SUITE ? 0 : 1,
    row.verdict === 'slower' || row.verdict === 'faster' ? 0 : 1,
    row.interval && row.interval.low <= 1 && row.interval.high >= 1 ? 1 : 0,
    -Math.abs(Math.log(row.timeRatio)),
  ];
  return [...rows].sort((a, b) => compareRanks(rank(a), rank(b)))[0] ?? null;
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  const place = a.findIndex((value, index) => value !== b[index]);
  return place < 0 ? 0 : (a[place] as number) - (b[place] as number);
}

/** What the leading figures of a session are found in. */
export interface Led {
  readonly contrasts: readonly ContrastRow[];
  readonly headline: ContrastRow | null;
  readonly session: { readonly plan: Plan };
}

/** The workload that represents a session: the suite where there is one, else the one that the answer is about. */
export function leadWorkload(model: Pick<Led, 'contrasts' | 'headline'>): string {
  const hasRows = model.contrasts.some(({ workload }) => workload === SUITE);
  return hasRows ? SUITE : (model.headline?.workload ?? SUITE);
}

/** `mean of 5 workloads`, or the workload's own name. */
export function leadName(model: Led): string {
  const { plan } = model.session;
  const lead = leadWorkload(model);
  if (lead !== SUITE) return clean(lead, 40);
  const all = suiteOf(plan);
  return all.length > 1 ? `mean of ${all.length} workloads` : clean(all[0] ?? SUITE, 40);
}

/** The rows that represent a session: of the suite, or of the workload that its answer is about. */
export function suiteRows(model: Led): ContrastRow[] {
  const { baseline } = model.session.plan;
  return model.contrasts.filter((row) => row.baseline === baseline && row.workload === leadWorkload(model));
}

/** `2–4, 8`: the lines of contrasts.csv with these rows. */
export function lineList(model: Pick<Led, 'contrasts'>, rows: readonly ContrastRow[]): string {
  const lines = rows.map((row) => model.contrasts.indexOf(row) + 2).sort((a, b) => a - b);
  const parts: string[] = [];
  for (let index = 0; index < lines.length; ) {
    let end = index;
    while (lines[end + 1] === (lines[end] as number) + 1) end++;
    parts.push(end === index ? `${lines[index]}` : `${lines[index]}–${lines[end]}`);
    index = end + 1;
  }
  return parts.join(', ');
}

/** A, B, … Z, A2, …: short enough for an axis. */
export function letterOf(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : `${letter}${Math.floor(index / 26) + 1}`;
}
