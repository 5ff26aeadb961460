/** One contrast on one workload, block by block: everything that estimates are made of. Rounds are never pooled. */

import type { Contrast } from '../../types.ts';
import { median } from '../../units.ts';
import { type Cell, flaggedRounds, type SampleGroups } from './group.ts';
import { finiteMean, logRatiosByRound, pairCells } from './pairing.ts';
import { sustainedLogRatio, totalLogRatio } from './total.ts';

/** A block with fewer paired rounds has no value: a median of two is a mean, and one interrupted round would dominate it. */
const LEAST_PAIRED_ROUNDS = 3;

/** Natural logs of time ratios by block, and the rounds behind them. */
export interface BlockValues {
  /** Median over rounds. */
  readonly typical: ReadonlyMap<number, number>;
  readonly withoutFlagged: ReadonlyMap<number, number>;
  readonly total: ReadonlyMap<number, number>;
  /** Total less typical. */
  readonly excess: ReadonlyMap<number, number>;
  readonly sustained: ReadonlyMap<number, number>;
  /** Log ratios of the contrast's own pair, block by block. */
  readonly rounds: readonly (readonly number[])[];
  readonly pairedRounds: number;
  readonly flaggedRounds: number;
}

export function blockValues(
  groups: SampleGroups,
  mainBaseline: string,
  contrast: Contrast,
  workload: string,
): BlockValues {
  const typical = new Map<number, number>();
  const withoutFlagged = new Map<number, number>();
  const total = new Map<number, number>();
  const excess = new Map<number, number>();
  const sustained = new Map<number, number>();
  const rounds: number[][] = [];
  let pairedRounds = 0;
  let flagged = 0;
  for (const { block, pairs } of pairCells(groups, mainBaseline, contrast, workload)) {
    set(sustained, block, sustainedLogRatio(pairs));
    const logs = pairs.map((pair) => logRatiosByRound(pair));
    const value = typicalOf(logs);
    // The same pairs for both: their difference is then that of median and sum alone.
    const sum = totalLogRatio(pairs.filter((_, index) => (logs[index]?.size ?? 0) >= LEAST_PAIRED_ROUNDS));
    set(typical, block, value);
    if (value !== undefined && sum !== undefined) {
      total.set(block, sum);
      excess.set(block, sum - value);
      rounds.push([...(logs[0]?.values() ?? [])]);
    }
    const kept = logs.map((log, index) => without(log, suspects(pairs[index])));
    set(withoutFlagged, block, typicalOf(kept));
    pairedRounds += logs[0]?.size ?? 0;
    flagged += (logs[0]?.size ?? 0) - (kept[0]?.size ?? 0);
  }
  return { typical, withoutFlagged, total, excess, sustained, rounds, pairedRounds, flaggedRounds: flagged };
}

/**
 * Per block the mean over workloads, from the blocks that have a value for every workload. Where long visits rotate
 * over the workloads, a block's one workload represents the suite in that block.
 */
export function suiteValues(perWorkload: readonly BlockValues[], longVisits: 'all' | 'rotate'): BlockValues {
  const mean = (column: keyof BlockValues & ('typical' | 'withoutFlagged' | 'total' | 'excess' | 'sustained')) =>
    meanByBlock(
      perWorkload.map((values) => values[column]),
      column === 'sustained' && longVisits === 'rotate',
    );
  return {
    typical: mean('typical'),
    withoutFlagged: mean('withoutFlagged'),
    total: mean('total'),
    excess: mean('excess'),
    sustained: mean('sustained'),
    rounds: [],
    pairedRounds: perWorkload.reduce((sum, values) => sum + values.pairedRounds, 0),
    flaggedRounds: perWorkload.reduce((sum, values) => sum + values.flaggedRounds, 0),
  };
}

/** Mean over pairs of the median over rounds. None without the first pair; a cut second one is left out. */
function typicalOf(pairs: readonly ReadonlyMap<number, number>[]): number | undefined {
  if ((pairs[0]?.size ?? 0) < LEAST_PAIRED_ROUNDS) return undefined;
  const whole = pairs.filter((rounds) => rounds.size >= LEAST_PAIRED_ROUNDS);
  return finiteMean(whole.map((rounds) => median([...rounds.values()])));
}

function suspects(pair: readonly [Cell, Cell] | undefined): ReadonlySet<number> {
  return new Set(pair?.flatMap((cell) => [...flaggedRounds(cell)]));
}

function without(rounds: ReadonlyMap<number, number>, skip: ReadonlySet<number>): ReadonlyMap<number, number> {
  return skip.size === 0 ? rounds : new Map([...rounds].filter(([round]) => !skip.has(round)));
}

function set(values: Map<number, number>, block: number, value: number | undefined): void {
  if (value !== undefined) values.set(block, value);
}

function meanByBlock(columns: readonly ReadonlyMap<number, number>[], some: boolean): Map<number, number> {
  const means = new Map<number, number>();
  for (const block of new Set(columns.flatMap((column) => [...column.keys()]))) {
    const values = columns.map((column) => column.get(block)).filter((value) => value !== undefined);
    if (some || values.length === columns.length) set(means, block, finiteMean(values));
  }
  return means;
}
