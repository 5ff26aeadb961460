/** One figure over the hosts of a fleet: its mean, the spread between hosts, those that stand out, and groups of hosts. */

import type { FleetFigure } from '../../fleet/figures.ts';
import type { Verdict } from '../../types.ts';
import { tQuantile } from '../stats/distributions.ts';
import { ALPHA } from '../stats/holm.ts';
import { UPPER } from '../stats/interval.ts';
import { bySize, deviations, type Measured, type RandomEffects, randomEffects } from '../stats/random-effects.ts';

/** A host that is not like the others. */
export interface Outlier {
  /** Of its host, as in the figure. */
  readonly place: number;
  /** From the mean of the others, in logs. */
  readonly deviationLog: number;
  /** Adjusted for the number of hosts. */
  readonly pValue: number;
}

/** Hosts that have a value in common. */
export interface GroupLine {
  readonly value: string;
  readonly hosts: number;
  /** Hosts with an interval, on which the rest is based. */
  readonly modelled: number;
  /** Mean of the logs; null without such a host. */
  readonly meanLog: number | null;
  /** Null with fewer than three of them. */
  readonly effects: RandomEffects | null;
}

export interface FleetLine extends FleetFigure {
  /** Hosts by the verdict of their own session. */
  readonly counts: Readonly<Partial<Record<Verdict, number>>>;
  /** Hosts with an interval: those with two blocks and more. */
  readonly modelled: number;
  /** Null with fewer than three of them. */
  readonly effects: RandomEffects | null;
  readonly outliers: readonly Outlier[];
  /** The same without them; null without any, and with fewer than three hosts left. */
  readonly effectsOfOthers: RandomEffects | null;
  /** Empty unless they are asked for; the largest first. */
  readonly groups: readonly GroupLine[];
}

/** An effect with the place of its host. */
export interface Placed extends Measured {
  readonly place: number;
}

/** `groupOf`: the value by which the host at a place is grouped. */
export function fleetLine(figure: FleetFigure, groupOf: ((place: number) => string) | null): FleetLine {
  const counts: Partial<Record<Verdict, number>> = {};
  for (const verdict of figure.verdicts) counts[verdict] = (counts[verdict] ?? 0) + 1;
  const placed = measuredOf(figure);
  const outliers = outliersOf(placed);
  const apart = new Set(outliers.map(({ place }) => place));
  const others = placed.filter(({ place }) => !apart.has(place));
  return {
    ...figure,
    counts,
    modelled: placed.length,
    effects: randomEffects(bySize(placed)),
    outliers,
    effectsOfOthers: apart.size === 0 ? null : randomEffects(bySize(others)),
    groups: groupOf === null ? [] : groupsOf(figure.places, placed, groupOf),
  };
}

/** Standard errors from the hosts' own intervals: half the width over t(0.975, blocks − 1). */
function measuredOf({ places, logs, lows, highs, blocks }: FleetFigure): Placed[] {
  const quantiles = new Map<number, number>();
  const quantileOf = (freedom: number) => {
    const known = quantiles.get(freedom) ?? tQuantile(UPPER, freedom);
    quantiles.set(freedom, known);
    return known;
  };
  return places.flatMap((place, index): Placed[] => {
    const [size, log] = [blocks[index] as number, logs[index] as number];
    const half = ((highs[index] as number) - (lows[index] as number)) / 2;
    if (size < 2 || !Number.isFinite(half)) return [];
    return [{ place, log, size, freedom: size - 1, variance: (half / quantileOf(size - 1)) ** 2 }];
  });
}

/** The surest first. */
export function outliersOf(placed: readonly Placed[]): Outlier[] {
  const found = deviations(bySize(placed)) ?? [];
  return found
    .map((deviation, index) => ({ place: (placed[index] as Placed).place, ...deviation }))
    .filter(({ pValue }) => pValue <= ALPHA)
    .sort((a, b) => a.pValue - b.pValue || Math.abs(b.deviationLog) - Math.abs(a.deviationLog));
}

export function groupsOf(
  places: readonly number[],
  placed: readonly Placed[],
  groupOf: (place: number) => string,
): GroupLine[] {
  const groups = new Map<string, { hosts: number; placed: Placed[] }>();
  const groupAt = (place: number) => {
    const value = groupOf(place);
    const group = groups.get(value) ?? { hosts: 0, placed: [] };
    groups.set(value, group);
    return group;
  };
  for (const place of places) groupAt(place).hosts += 1;
  for (const one of placed) groupAt(one.place).placed.push(one);
  return [...groups]
    .map(([value, { hosts, placed: own }]) => {
      const effects = randomEffects(bySize(own));
      const sum = own.reduce((total, { log }) => total + log, 0);
      return {
        ...{ value, hosts, modelled: own.length, effects },
        meanLog: effects?.meanLog ?? (own.length === 0 ? null : sum / own.length),
      };
    })
    .sort((a, b) => b.hosts - a.hosts || (a.value < b.value ? -1 : 1));
}
