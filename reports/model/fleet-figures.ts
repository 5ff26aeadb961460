/** Figures of a fleet as ratios with intervals, its hosts by their names, and those that are shown where there are many. */

import type { FleetLine } from '../../bench/analysis/fleet/lines.ts';
import type { RandomEffects } from '../../bench/analysis/stats/random-effects.ts';
import type { Interval } from '../../bench/types.ts';
import { clean } from '../text.ts';
import { type FleetDesign, leadLines } from './fleet.ts';

interface Figure {
  readonly timeRatio: number;
  readonly interval: Interval | null;
}

/** The mean over hosts as a ratio with its interval. */
export function meanFigure({ meanLog, halfWidthLog }: RandomEffects): Figure {
  return {
    timeRatio: Math.exp(meanLog),
    interval: { low: Math.exp(meanLog - halfWidthLog), high: Math.exp(meanLog + halfWidthLog) },
  };
}

/** Where the next host lies. */
export function nextFigure({ meanLog, predictionLog }: RandomEffects): Figure {
  return {
    timeRatio: Math.exp(meanLog),
    interval: { low: Math.exp(meanLog - predictionLog), high: Math.exp(meanLog + predictionLog) },
  };
}

/** A host's own ratio with its interval. */
export function hostFigure(line: Pick<FleetLine, 'logs' | 'lows' | 'highs'>, index: number): Figure {
  const [low, high] = [line.lows[index] as number, line.highs[index] as number];
  return {
    timeRatio: Math.exp(line.logs[index] as number),
    interval: Number.isFinite(low) && Number.isFinite(high) ? { low: Math.exp(low), high: Math.exp(high) } : null,
  };
}

/** The environment, with what it is compared with where that is not the plan's baseline. */
export function pairName({ env, baseline }: FleetLine, { design }: FleetDesign): string {
  return baseline === design.baseline ? clean(env, 60) : `${clean(env, 60)} against ${clean(baseline, 60)}`;
}

/** Names of a design's hosts, no two the same: with a piece of the hardware's digest where names repeat. */
export function hostNames({ hosts }: Pick<FleetDesign, 'hosts'>): string[] {
  const times = new Map<string, number>();
  const names = hosts.map(({ host }) => clean(host, 60));
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1);
  return hosts.map(({ machine }, place) => {
    const name = names[place] as string;
    return (times.get(name) ?? 0) > 1 ? `${name} (${machine.slice(0, 8)})` : name;
  });
}

/** Places of the hosts that lie furthest from the mean of any figure that stands for an environment, the furthest first. */
export function furthestHosts(design: FleetDesign, most: number): number[] {
  const distance = new Map<number, number>();
  for (const { places, logs, effects } of leadLines(design)) {
    const centre = effects?.meanLog ?? 0;
    for (const [index, place] of places.entries()) {
      distance.set(place, Math.max(distance.get(place) ?? 0, Math.abs((logs[index] as number) - centre)));
    }
  }
  const all = design.hosts.map((_, place) => place);
  if (all.length <= most) return all;
  return all.sort((a, b) => (distance.get(b) ?? -1) - (distance.get(a) ?? -1)).slice(0, most);
}
