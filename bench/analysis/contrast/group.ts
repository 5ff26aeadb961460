/** Samples grouped by environment, workload and block in one pass; every figure is computed from these groups. */

import { ByPair } from '../../grouped.ts';
import { median, medianDistance } from '../../numbers/select.ts';
import type { Direction, Sample } from '../../types.ts';
import { ByRound, joined } from './by-round.ts';
import { costOf } from './cost.ts';

/** Distance from the median, in median absolute deviations, from which a burst is flagged: ten σ of normal noise. */
export const FLAG_MADS = 14.8;

/** The visits of one environment to one workload in one block: wall ns per pass by round, bursts with a right answer only. */
export interface Cell {
  readonly measured: ByRound;
  readonly leads: ByRound;
  /** Passes of a lead-in and of a measured burst; 0 before the first one. */
  leadPasses: number;
  passes: number;
  /** Rates of the measured bursts that have them, in the unit of the series. */
  readonly rates: ByRound;
  /** Slowest copy over fastest in the measured bursts of several copies. */
  readonly spreads: number[];
  /** Sums over the bursts of each long visit, by its number; sessions with one in a block have it as 0. */
  readonly long: Map<number, { wallNs: number; passes: number }>;
}

/** One environment and workload over all blocks. */
export interface Series {
  readonly blocks: Map<number, Cell>;
  /** What the rates count. */
  readonly unit: string;
  /** Of a figure that a program prints: which of two is better. Null where the time counts. */
  readonly better: Direction | null;
  /** Bursts of any phase that gave a wrong answer. */
  wrongAnswers: number;
  /** Bursts with a right answer and without a duration: a defect of a clock. They have no logarithm, and are in no figure. */
  untimedBursts: number;
}

export interface SampleGroups {
  /** By environment, then workload. */
  readonly series: ReadonlyMap<string, ReadonlyMap<string, Series>>;
  /** Blocks with at least one measured burst, ascending. */
  readonly blocks: readonly number[];
  /** Measured bursts with a right answer, lead-ins and long visits not counted. */
  readonly bursts: number;
}

/** Takes rows one by one; none is kept. */
export interface Grouper {
  add(sample: Sample): void;
  /** What there is so far. */
  groups(): SampleGroups;
}

/**
 * Groups samples; nothing is sorted and no row is kept. Of two measured bursts in the same round of a cell the later
 * stands: that happens only when a start is repeated within its block.
 */
export function groupSamples(samples: Iterable<Sample>): SampleGroups {
  const grouper = newGrouper();
  for (const sample of samples) grouper.add(sample);
  return grouper.groups();
}

export function newGrouper(): Grouper {
  const series = new ByPair<Series>();
  const blocks = new Set<number>();
  let bursts = 0;
  return {
    add(sample) {
      const { env, workload } = sample;
      const one = series.get(env, workload) ?? series.add(env, workload, newSeries(sample));
      if (!sample.ok) {
        one.wrongAnswers++;
        return;
      }
      if (sample.phase === 'warmup') return;
      const nsPerPass = costOf(sample);
      if (!(nsPerPass > 0 && nsPerPass < Number.POSITIVE_INFINITY)) {
        one.untimedBursts++;
        return;
      }
      const cell = obtain(one.blocks, sample.block, newCell);
      if (sample.phase === 'long') {
        const visit = obtain(cell.long, sample.round, () => ({ wallNs: 0, passes: 0 }));
        visit.wallNs += nsPerPass * sample.work;
        visit.passes += sample.work;
        return;
      }
      if (sample.phase === 'lead') {
        cell.leads.set(sample.round, nsPerPass);
        cell.leadPasses = sample.work;
        return;
      }
      cell.passes = sample.work;
      cell.measured.set(sample.round, nsPerPass);
      if (sample.rate !== null) cell.rates.set(sample.round, sample.rate);
      if (typeof sample.spread === 'number') cell.spreads.push(sample.spread);
      blocks.add(sample.block);
      bursts++;
    },
    groups: () => ({ series: series.byFirst, blocks: [...blocks].sort((a, b) => a - b), bursts }),
  };
}

export function findSeries(groups: SampleGroups, env: string, workload: string): Series | undefined {
  return groups.series.get(env)?.get(workload);
}

/** Median over all measured bursts; null without one, and for a figure that is no time. */
export function medianNsPerPass(series: Series): number | null {
  if (series.better !== null) return null;
  return once(typicalTimes, series, () => {
    const times = joined([...series.blocks.values()].map(({ measured }) => measured.values));
    return times.length === 0 ? null : median(times);
  });
}

/** Passes of a lead-in as a share of a measured burst's. */
export function leadShareOf({ leadPasses, passes }: Cell): number {
  return leadPasses === 0 || passes === 0 ? 1 : leadPasses / passes;
}

/**
 * Median over visits of what a measured burst would take if it lost the time that the lead-in lost, over what it took; null
 * without a whole visit. That is lead-in over measured burst where both are of the same passes.
 */
export function wakeupRatio(series: Series): number | null {
  return once(wakeups, series, () => {
    const ratios = joined([...series.blocks.values()].map(visitRatios));
    return ratios.length === 0 ? null : median(ratios);
  });
}

function visitRatios(cell: Cell): Float64Array {
  const { rounds, values } = cell.measured;
  const leads = cell.leads.values;
  const share = leadShareOf(cell);
  const ratios = new Float64Array(rounds.length);
  let count = 0;
  for (let at = 0; at < rounds.length; at++) {
    const place = cell.leads.placeOf(rounds[at] as number, at);
    if (place < 0) continue;
    const ratio = (leads[place] as number) / (values[at] as number);
    ratios[count++] = share === 1 ? ratio : 1 + share * (ratio - 1);
  }
  return ratios.subarray(0, count);
}

/** Rounds of a cell whose burst lies further than 14.8 MAD from the cell's median. None when the MAD is 0. */
export function flaggedRounds(cell: Cell): ReadonlySet<number> {
  return once(flagged, cell, () => {
    const { rounds, values } = cell.measured;
    const centre = median(values);
    const limit = FLAG_MADS * medianDistance(values, centre);
    return new Set(limit > 0 ? rounds.filter((_, at) => Math.abs((values[at] as number) - centre) > limit) : []);
  });
}

/** Computed once: a cell and a series of the baseline take part in every contrast, and groups don't change. */
function once<K extends object, V>(known: WeakMap<K, V>, key: K, compute: () => V): V {
  let value = known.get(key);
  if (value === undefined) {
    value = compute();
    known.set(key, value);
  }
  return value;
}

const flagged = new WeakMap<Cell, ReadonlySet<number>>();
const typicalTimes = new WeakMap<Series, number | null>();
const wakeups = new WeakMap<Series, number | null>();

export function newCell(): Cell {
  const bursts = { measured: new ByRound(), leads: new ByRound(), leadPasses: 0, passes: 0 };
  return { ...bursts, rates: new ByRound(), spreads: [], long: new Map() };
}

function newSeries({ unit, better = null }: Sample): Series {
  return { blocks: new Map(), unit, better, wrongAnswers: 0, untimedBursts: 0 };
}

function obtain<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
