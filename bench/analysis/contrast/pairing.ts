/** Which measured cells are compared, and their log ratios round by round. */

import { controlOf } from '../../plan/schedule.ts';
import type { Contrast } from '../../types.ts';
import { type Cell, findSeries, type SampleGroups } from './group.ts';

/** One block of a contrast on one workload. The first pair is the contrast itself, a second one is of the other copy. */
export interface BlockPairs {
  readonly block: number;
  readonly pairs: readonly (readonly [Cell, Cell])[];
}

/**
 * Blocks in which both sides have bursts. The baseline runs twice in every block; each copy makes a separate pair,
 * whose values are averaged afterwards: averaging the copies within a round would be biased under skewed noise.
 */
export function pairCells(
  groups: SampleGroups,
  mainBaseline: string,
  contrast: Contrast,
  workload: string,
): BlockPairs[] {
  const sideA = findSeries(groups, contrast.env, workload)?.blocks ?? new Map<number, Cell>();
  const sideB = findSeries(groups, contrast.baseline, workload)?.blocks;
  const copies = findSeries(groups, controlOf(mainBaseline), workload)?.blocks;
  const blocks: BlockPairs[] = [];
  for (const [block, a] of sideA) {
    const b = sideB?.get(block);
    if (!b) continue;
    const pairs: [Cell, Cell][] = [[a, b]];
    const copy = copies?.get(block);
    if (copy && copy !== a && contrast.baseline === mainBaseline) pairs.push([a, copy]);
    if (copy && copy !== b && contrast.env === mainBaseline) pairs.push([copy, b]);
    blocks.push({ block, pairs });
  }
  // In the same order whatever the order of the rows, so sums are identical to the last bit.
  return blocks.sort((one, other) => one.block - other.block);
}

/** ln of the time ratio in every round that both cells have, in the order of the rounds. */
export interface RoundLogs {
  readonly rounds: Float64Array;
  readonly logs: Float64Array;
}

export function logRatiosByRound([a, b]: readonly [Cell, Cell]): RoundLogs {
  const { rounds, values } = a.measured.inOrder();
  const others = b.measured.values;
  const kept = new Float64Array(rounds.length);
  const logs = new Float64Array(rounds.length);
  let count = 0;
  for (let at = 0; at < rounds.length; at++) {
    const place = b.measured.placeOf(rounds[at] as number, at);
    const log = place < 0 ? Number.NaN : Math.log((values[at] as number) / (others[place] as number));
    // Impossible times, such as 10⁻³⁰⁰ ns, have no quotient.
    if (!Number.isFinite(log)) continue;
    kept[count] = rounds[at] as number;
    logs[count++] = log;
  }
  return { rounds: kept.subarray(0, count), logs: logs.subarray(0, count) };
}

/** Mean of numbers; undefined when it is none, because sums of absurd times overflow. */
export function finiteMean(values: readonly number[]): number | undefined {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Number.isFinite(mean) ? mean : undefined;
}
