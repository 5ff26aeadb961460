/** What a session says about start-up and memory, with intervals over starts. */

import type { Start, StartFigures } from '../types.ts';
import type { Pair } from './claim-pairs.ts';
import type { ResourceClaim } from './claim-schema.ts';
import { ratioOf } from './interval.ts';

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

export function figureNames(metric: ResourceClaim['metric']): string[] {
  return Object.keys(FIGURES[metric].figures);
}

export function unitOf(metric: ResourceClaim['metric']): 'ms' | 'MiB' {
  return FIGURES[metric].unit;
}

/**
 * Natural logs of the figure, one a block: of its ratio to the denominator's in the same block, or of the figure itself
 * in ms or MiB. Null with the reason in words when the figure can't be told. Starts that did not complete have none.
 */
export function startLogs(
  starts: readonly Start[],
  claim: Pick<ResourceClaim, 'metric' | 'figure'>,
  pair: Pair,
): { readonly logs: readonly number[] } | { readonly logs: null; readonly reason: string } {
  const { figures, scale } = FIGURES[claim.metric];
  const key = Object.hasOwn(figures, claim.figure) ? figures[claim.figure] : undefined;
  if (key === undefined) return { logs: null, reason: `sessions have no figure ${claim.figure}` };
  const numerators = byBlock(starts, pair.numerator, key);
  const denominators = pair.denominator === null ? null : byBlock(starts, pair.denominator, key);
  const logs: number[] = [];
  for (const [block, value] of numerators) {
    const other = denominators === null ? 1 / scale : denominators.get(block);
    if (other === undefined) continue;
    // Free memory of a host moves by itself, so that a difference of it can come out negative.
    if (!(value > 0 && other > 0)) return { logs: null, reason: `${claim.figure} is not above 0 in every start` };
    logs.push(Math.log(value / other));
  }
  return logs.length > 0 ? { logs } : { logs: null, reason: `no block has the figure ${claim.figure}` };
}

/** Geometric mean over blocks with Student's interval of 95 %, in logs and back. */
export function startEstimate(logs: readonly number[]) {
  return { ...ratioOf(logs), blocks: logs.length };
}

function byBlock(starts: readonly Start[], env: string, key: keyof StartFigures): Map<number, number> {
  const values = new Map<number, number>();
  for (const start of starts) {
    if (start.env !== env || start.status !== 'completed') continue;
    const value = start[key];
    if (value !== null) values.set(start.block, value);
  }
  return values;
}
