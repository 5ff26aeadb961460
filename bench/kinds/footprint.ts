/** A block of idle instances: every environment in every number, in random order, weighed while all of them are idle. */

import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import { boxesOf } from '../plan/schedule.ts';
import { randomStream } from '../random.ts';
import type { BlockResult } from '../run/block.ts';
import { BoxFault } from '../run/client.ts';
import { type Resident, startResident } from '../run/resident.ts';
import { startName } from '../run/start-name.ts';
import { type Environment, type Holdings, NO_FIGURES } from '../types.ts';
import { median } from '../units.ts';
import type { CostBlock } from './cost-block.ts';
import { diskUse } from './disk-use.ts';

/** Engines go on for a moment after the payload has spoken; so does the kernel after removals. */
const SETTLE_MS = 400;
const READINGS = 5;
const READING_PAUSE_MS = 40;
/** Instances are not begun when the host would keep less than this. */
const RESERVE_BYTES = 512 * 2 ** 20;

/** A number that fails costs the environment its further numbers in the block. */
export async function footprintBlock(request: CostBlock): Promise<BlockResult> {
  const { plan, block, sink, signal } = request;
  const cells = boxesOf(plan).flatMap((box) => (plan.instances ?? [1]).map((instances) => ({ box, instances })));
  const failed = new Set<string>();
  const completed = new Set<string>();
  const told = new Set<string>();
  const largest = new Map<string, number>();
  if (block === 1) await introduce(request, failed);
  for (const [index, cell] of randomStream(plan.seed, block, 'footprint').shuffle(cells).entries()) {
    signal.throwIfAborted();
    const { box, instances } = cell;
    const position = index + 1;
    const environment = request.environments.get(box);
    const head = { block, position, env: box, startId: nameOf(block, box, instances, 1) };
    if (environment === undefined || failed.has(box)) {
      if (environment === undefined && !told.has(box)) {
        sink.start({ ...head, status: 'skipped', reason: request.whyAbsent(box) });
      }
      told.add(box);
      continue;
    }
    const available = request.gauges.availableMemoryBytes();
    if (available !== null && (largest.get(box) ?? 0) * instances > available - RESERVE_BYTES) {
      const reason = `${instances} instances would leave the host less than ${RESERVE_BYTES / 2 ** 20} MiB`;
      sink.event({ kind: 'too-little-memory', env: box, block, reason });
      continue;
    }
    try {
      const weighed = await weigh(request, { box, environment, instances, position });
      sink.footprint({ block, position, env: box, instances, ...weighed });
      const each = (weighed.hostDeltaBytes ?? 0) / instances;
      largest.set(box, Math.max(largest.get(box) ?? 0, each));
      completed.add(box);
    } catch (error) {
      if (signal.aborted) throw error;
      const fault = error instanceof BoxFault ? error : new BoxFault('failed', messageOf(error));
      failed.add(box);
      completed.delete(box);
      sink.start({ ...head, ...NO_FIGURES, status: fault.status, reason: fault.message });
      sink.event({ kind: fault.status, env: box, block, instances, reason: fault.message });
    }
    sink.pause(((index + 1) * plan.rounds) / cells.length);
  }
  return { completed: [...completed], failed: [...failed] };
}

/**
 * In the first block every box is started once to tell what it is, and not weighed: hashing its image in it would show.
 * It also brings what all instances share into the page cache.
 */
async function introduce(request: CostBlock, failed: Set<string>): Promise<void> {
  const { block, sink } = request;
  for (const [box, environment] of request.environments) {
    const startId = `${startName(block, box, 48)}-facts`;
    const head = { block, position: 0, env: box, startId };
    try {
      const to = { box, startId, position: 0, environment, digests: true, depth: 'facts' } as const;
      const resident = await startResident({ ...request, ...to });
      sink.facts(box, resident.facts);
      sink.start({ ...head, ...(await resident.close()), status: 'completed' });
    } catch (error) {
      request.signal.throwIfAborted();
      const fault = error instanceof BoxFault ? error : new BoxFault('failed', messageOf(error));
      failed.add(box);
      sink.start({ ...head, ...NO_FIGURES, status: fault.status, reason: fault.message });
      sink.event({ kind: fault.status, env: box, block, reason: fault.message });
    }
  }
}

interface Cell {
  readonly box: string;
  readonly environment: Environment;
  readonly instances: number;
  readonly position: number;
}

/** Starts the instances one after the other, weighs them when all are idle, and closes them. */
async function weigh(request: CostBlock, { box, environment, instances, position }: Cell) {
  const { block, sink, gauges } = request;
  const folders = environment.disk?.folders ?? [];
  const use = () => (folders.length === 0 ? Promise.resolve(null) : diskUse(folders));
  const diskBefore = await use();
  await sleep(SETTLE_MS);
  const memoryBefore = await available(gauges);
  const held: Resident[] = [];
  try {
    for (let number = 1; number <= instances; number++) {
      request.signal.throwIfAborted();
      const startId = nameOf(block, box, instances, number);
      const to = { box, startId, position, environment, digests: false, depth: 'ready' } as const;
      held.push(await startResident({ ...request, ...to }));
    }
    await sleep(SETTLE_MS);
    const memoryAfter = await available(gauges);
    const diskAfter = await use();
    const holdings = held.map((resident) => resident.holdings());
    return {
      hostDeltaBytes: difference(memoryBefore, memoryAfter),
      pssBytes: sumOf(holdings, 'pssBytes'),
      cgroupBytes: sumOf(holdings, 'cgroupBytes'),
      diskBytes: difference(diskAfter, diskBefore),
      imageBytes: environment.disk?.imageBytes ?? null,
    };
  } finally {
    for (const [index, resident] of held.entries()) {
      const figures = await resident.close();
      const startId = nameOf(block, box, instances, index + 1);
      sink.start({ block, position, env: box, startId, ...figures, status: 'completed' });
    }
  }
}

/** Free memory of a host moves by itself: the median of a few readings. */
async function available(gauges: CostBlock['gauges']): Promise<number | null> {
  const readings: number[] = [];
  for (let i = 0; i < READINGS; i++) {
    const bytes = gauges.availableMemoryBytes();
    if (bytes !== null) readings.push(bytes);
    await sleep(READING_PAUSE_MS);
  }
  return readings.length === 0 ? null : median(readings);
}

function nameOf(block: number, box: string, instances: number, number: number): string {
  return `${startName(block, box, 48)}-n${instances}-${number}`;
}

function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

/** Null unless every instance has the figure. */
function sumOf(all: readonly Holdings[], key: keyof Holdings): number | null {
  const values = all.map((holdings) => holdings[key]);
  return values.reduce<number | null>((sum, value) => (sum === null || value === undefined ? null : sum + value), 0);
}
