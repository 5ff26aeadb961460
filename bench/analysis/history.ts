/** One figure over sessions: where it changed, by how much, whether it drifts, and how much it varies in between. */

import { tQuantile } from './stats/distributions.ts';
import { bestExcursion, bestStep, evidenceOf, type Stretch, wanderingLikelihood } from './stats/wandering.ts';

/** Fewer sessions than this are not searched for changes. */
export const LEAST_HISTORY = 12;

/** Sessions of the shortest level. */
const LEAST_LEVEL = 3;

/**
 * Evidence (−2 log likelihood ratio) from which on a shape is certain: by simulation, noise of lag-1 correlations from 0 to
 * 0.8 reaches any of them in at most 1 % of series of 12 to 60 sessions.
 */
const CERTAIN = { step: 20, excursion: 26, drift: 17.5 } as const;

/** From this on a step is possible: independent noise reaches it in at most 1 % of series, noise that wanders more often. */
const POSSIBLE_STEP = 12;

/**
 * Longer series are also searched in windows of as many sessions, one beginning every `STRIDE`. Noise that may be nearly
 * constant for long explains a whole long series with a few steps too well: of up to 60 sessions it does not.
 */
const WINDOW = 60;
const STRIDE = 20;

/** Two-sided 99 %: a true change of exactly the margin is then left out in one case of 200. */
const SURELY_SMALLER = 0.995;

export interface Level {
  /** First session of the level, and the one after its last, as places in the series. */
  readonly from: number;
  readonly to: number;
  /** Mean of the logs. */
  readonly meanLog: number;
}

export interface Change {
  /** Place of the first session after the change. */
  readonly at: number;
  /** False where noise that wanders from session to session may look the same. */
  readonly certain: boolean;
  /** Mean of the logs after less before, each up to the next change. */
  readonly changeLog: number;
}

export interface Trend {
  /** One level more than there are changes; one when none was searched for. */
  readonly levels: readonly Level[];
  readonly changes: readonly Change[];
  /** A slow, steady change from the first session to the last, in logs; then there are no changes. */
  readonly driftLog: number | null;
  /** There were enough sessions to search. */
  readonly searched: boolean;
  /** Standard deviation of the logs about their level, or about the drift; null with fewer than two to a level. */
  readonly scatterLog: number | null;
}

interface Place {
  readonly at: number;
  readonly certain: boolean;
}

/**
 * Changes and drift from twelve sessions on, of levels of three sessions and more. Whatever is sure to be smaller than the
 * margin is left out. Where a line explains the sessions better than steps do, by Schwarz's criterion (1978), they drift.
 */
export function trendOf(logs: readonly number[], margin = 0): Trend {
  const searched = logs.length >= LEAST_HISTORY;
  const edge = Math.log1p(margin);
  const places = searched ? placesIn(logs, edge) : [];
  const isLine = searched && isBetterAsLine(logs, levelsOf(logs, places));
  const driftLog = isLine ? driftOf(logs, edge) : null;
  // A line that may be chance is no drift, but rules out a step that is only possible.
  const kept = driftLog !== null || (isLine && places.every(({ certain }) => !certain)) ? [] : places;
  const levels = levelsOf(logs, kept);
  const changes = kept.map(({ at, certain }, index) => {
    const [before, after] = [levels[index], levels[index + 1]] as [Level, Level];
    return { at, certain, changeLog: after.meanLog - before.meanLog };
  });
  const rest = driftLog === null ? about(logs, levels) : aboutLine(logs);
  const freedom = logs.length - (driftLog === null ? levels.length : 2);
  return { levels, changes, driftLog, searched, scatterLog: freedom < 1 ? null : rootMeanSquare(rest, freedom) };
}

/** Places at which a series of any length changes, ascending, levels of `LEAST_LEVEL` sessions and more between them. */
function placesIn(logs: readonly number[], edge: number): Place[] {
  const whole = search(logs, { offset: 0, edge, more: 0 });
  if (logs.length <= WINDOW) return whole;
  const last = logs.length - WINDOW;
  const starts = Array.from({ length: Math.ceil(last / STRIDE) }, (_, index) => index * STRIDE).concat(last);
  // As many searches find something by chance as often as one: tails of −2 log likelihood ratios fall like exp(−x/2) for
  // independent sessions, and more slowly for those that wander; 3 is by simulation, of up to 1,000 sessions.
  const more = 3 * Math.log(starts.length);
  const found = starts.flatMap((offset) => search(logs.slice(offset, offset + WINDOW), { offset, edge, more }));
  return apart([...whole, ...found]);
}

/** One place of those that are too near each other for a level between them: the certain ones win, and of them the middle one. */
function apart(places: readonly Place[]): Place[] {
  const groups: Place[][] = [];
  for (const place of [...places].sort((a, b) => a.at - b.at)) {
    const group = groups.at(-1);
    const before = group?.at(-1);
    if (group !== undefined && before !== undefined && place.at - before.at < LEAST_LEVEL) group.push(place);
    else groups.push([place]);
  }
  return groups.map((group) => {
    const certain = group.filter((place) => place.certain);
    const kept = certain.length > 0 ? certain : group;
    return kept[kept.length >> 1] as Place;
  });
}

