/** Costs other than CPU time: starts compared, memory and disk of an instance, latency under load, posture of the boxes. */

import { type DensitySummary, summarizeDensity } from '../../bench/analysis/capacity/density.ts';
import {
  type CapacityInput,
  type CapacityQuestion,
  type CapacityRow,
  capacityRows,
  defaultQuestion,
} from '../../bench/analysis/capacity/host.ts';
import { type LoadSummary, summarizeLoad } from '../../bench/analysis/capacity/load.ts';
import { type NeighbourCell, summarizeNeighbour } from '../../bench/analysis/capacity/neighbour.ts';
import {
  type ScaleLaw,
  type ScaleLevel,
  scalingLaws,
  summarizeScale,
  type WindowBursts,
} from '../../bench/analysis/capacity/scale.ts';
import { type StormSummary, summarizeStorms } from '../../bench/analysis/capacity/storm.ts';
import { type FootprintSummary, summarizeFootprint } from '../../bench/analysis/footprint.ts';
import { type PostureRow, postureCount, postureRows } from '../../bench/analysis/posture.ts';
import { startupRows } from '../../bench/analysis/startup.ts';
import type { BoxFacts, KindRows, Plan, Start, StartupRow } from '../../bench/types.ts';

export { DENSITY_FIGURES } from '../../bench/analysis/capacity/density.ts';
export { LATENCIES } from '../../bench/analysis/capacity/load.ts';
export { FOOTPRINT_FIGURES } from '../../bench/analysis/footprint.ts';

export interface CostModel {
  /** Empty unless the session measured starts. */
  readonly startup: readonly StartupRow[];
  /** Empty unless the session measured the footprint. */
  readonly footprint: readonly FootprintSummary[];
  /** Empty unless several instances worked at once. */
  readonly scale: readonly ScaleLevel[];
  /** How many instances a host takes, as asked by default; null unless the session measured it. */
  readonly capacity: HostPlan | null;
  /** Of the environments with enough levels. */
  readonly laws: readonly ScaleLaw[];
  /** Empty unless the session measured how many instances fit. */
  readonly density: readonly DensitySummary[];
  /** Empty unless the session measured storms of starts. */
  readonly storm: readonly StormSummary[];
  /** Empty unless the session measured load. */
  readonly load: LoadSummary;
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

/** Rows of the kinds that the session has. */
export interface CostInput extends Partial<KindRows> {
  readonly plan: Plan;
  readonly starts: readonly Start[];
  /** Of windows in which several instances worked. */
  readonly bursts: WindowBursts;
  readonly environments: readonly { readonly path: string; readonly facts?: BoxFacts | null }[];
}

export function costsOf({
  plan,
  starts,
  footprint = [],
  scale = [],
  density = [],
  storm = [],
  load = [],
  neighbour = [],
  bursts,
  environments,
}: CostInput): CostModel {
  return {
    startup: plan.measure === 'startup' ? startupRows(starts, plan) : [],
    footprint: summarizeFootprint(footprint, plan),
    scale: summarizeScale(scale, bursts, plan),
    laws: scalingLaws(scale, bursts, plan),
    density: summarizeDensity(density, plan),
    storm: summarizeStorms(storm, plan.environments),
    load: summarizeLoad(load, plan),
    neighbour: summarizeNeighbour(neighbour, plan),
    capacity: capacityOf({ plan, scale, storm, bursts }),
    posture: postureOf(environments),
  };
}

/** What a planner asked, and the answer for each environment. */
export interface HostPlan {
  readonly question: CapacityQuestion;
  readonly rows: readonly CapacityRow[];
}

function capacityOf(input: CapacityInput): HostPlan | null {
  if (input.plan.measure !== 'capacity') return null;
  const question = defaultQuestion(input.plan);
  return { question, rows: capacityRows(input, question) };
}

/** The matrix. Sessions of earlier versions report less, or nothing: their cells are null. */
export function postureOf(environments: CostInput['environments']): Posture {
  const reporting = environments.flatMap(({ path, facts }) => (facts ? [{ path, facts }] : []));
  return {
    environments: reporting.map(({ path, facts }) => ({ env: path, ...postureCount(facts) })),
    rows: postureRows(reporting.map(({ facts }) => facts)),
  };
}
