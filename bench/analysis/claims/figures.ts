/** A session's figures of start-up and memory, with intervals over blocks. */

import type { FootprintRow, Start, StartFigures } from '../../types.ts';
import { median } from '../../units.ts';
import { type FootprintFigure, slopesByBlock } from '../footprint.ts';
import { isCold } from '../startup.ts';
import { ratioOf } from '../stats/interval.ts';
import type { Pair } from './pairs.ts';
import type { ResourceClaim } from './schema.ts';

const MIB = 2 ** 20;

/** Figures by the names that claims use, and their units: ms, and bytes in MiB. */
const FIGURES: Readonly<
  Record<
    ResourceClaim['metric'],
    { unit: 'ms' | 'MiB'; scale: number; figures: Readonly<Record<string, keyof StartFigures>> }
  >
> = {
  'start-up': {
    unit: 'ms',
    scale: 1,
    figures: { spawn: 'spawnMs', 'first-instruction': 'firstInstructionMs', ready: 'readyMs', teardown: 'teardownMs' },
  },
  memory: { unit: 'MiB', scale: 1 / MIB, figures: { peak: 'memoryPeakBytes', 'host-delta': 'hostMemoryDeltaBytes' } },
};

/** Of one more idle instance; only sessions that measured the footprint have them. */
const SLOPES: Readonly<Record<string, FootprintFigure>> = {
  'instance-host': 'host',
  'instance-pss': 'pss',
  'instance-cgroup': 'cgroup',
};

export function figureNames(metric: ResourceClaim['metric']): string[] {
  return [...Object.keys(FIGURES[metric].figures), ...(metric === 'memory' ? Object.keys(SLOPES) : [])];
}

/** Is a figure about idle instances, which only some sessions hold? */
export function isOfInstances({ metric, figure }: Pick<ResourceClaim, 'metric' | 'figure'>): boolean {
  return metric === 'memory' && Object.hasOwn(SLOPES, figure);
}

export function unitOf(metric: ResourceClaim['metric']): 'ms' | 'MiB' {
  return FIGURES[metric].unit;
}

/** Where the figures come from. */
export interface ResourceGround {
  readonly starts: readonly Start[];
  /** Of sessions that measured it. */
  readonly footprint?: readonly FootprintRow[];
}

/**
 * Natural logs of the figure, one a block: of its ratio to the denominator's in the same block, or of the figure itself
 * in ms or MiB. Null with the reason in words when there is no figure. Starts that did not complete have none.
 */
export function resourceLogs(
  ground: ResourceGround,
  claim: Pick<ResourceClaim, 'metric' | 'figure'>,
  pair: Pair,
): { readonly logs: readonly number[] } | { readonly logs: null; readonly reason: string } {
  const { scale } = FIGURES[claim.metric];
  if (!figureNames(claim.metric).includes(claim.figure)) {
    return { logs: null, reason: `sessions have no figure ${claim.figure}` };
  }
  const numerators = valuesOf(ground, claim, pair.numerator);
  const denominators = pair.denominator === null ? null : valuesOf(ground, claim, pair.denominator);
  const logs: number[] = [];
  for (const [block, value] of numerators) {
    const other = denominators === null ? 1 / scale : denominators.get(block);
    if (other === undefined) continue;
    // Free memory of a host changes by itself, so a difference of it can be negative.
    if (!(value > 0 && other > 0)) return { logs: null, reason: `${claim.figure} is not above 0 in every block` };
    logs.push(Math.log(value / other));
  }
  return logs.length > 0 ? { logs } : { logs: null, reason: `no block has the figure ${claim.figure}` };
}

function valuesOf(
  { starts, footprint = [] }: ResourceGround,
  { metric, figure }: Pick<ResourceClaim, 'metric' | 'figure'>,
  env: string,
): ReadonlyMap<number, number> {
  const slope = isOfInstances({ metric, figure }) ? SLOPES[figure] : undefined;
  if (slope !== undefined) return slopesByBlock(footprint, env, slope);
  const key = FIGURES[metric].figures[figure];
  return key === undefined ? new Map() : byBlock(starts, env, key);
}

/** Geometric mean over blocks with Student's interval of 95 %, in logs and back. */
export function startEstimate(logs: readonly number[]) {
  return { ...ratioOf(logs), blocks: logs.length };
}

/** Of a session that starts a box several times in a block: the median of its warm starts. */
function byBlock(starts: readonly Start[], env: string, key: keyof StartFigures): Map<number, number> {
  const values = new Map<number, number[]>();
  for (const start of starts) {
    // A cold start is a different quantity, which claims are not about.
    if (start.env !== env || start.status !== 'completed' || isCold(start)) continue;
    const value = start[key];
    if (value !== null) values.set(start.block, [...(values.get(start.block) ?? []), value]);
  }
  return new Map([...values].map(([block, all]) => [block, median(all)]));
}
