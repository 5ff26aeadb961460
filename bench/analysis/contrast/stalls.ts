/** Bursts that lost time to something now and then: counted, because a median does not contain them and a sum hardly shows them. */

import { median } from '../../units.ts';
import { binomialTail } from '../stats/binomial.ts';
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

type Times = ReadonlyMap<number, number>;

interface Bursts {
  readonly times: Times;
  readonly share: number;
}

/** Bursts in their order, in logs less the median. */
interface Level {
  readonly rounds: readonly number[];
  readonly logs: Float64Array;
  /** Places by round; made when it is needed. */
  places?: ReadonlyMap<number, number>;
}

function stallsIn(all: readonly Bursts[]): StallCount[] {
  const levels = all.map(({ times }) => levelled(times));
  const values: number[] = [];
  return levels.map((own, index): StallCount => {
    const above: number[] = [];
    for (let at = 0; at < own.rounds.length; at++) {
      values.length = 0;
      for (const level of levels) {
        const log = logAt(level, own.rounds[at] as number, at);
        if (log !== undefined) values.push(log);
      }
      if (values.length >= 2) above.push((own.logs[at] as number) - middleOf(values));
    }
    if (above.length === 0) return NO_STALLS;
    const centre = median(above);
    const limit = Math.max(
      FLAG_MADS * median(above.map((value) => Math.abs(value - centre))),
      leastLossLog(all[index]?.share ?? 1),
    );
    return { stalled: above.filter((value) => value - centre > limit).length, bursts: above.length };
  });
}

/** `share`: how long the bursts are against measured ones. */
function leastLossLog(share: number): number {
  return Math.log1p(LEAST_LOSS / share);
}

/** `at`: where the round most likely is, because cells of a block have the same rounds in the same order. */
function logAt(level: Level, round: number, at: number): number | undefined {
  if (level.rounds[at] === round) return level.logs[at];
  level.places ??= new Map(level.rounds.map((one, place) => [one, place]));
  const place = level.places.get(round);
  return place === undefined ? undefined : level.logs[place];
}

function levelled(times: Times): Level {
  const logs = Float64Array.from(times.values(), Math.log);
  const centre = logs.length === 0 ? 0 : median(logs);
  for (let at = 0; at < logs.length; at++) logs[at] = (logs[at] as number) - centre;
  return { rounds: [...times.keys()], logs };
}

/** The lower one of an even number. */
function middleOf(values: readonly number[]): number {
  const [a = 0, b = 0, c] = values;
  if (values.length === 2) return Math.min(a, b);
  if (values.length === 3) return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c ?? 0));
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] as number;
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
export function excessLog(cell: Cell, rounds: readonly number[]): number {
  let sum = 0;
  let typical = 0;
  for (const kind of KINDS) {
    const own = rounds.map((round) => cell[kind].get(round)).filter((time) => time !== undefined);
    if (own.length === 0) continue;
    const share = shareOf(cell, kind);
    sum += share * own.reduce((all, time) => all + time, 0);
    typical += share * own.length * median(own);
  }
  return Math.log(sum / typical);
}
