/** What the gate over stored sessions can find with the sessions at hand. */

import { median } from '../units.ts';
import { normalUpperTail, tQuantile } from './stats/distributions.ts';
import { ALPHA } from './stats/holm.ts';
import { UPPER } from './stats/interval.ts';
import type { StoredRow } from './stored-gate.ts';

/** Sessions, figures and scatter that the power depends on. */
export interface GateDesign {
  readonly baselineSessions: number;
  readonly candidateSessions: number;
  /** Figures that are judged together. */
  readonly figures: number;
  /** Standard deviation of sessions, in logs. */
  readonly scatterLog: number;
  readonly margin: number;
}

export interface GatePower extends GateDesign {
  /** A change, and how often it is found where one figure of all has it. */
  readonly change: number;
  readonly found: number;
  /** The least change that is found in 80 % of cases; null when it is above tenfold. */
  readonly reliable: number | null;
  /** How often a figure without a change is called unchanged. */
  readonly unchanged: number;
}

/** The change whose power is printed, unless it is less than twice the margin. */
const EXAMPLE_CHANGE = 0.05;
const RELIABLE = 0.8;
const MOST_CHANGE_LOG = Math.log(10);

/** Of the figures that could be tested, with their median scatter and numbers of sessions; null where none could. */
export function powerOf(rows: readonly StoredRow[], margin: number): GatePower | null {
  const tested = rows.flatMap((row) => (row.pValue === null || row.scatterLog === null ? [] : [row]));
  if (tested.length === 0) return null;
  const design: GateDesign = {
    baselineSessions: Math.floor(median(tested.map(({ baselineSessions }) => baselineSessions))),
    candidateSessions: Math.floor(median(tested.map(({ candidateSessions }) => candidateSessions))),
    figures: tested.length,
    scatterLog: median(tested.map(({ scatterLog }) => scatterLog as number)),
    margin,
  };
  const change = Math.max(EXAMPLE_CHANGE, 2 * margin);
  return {
    ...design,
    change,
    found: foundShare(design, Math.log1p(change)),
    reliable: reliableChange(design),
    unchanged: unchangedShare(design),
  };
}

/**
 * How often a change of one figure is flagged: the noncentral t distribution, as the normal distribution of the change
 * averaged over the distribution of the estimated scatter. The figure must pass Holm's first step, and the margin.
 */
export function foundShare(design: GateDesign, changeLog: number): number {
  const [error, freedom, edge] = basics(design);
  const critical = tQuantile(1 - ALPHA / design.figures / 2, freedom) * error;
  return overScatter(freedom, (scatter) => {
    const limit = Math.max(critical * scatter, edge);
    return normalUpperTail((limit - changeLog) / error);
  });
}

/** How often a figure without a change has its whole prediction interval within the margin. */
export function unchangedShare(design: GateDesign): number {
  const [error, freedom, edge] = basics(design);
  const critical = tQuantile(UPPER, freedom) * error;
  return overScatter(freedom, (scatter) => {
    const room = edge - critical * scatter;
    return room <= 0 ? 0 : 1 - 2 * normalUpperTail(room / error);
  });
}

function reliableChange(design: GateDesign): number | null {
  if (foundShare(design, MOST_CHANGE_LOG) < RELIABLE) return null;
  let [low, high] = [0, MOST_CHANGE_LOG];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (foundShare(design, middle) < RELIABLE) low = middle;
    else high = middle;
  }
  return Math.expm1(high);
}

/** Standard error of a predicted change, degrees of freedom, and the margin in logs. */
function basics({ baselineSessions, candidateSessions, scatterLog, margin }: GateDesign): [number, number, number] {
  const error = scatterLog * Math.sqrt(1 / candidateSessions + 1 / baselineSessions);
  return [error, baselineSessions - 1, Math.log1p(margin)];
}

/** Mean of a function of estimated over true scatter, whose square is χ² over its degrees of freedom; by the midpoint rule. */
function overScatter(freedom: number, value: (scatter: number) => number): number {
  const STEPS = 400;
  const most = 1 + 6 / Math.sqrt(freedom);
  let [sum, weights] = [0, 0];
  for (let step = 0; step < STEPS; step++) {
    const scatter = ((step + 0.5) / STEPS) * most;
    // The density but for a factor; relative to its value at 1, or it would overflow.
    const weight = Math.exp((freedom - 1) * Math.log(scatter) - (freedom / 2) * (scatter * scatter - 1));
    sum += weight * value(scatter);
    weights += weight;
  }
  return sum / weights;
}
