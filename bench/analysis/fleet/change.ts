/** What changed on the hosts of a fleet: per host the ratio of its ratios, over hosts the mean, and the verdict. */

import type { FleetFigure } from '../../fleet/figures.ts';
import type { GateVerdict } from '../regression.ts';
import { tQuantile, tUpperTail } from '../stats/distributions.ts';
import { ALPHA, holm } from '../stats/holm.ts';
import { UPPER } from '../stats/interval.ts';
import { bySize, type RandomEffects, randomEffects } from '../stats/random-effects.ts';
import { type GroupLine, groupsOf, type Outlier, outliersOf, type Placed } from './lines.ts';

/** Why there is no verdict. */
export type ChangeReason = 'few-hosts' | 'not-past-margin' | 'not-shown-unchanged';

/** One figure on hosts that both sides have. Places are those of the matched hosts; logs are natural. */
export interface ChangeLine {
  readonly env: string;
  readonly baseline: string;
  readonly workload: string;
  readonly places: readonly number[];
  readonly beforeLogs: readonly number[];
  readonly afterLogs: readonly number[];
  /** Half the interval of 95 % of a host's change by its own blocks; NaN where a side has no interval. */
  readonly halfWidthLogs: readonly number[];
  readonly effects: RandomEffects | null;
  readonly verdict: GateVerdict;
  /** Null with a verdict. */
  readonly reason: ChangeReason | null;
  /** That the mean change is within the margin, adjusted by Holm over the figures; null where it is, or with few hosts. */
  readonly pValue: number | null;
  readonly outliers: readonly Outlier[];
  readonly groups: readonly GroupLine[];
}

export interface ChangeSides {
  /** Of the same hosts, at the same places. */
  readonly before: readonly FleetFigure[];
  readonly after: readonly FleetFigure[];
}

/** Hosts of which both sides have a figure. `margin` as a share. */
export function fleetChanges(
  { before, after }: ChangeSides,
  margin: number,
  groupOf: ((place: number) => string) | null,
): ChangeLine[] {
  const keyOf = ({ env, baseline, workload }: FleetFigure) => JSON.stringify([env, baseline, workload]);
  const later = new Map(after.map((figure) => [keyOf(figure), figure]));
  const lines = before.flatMap((figure) => {
    const other = later.get(keyOf(figure));
    return other === undefined ? [] : changeOf(figure, other, groupOf);
  });
  return judged(lines, Math.log1p(margin));
}

type Unjudged = Omit<ChangeLine, 'verdict' | 'reason' | 'pValue'>;

function changeOf(before: FleetFigure, after: FleetFigure, groupOf: ((place: number) => string) | null): Unjudged[] {
  const indexOf = new Map(after.places.map((place, index) => [place, index]));
  const pairs = before.places.flatMap((place, index) => {
    const other = indexOf.get(place);
    return other === undefined ? [] : [{ place, ...pairOf(before, index, after, other) }];
  });
  if (pairs.length === 0) return [];
  const placed = pairs.flatMap(({ place, change }): Placed[] => (change === null ? [] : [{ place, ...change }]));
  const { env, baseline, workload } = before;
  const places = pairs.map(({ place }) => place);
  return [
    {
      ...{ env, baseline, workload, places },
      beforeLogs: pairs.map(({ beforeLog }) => beforeLog),
      afterLogs: pairs.map(({ afterLog }) => afterLog),
      halfWidthLogs: pairs.map(({ change }) =>
        change === null ? Number.NaN : tQuantile(UPPER, change.freedom) * Math.sqrt(change.variance),
      ),
      effects: randomEffects(bySize(placed)),
      outliers: outliersOf(placed),
      groups: groupOf === null ? [] : groupsOf(places, placed, groupOf),
    },
  ];
}

/** The difference of both sides, with Satterthwaite's degrees of freedom (Welch 1947). */
function pairOf(before: FleetFigure, index: number, after: FleetFigure, other: number) {
  const [one, two] = [sideOf(before, index), sideOf(after, other)];
  const head = { beforeLog: one.log, afterLog: two.log };
  if (one.variance === null || two.variance === null) return { ...head, change: null };
  const variance = one.variance + two.variance;
  const [first, second] = variance === 0 ? [0.5, 0.5] : [one.variance / variance, two.variance / variance];
  return {
    ...head,
    change: {
      log: two.log - one.log,
      variance,
      freedom: 1 / (first ** 2 / (one.blocks - 1) + second ** 2 / (two.blocks - 1)),
      size: 1 / (1 / one.blocks + 1 / two.blocks),
    },
  };
}

function sideOf(figure: FleetFigure, index: number) {
  const [log, blocks] = [figure.logs[index] as number, figure.blocks[index] as number];
  const half = ((figure.highs[index] as number) - (figure.lows[index] as number)) / 2;
  const isKnown = blocks >= 2 && Number.isFinite(half);
  return { log, blocks, variance: isKnown ? (half / tQuantile(UPPER, blocks - 1)) ** 2 : null };
}

/**
 * By the mean over hosts and its interval of 95 %. Unchanged: all of it within the margin, two one-sided tests at 2.5 %
 * (Schuirmann 1987). Regressed, improved: all of it beyond, at 5 % for all figures together by Holm. The rest is open.
 */
function judged(lines: readonly Unjudged[], edge: number): ChangeLine[] {
  const tested = lines.filter(({ effects }) => effects !== null && Math.abs(effects.meanLog) > edge);
  const adjusted = holm(tested.map(({ effects }) => beyond(effects as RandomEffects, edge)));
  const pValues = new Map(tested.map((line, index) => [line, adjusted[index] as number]));
  return lines.map((line): ChangeLine => {
    const { effects } = line;
    const pValue = pValues.get(line) ?? null;
    if (effects === null) return { ...line, pValue, verdict: 'no verdict', reason: 'few-hosts' };
    const { meanLog, halfWidthLog } = effects;
    if (Math.abs(meanLog) + halfWidthLog <= edge) return { ...line, pValue, verdict: 'unchanged', reason: null };
    if (pValue === null) return { ...line, pValue, verdict: 'no verdict', reason: 'not-shown-unchanged' };
    if (pValue > ALPHA) return { ...line, pValue, verdict: 'no verdict', reason: 'not-past-margin' };
    return { ...line, pValue, verdict: meanLog > 0 ? 'regressed' : 'improved', reason: null };
  });
}

/** Two-sided p-value of "the mean is at the margin". */
function beyond({ meanLog, errorLog, hosts }: RandomEffects, edge: number): number {
  return errorLog === 0 ? 0 : Math.min(1, 2 * tUpperTail((Math.abs(meanLog) - edge) / errorLog, hosts - 1));
}
