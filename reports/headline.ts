/** Which contrast the one-sentence answer is about. */

import type { ContrastRow } from '../bench/analysis/contrast/ratio.ts';
import { SUITE, suiteOf } from '../bench/plan/suite.ts';
import type { Plan } from '../bench/types.ts';
import { clean } from './text.ts';

/** True when the labels say that the processor is emulated. */
export function isEmulated(labels: readonly string[]): boolean {
  return labels.some((label) => /emulat/i.test(label));
}

/**
 * The contrast that tells most: against the baseline, on the suite where there is one, a shown difference before one
 * that is not, the largest first. An emulated environment comes last: that it is slow is known and tells nothing.
 */
export function headlineOf(
  rows: readonly ContrastRow[],
  plan: Plan,
  environments: readonly { readonly path: string; readonly labels: readonly string[] }[],
): ContrastRow | null {
  const emulated = new Set(environments.filter(({ labels }) => isEmulated(labels)).map(({ path }) => path));
  const rank = (row: ContrastRow): number[] => [
    row.baseline === plan.baseline ? 0 : 1,
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

/** The workload that stands for a session: the suite where there is one, else the one that the answer is about. */
export function leadWorkload(model: {
  readonly contrasts: readonly ContrastRow[];
  readonly headline: ContrastRow | null;
}): string {
  const hasRows = model.contrasts.some(({ workload }) => workload === SUITE);
  return hasRows ? SUITE : (model.headline?.workload ?? SUITE);
}

/** `mean of 5 workloads`, or the workload's own name. */
export function leadName(model: {
  readonly contrasts: readonly ContrastRow[];
  readonly headline: ContrastRow | null;
  readonly session: { readonly plan: Plan };
}): string {
  const { plan } = model.session;
  const lead = leadWorkload(model);
  if (lead !== SUITE) return clean(lead, 40);
  const all = suiteOf(plan);
  return all.length > 1 ? `mean of ${all.length} workloads` : clean(all[0] ?? SUITE, 40);
}
