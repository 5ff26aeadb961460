/** One contrast on one workload, block by block: everything that estimates are made of. Rounds are never pooled. */

import { LEAST_PAIRED_ROUNDS } from '../../plan/schedule.ts';
import type { Contrast } from '../../types.ts';
import { median } from '../../units.ts';
import { type Cell, flaggedRounds, type SampleGroups } from './group.ts';
import { finiteMean, logRatiosByRound, pairCells, type RoundLogs } from './pairing.ts';
import { addStalls, NO_STALLS, type StallCount, stallsOf } from './stalls.ts';
import { lossLogRatio, sustainedLogRatio } from './total.ts';

/** Natural logs of time ratios by block, and the rounds behind them. */
export interface BlockValues {
  /** Median over rounds. */
  readonly typical: ReadonlyMap<number, number>;
  readonly withoutFlagged: ReadonlyMap<number, number>;
  readonly total: ReadonlyMap<number, number>;
  readonly sustained: ReadonlyMap<number, number>;
  /** Log ratios of the contrast's own pair, block by block. */
  readonly rounds: readonly Float64Array[];
  readonly pairedRounds: number;
  readonly flaggedRounds: number;
  /** Of the environment and of the baseline, its copies together. */
  readonly stalls: readonly [env: StallCount, baseline: StallCount];
}

/** Claims ask again for the contrasts of a session. */
const known = new WeakMap<SampleGroups, Map<string, BlockValues>>();

/** Of the same groups computed once: they don't change. */
export function blockValues(
  groups: SampleGroups,
  mainBaseline: string,
  contrast: Contrast,
  workload: string,
): BlockValues {
  const key = JSON.stringify([mainBaseline, contrast.env, contrast.baseline, workload]);
  const all = known.get(groups) ?? new Map<string, BlockValues>();
  known.set(groups, all);
  const values = all.get(key) ?? newBlockValues(groups, mainBaseline, contrast, workload);
  all.set(key, values);
  return values;
}

function newBlockValues(groups: SampleGroups, mainBaseline: string, contrast: Contrast, workload: string): BlockValues {
  const typical = new Map<number, number>();
  const withoutFlagged = new Map<number, number>();
  const total = new Map<number, number>();
  const sustained = new Map<number, number>();
  const rounds: Float64Array[] = [];
  let pairedRounds = 0;
  let flagged = 0;
  let stalls: BlockValues['stalls'] = [NO_STALLS, NO_STALLS];
  for (const { block, pairs } of pairCells(groups, mainBaseline, contrast, workload)) {
    set(sustained, block, sustainedLogRatio(pairs));
    const logs = pairs.map((pair) => logRatiosByRound(pair));
    const value = typicalOf(logs);
    // Of the same pairs as the typical ratio.
    const isLong = (index: number) => (logs[index]?.logs.length ?? 0) >= LEAST_PAIRED_ROUNDS;
    const loss = lossLogRatio(
      pairs.filter((_, index) => isLong(index)),
      logs.filter((_, index) => isLong(index)),
    );
    set(typical, block, value);
    if (value !== undefined && loss !== undefined) {
      total.set(block, value + loss);
      stalls = withStalls(stalls, pairs);
      rounds.push(logs[0]?.logs ?? new Float64Array(0));
    }
    const kept = logs.map((log, index) => without(log, suspects(pairs[index])));
    set(withoutFlagged, block, typicalOf(kept));
    pairedRounds += logs[0]?.logs.length ?? 0;
    flagged += (logs[0]?.logs.length ?? 0) - (kept[0]?.logs.length ?? 0);
  }
  return { typical, withoutFlagged, total, sustained, rounds, pairedRounds, flaggedRounds: flagged, stalls };
}

/** Per block the mean over workloads, from the blocks that have a value for every workload. */
export function suiteValues(perWorkload: readonly BlockValues[]): BlockValues {
  const mean = (column: keyof BlockValues & ('typical' | 'withoutFlagged' | 'total' | 'sustained')) =>
    meanByBlock(perWorkload.map((values) => values[column]));
  const sustained = mean('sustained');
  return {
    typical: mean('typical'),
    withoutFlagged: mean('withoutFlagged'),
    total: mean('total'),
    sustained: sustained.size > 0 ? sustained : rotated(perWorkload.map((values) => values.sustained)),
    rounds: [],
    pairedRounds: perWorkload.reduce((sum, values) => sum + values.pairedRounds, 0),
    flaggedRounds: perWorkload.reduce((sum, values) => sum + values.flaggedRounds, 0),
    stalls: [
      addStalls(...perWorkload.map(({ stalls }) => stalls[0])),
      addStalls(...perWorkload.map(({ stalls }) => stalls[1])),
    ],
  };
}

/**
 * Of sessions by versions that gave one workload a block a long visit, in rotation: whole rotations alone, so that each
 * workload weighs alike.
 */
function rotated(columns: readonly ReadonlyMap<number, number>[]): Map<number, number> {
  const turns = Math.min(...columns.map(({ size }) => size));
  const kept = columns.flatMap((column) => [...column].sort(([one], [other]) => one - other).slice(0, turns));
  return new Map(kept.sort(([one], [other]) => one - other));
}

function withStalls(before: BlockValues['stalls'], pairs: readonly (readonly [Cell, Cell])[]): BlockValues['stalls'] {
  const sides = ([0, 1] as const).map((side) => new Set(pairs.map((pair) => pair[side])));
  const cells = sides.flatMap((side) => [...side]);
  const counts = stallsOf(cells);
  const of = (side: 0 | 1) => cells.flatMap((cell, index) => (sides[side]?.has(cell) ? (counts[index] ?? []) : []));
  return [addStalls(before[0], ...of(0)), addStalls(before[1], ...of(1))];
}

/** Mean over pairs of the median over rounds. None without the first pair; a cut second one is left out. */
function typicalOf(pairs: readonly RoundLogs[]): number | undefined {
  if ((pairs[0]?.logs.length ?? 0) < LEAST_PAIRED_ROUNDS) return undefined;
  const whole = pairs.filter(({ logs }) => logs.length >= LEAST_PAIRED_ROUNDS);
  return finiteMean(whole.map(({ logs }) => median(logs)));
}

function suspects(pair: readonly [Cell, Cell] | undefined): ReadonlySet<number> {
  return new Set(pair?.flatMap((cell) => [...flaggedRounds(cell)]));
}

function without(all: RoundLogs, skip: ReadonlySet<number>): RoundLogs {
  if (skip.size === 0) return all;
  const isKept = (_: number, at: number) => !skip.has(all.rounds[at] as number);
  return { rounds: all.rounds.filter(isKept), logs: all.logs.filter(isKept) };
}

function set(values: Map<number, number>, block: number, value: number | undefined): void {
  if (value !== undefined) values.set(block, value);
}

function meanByBlock(columns: readonly ReadonlyMap<number, number>[]): Map<number, number> {
  const means = new Map<number, number>();
  for (const block of columns[0]?.keys() ?? []) {
    const values = columns.map((column) => column.get(block)).filter((value) => value !== undefined);
    if (values.length === columns.length) set(means, block, finiteMean(values));
  }
  return means;
}
