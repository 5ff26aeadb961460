/** Costs other than CPU time: starts compared, memory and disk of an instance, posture of the boxes. */

import { type NeighbourCell, summarizeNeighbour } from '../../bench/analysis/capacity/neighbour.ts';
import { type ScaleLevel, summarizeScale, type WindowBursts } from '../../bench/analysis/capacity/scale.ts';
import { type FootprintSummary, summarizeFootprint } from '../../bench/analysis/footprint.ts';
import { type PostureRow, postureCount, postureRows } from '../../bench/analysis/posture.ts';
import { startupRows } from '../../bench/analysis/startup.ts';
import type { BoxFacts, KindRows, Plan, Start, StartupRow } from '../../bench/types.ts';

export { FOOTPRINT_FIGURES } from '../../bench/analysis/footprint.ts';

export interface CostModel {
  /** Empty unless the session measured starts. */
  readonly startup: readonly StartupRow[];
  /** Empty unless the session measured the footprint. */
  readonly footprint: readonly FootprintSummary[];
  /** Empty unless several instances worked at once. */
  readonly scale: readonly ScaleLevel[];
  /** Empty unless victims worked beside neighbours. */
  readonly neighbour: readonly NeighbourCell[];
  /** Of the environments whose facts are known. */
  readonly posture: Posture;
}

export interface Posture {
  /** Environments, with how many isolation features are in effect, of those that are known. */
  readonly environments: readonly { readonly env: string; readonly holds: number; readonly told: number }[];
  /** Cells in the order of `environments`. */
  readonly rows: readonly PostureRow[];
}

export interface CostInput extends Partial<KindRows> {
  readonly plan: Plan;
  readonly starts: readonly Start[];
  /** Of windows in which several instances worked. */
  readonly bursts: WindowBursts;
  readonly environments: readonly { readonly path: string; readonly facts?: BoxFacts | null }[];
}

export function costsOf({ plan, starts, footprint, scale, neighbour, bursts, environments }: CostInput): CostModel {
  return {
    startup: plan.measure === 'startup' ? startupRows(starts, plan) : [],
    footprint: summarizeFootprint(footprint ?? [], plan),
    scale: summarizeScale(scale ?? [], bursts, plan),
    neighbour: summarizeNeighbour(neighbour ?? [], plan),
    posture: postureOf(environments),
  };
}

/** The matrix. Sessions of earlier versions report less, or nothing: their cells are null. */
export function postureOf(environments: CostInput['environments']): Posture {
  const reporting = environments.flatMap(({ path, facts }) => (facts ? [{ path, facts }] : []));
  return {
    environments: reporting.map(({ path, facts }) => ({ env: path, ...postureCount(facts) })),
    rows: postureRows(reporting.map(({ facts }) => facts)),
  };
}
