/** All kinds of measurement, and a plan as its kind sees it. */

import { usageError } from '../errors.ts';
import type { Measure } from '../plan/flag.ts';
import type { Kind, SessionRecords, SessionRows, TimeGuess } from '../run/kind.ts';
import type { SessionEvent } from '../session/events.ts';
import type { SessionInfo } from '../session/info.ts';
import type { Plan } from '../types.ts';
import { formatSpan } from '../units.ts';
import { capacity } from './capacity.ts';
import { density } from './density.ts';
import { footprint } from './footprint.ts';
import { load } from './load.ts';
import { neighbour } from './neighbour.ts';
import { scale } from './scale.ts';
import { startup } from './startup.ts';
import { storm } from './storm.ts';
import { workloads } from './workloads.ts';

const KINDS: Readonly<Record<Measure, Kind>> = {
  workloads,
  startup,
  footprint,
  scale,
  load,
  capacity,
  density,
  storm,
  neighbour,
};

/** What a plan measures. Throws a usage error for a kind that only a later version has. */
export function kindOf({ measure = 'workloads' }: { readonly measure?: Measure }): Kind {
  if (Object.hasOwn(KINDS, measure)) return KINDS[measure];
  throw usageError('This version does not have the kind of measurement.', measure, Object.keys(KINDS).join(', '));
}

/** What a session has recorded, in the form that its kind takes. */
export function recordsOf({
  info,
  ...rows
}: SessionRows & { readonly info: SessionInfo; readonly events: readonly SessionEvent[] }): SessionRecords {
  return { ...rows, plan: info.plan, blocksCompleted: info.blocksCompleted };
}

/** Seconds that this many blocks should take, from guesses that are replaced by real figures once a block is done. */
export function estimateSeconds(plan: Plan, guess: TimeGuess, blocks = plan.maxBlocks): number {
  return kindOf(plan).estimate(plan, guess, blocks);
}

/** The plan as lines for a reader. */
export function describePlan(plan: Plan, guess: TimeGuess): string[] {
  const envs = plan.environments.map(({ path, alias }) => (alias === undefined ? path : `${path} (${alias})`));
  return [
    `environments  ${envs.join(', ')}`,
    `control       a second ${plan.baseline}`,
    ...kindOf(plan).describe(plan),
    `limits        CPU ${plan.limits.cpus.join(',')}, ${plan.limits.memoryBytes / 2 ** 20} MiB, no network`,
    `seed          ${plan.seed}`,
    `estimate      ${estimateText(plan, guess)}`,
    ...(plan.maxTimeMs === undefined ? [] : [`time limit    ${formatSpan(plan.maxTimeMs / 1000)}`]),
  ];
}

function estimateText(plan: Plan, guess: TimeGuess): string {
  const span = (blocks: number) => formatSpan(estimateSeconds(plan, guess, blocks));
  if (plan.minBlocks === plan.maxBlocks) return `about ${span(plan.maxBlocks)}`;
  return `about ${span(plan.minBlocks)} to ${span(plan.maxBlocks)}; no data yet to say which`;
}