interface Search {
  /** Place of the stretch's first session in the series. */
  readonly offset: number;
  readonly edge: number;
  /** Evidence that is asked for beyond that of a single search. */
  readonly more: number;
}

/** Of a stretch, and of what is left before and after each change that was found. */
function search(logs: readonly number[], { offset, edge, more }: Search): Place[] {
  if (logs.length < LEAST_HISTORY) return [];
  const [step, excursion] = [bestStep(logs, LEAST_LEVEL), bestExcursion(logs, LEAST_LEVEL)];
  const alone = step === null && excursion === null ? 0 : wanderingLikelihood(logs);
  const evidence = (stretch: Stretch) => evidenceOf(logs, shapeOf(logs.length, stretch), alone);
  const bump = excursion === null ? 0 : evidence(excursion) - CERTAIN.excursion - more;
  const shift = step === null ? 0 : evidence(step) - more;
  const isBump = excursion !== null && bump > Math.max(0, shift - CERTAIN.step);
  const found = isBump ? excursion : shift >= POSSIBLE_STEP ? step : null;
  if (found === null || !reaches(logs, found, edge)) return [];
  const certain = isBump || shift >= CERTAIN.step;
  const bounds = [0, ...[found.from, found.to].filter((at) => at < logs.length), logs.length];
  const within = (from: number, index: number) =>
    search(logs.slice(from, bounds[index + 1]), { offset: offset + from, edge, more });
  const inner = certain ? bounds.slice(0, -1).flatMap(within) : [];
  const own = bounds.slice(1, -1).map((at) => ({ at: offset + at, certain }));
  return [...own, ...inner].sort((a, b) => a.at - b.at);
}

/** Does the 99 % interval of the difference reach beyond the margin? */
function reaches(logs: readonly number[], { from, to }: Stretch, edge: number): boolean {
  const inside = logs.slice(from, to);
  const outside = [...logs.slice(0, from), ...logs.slice(to)];
  const means = [mean(inside), mean(outside)] as const;
  const freedom = logs.length - 2;
  let squares = 0;
  for (const value of inside) squares += (value - means[0]) ** 2;
  for (const value of outside) squares += (value - means[1]) ** 2;
  const error = Math.sqrt((squares / freedom) * (1 / inside.length + 1 / outside.length));
  return Math.abs(means[0] - means[1]) + tQuantile(SURELY_SMALLER, freedom) * error > edge;
}

function isBetterAsLine(logs: readonly number[], levels: readonly Level[]): boolean {
  const parameter = Math.log(logs.length);
  const steps = wanderingLikelihood(about(logs, levels)) - 2 * (levels.length - 1) * parameter;
  return wanderingLikelihood(aboutLine(logs)) - parameter > steps;
}

/** Null unless there is a drift that is certain and may exceed the margin. */
function driftOf(logs: readonly number[], edge: number): number | null {
  const line = logs.map((_, index) => index);
  if (evidenceOf(logs, line) < CERTAIN.drift) return null;
  const size = slopeOf(logs) * (logs.length - 1);
  const error = rootMeanSquare(aboutLine(logs), logs.length - 2) * Math.sqrt(12 / logs.length);
  return Math.abs(size) + tQuantile(SURELY_SMALLER, logs.length - 2) * error > edge ? size : null;
}

function levelsOf(logs: readonly number[], places: readonly Place[]): Level[] {
  const bounds = [0, ...places.map(({ at }) => at), logs.length];
  return bounds.slice(1).map((to, index) => {
    const from = bounds[index] as number;
    return { from, to, meanLog: mean(logs.slice(from, to)) };
  });
}

function shapeOf(count: number, { from, to }: Stretch): number[] {
  return new Array<number>(count).fill(0).fill(1, from, to);
}

function about(logs: readonly number[], levels: readonly Level[]): number[] {
  return levels.flatMap(({ from, to, meanLog }) => logs.slice(from, to).map((log) => log - meanLog));
}

function aboutLine(logs: readonly number[]): number[] {
  const [slope, centre, middle] = [slopeOf(logs), mean(logs), (logs.length - 1) / 2];
  return logs.map((log, index) => log - centre - slope * (index - middle));
}

function slopeOf(logs: readonly number[]): number {
  const middle = (logs.length - 1) / 2;
  const centre = mean(logs);
  const [products, squares] = logs.reduce(
    ([product, square], log, index) => [product + (index - middle) * (log - centre), square + (index - middle) ** 2],
    [0, 0],
  );
  return squares === 0 ? 0 : products / squares;
}

function rootMeanSquare(rest: readonly number[], freedom: number): number {
  return Math.sqrt(rest.reduce((sum, value) => sum + value * value, 0) / freedom);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
