/** Bursts that lost time to something now and then: counted, because a median does not contain them and a sum hardly shows them. */

import { median, medianDistance, select } from '../../numbers/select.ts';
import { binomialTail } from '../stats/binomial.ts';
import type { ByRound } from './by-round.ts';
import { type Cell, FLAG_MADS, leadShareOf } from './group.ts';

/** 5 % of a measured burst: less than that is noise of a quiet host, and many of them show in the typical ratio. */
const LEAST_LOSS = 0.05;
/** Each direction of the comparison; together at most 2 % of equal pairs are marked. */
const ALPHA = 0.01;

/** Bursts that stalled, of so many. */
export interface StallCount {
  readonly stalled: number;
  readonly bursts: number;
}

export const NO_STALLS: StallCount = { stalled: 0, bursts: 0 };

export function addStalls(...counts: readonly StallCount[]): StallCount {
  return {
    stalled: counts.reduce((sum, { stalled }) => sum + stalled, 0),
    bursts: counts.reduce((sum, { bursts }) => sum + bursts, 0),
  };
}

/**
 * Stalls in each of the cells of one block, which took turns round by round: what slows a round slows all of them and is no
 * stall. Lead-ins and measured bursts each against their own level. A burst stalled that lies further above the middle one
 * of its round than 5 % of a measured burst, and than 14.8 median absolute deviations of the cell. Of two cells the faster
 * is the middle one.
 */
export function stallsOf(cells: readonly Cell[]): StallCount[] {
  const kinds = KINDS.map((kind) => stallsIn(cells.map((cell) => ({ times: cell[kind], share: shareOf(cell, kind) }))));
  return cells.map((_, index) => addStalls(...kinds.map((counts) => counts[index] ?? NO_STALLS)));
}

const KINDS = ['leads', 'measured'] as const;

/** How long bursts of a kind are against measured ones. */
function shareOf(cell: Cell, kind: (typeof KINDS)[number]): number {
  return kind === 'leads' ? leadShareOf(cell) : 1;
}

interface Bursts {
  readonly times: ByRound;
  readonly share: number;
}

function stallsIn(all: readonly Bursts[]): StallCount[] {
  const levels = all.map(({ times }) => levelOf(times));
  const values = new Float64Array(all.length);
  return all.map(({ times, share }, index): StallCount => {
    const { rounds } = times;
    const logs = levels[index] as Float64Array;
    const above = new Float64Array(rounds.length);
    let bursts = 0;
    for (let at = 0; at < rounds.length; at++) {
      const round = rounds[at] as number;
      let count = 0;
      for (let other = 0; other < all.length; other++) {
        const place = (all[other] as Bursts).times.placeOf(round, at);
        if (place >= 0) values[count++] = (levels[other] as Float64Array)[place] as number;
      }
      if (count >= 2) above[bursts++] = (logs[at] as number) - middleOf(values, count);
    }
    return bursts === 0 ? NO_STALLS : { stalled: farAbove(above.subarray(0, bursts), share), bursts };
  });
}

/** `share`: how long the bursts are against measured ones. */
function farAbove(values: Float64Array, share: number): number {
  const centre = median(values);
  const limit = Math.max(FLAG_MADS * medianDistance(values, centre), Math.log1p(LEAST_LOSS / share));
  let count = 0;
  for (const value of values) if (value - centre > limit) count += 1;
  return count;
}

/** Bursts in their order, in logs less the median. */
function levelOf(times: ByRound): Float64Array {
  // A cell of the baseline takes part in every contrast.
  const known = levels.get(times);
  if (known !== undefined) return known;
  const logs = times.values.map(Math.log);
  const centre = logs.length === 0 ? 0 : median(logs);
  for (let at = 0; at < logs.length; at++) logs[at] = (logs[at] as number) - centre;
  levels.set(times, logs);
  return logs;
}

const levels = new WeakMap<ByRound, Float64Array>();

/** The lower one of an even number. */
function middleOf(values: Float64Array, count: number): number {
  const [a, b, c] = [values[0] as number, values[1] as number, values[2] as number];
  if (count === 2) return Math.min(a, b);
  if (count === 3) return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  return select(values, (count - 1) >> 1, count);
}

/**
 * Do the two sides stall at different rates? Given how many stalled in all, the number on one side is binomial with the
 * share of its bursts, if the rates are equal (the exact conditional test of two Poisson rates: Przyborowski and
 * Wilenski, Biometrika 31, 1940). Both directions count alike.
 */
export function stallsDiffer(one: StallCount, other: StallCount): boolean {
  const stalled = one.stalled + other.stalled;
  const bursts = one.bursts + other.bursts;
  if (stalled === 0 || one.bursts === 0 || other.bursts === 0) return false;
  return [one, other].some((side) => binomialTail(side.stalled, stalled, side.bursts / bursts) <= ALPHA);
}

/**
 * Mean over median of a cell's bursts, each kind by how long its bursts are, in logs: what sums contain and a median does
 * not. 0 where nothing stalls.
 */
export function excessLog(cell: Cell, rounds: Float64Array): number {
  let sum = 0;
  let typical = 0;
  for (const kind of KINDS) {
    const own = timesIn(cell[kind], rounds);
    if (own.length === 0) continue;
    const share = shareOf(cell, kind);
    sum += share * sumOf(own);
    typical += share * own.length * median(own);
  }
  return Math.log(sum / typical);
}

function timesIn(times: ByRound, rounds: Float64Array): Float64Array {
  const { values } = times;
  const found = new Float64Array(rounds.length);
  let count = 0;
  for (let at = 0; at < rounds.length; at++) {
    const place = times.placeOf(rounds[at] as number, at);
    if (place >= 0) found[count++] = values[place] as number;
  }
  return found.subarray(0, count);
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] as number;
  return sum;
}
