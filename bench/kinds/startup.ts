/** A block of starts: a cold one of every box first where that can be, then rounds of warm ones in balanced random order. */

import { messageOf } from '../errors.ts';
import { blockOrder, boxesOf } from '../plan/schedule.ts';
import { randomStream } from '../random.ts';
import type { BlockResult } from '../run/block.ts';
import { BoxFault } from '../run/client.ts';
import { type Resident, startResident } from '../run/resident.ts';
import { startName } from '../run/start-name.ts';
import { NO_FIGURES, type StartTemperature } from '../types.ts';
import type { CostBlock } from './cost-block.ts';

interface Turn {
  readonly box: string;
  readonly round: number;
  readonly position: number;
  readonly temperature: StartTemperature;
}

/** One box at a time; one that fails is not started again in the block. */
export async function startBlock(request: CostBlock): Promise<BlockResult> {
  const { plan, block, sink, signal } = request;
  const boxes = boxesOf(plan);
  const completed = new Set<string>();
  const failed = new Set<string>();
  const told = new Set<string>();

  async function take(turn: Turn): Promise<void> {
    signal.throwIfAborted();
    const { box, position, round, temperature } = turn;
    if (failed.has(box)) return;
    const startId = `${startName(block, box, 50)}-r${round}`;
    const head = { block, position, env: box, startId, round, temperature };
    const environment = request.environments.get(box);
    if (environment === undefined) {
      if (!told.has(box)) sink.start({ ...head, status: 'skipped', reason: request.whyAbsent(box) });
      told.add(box);
      return;
    }
    // The first block reads what the boxes are, once each; the rest are starts and nothing else.
    const isFirst = block === 1 && !told.has(box);
    told.add(box);
    let resident: Resident;
    try {
      const depth = isFirst ? 'facts' : 'ready';
      const to = { box, startId, position, environment, digests: isFirst, depth } as const;
      resident = await startResident({ ...request, ...to });
    } catch (error) {
      if (signal.aborted) throw error;
      const fault = error instanceof BoxFault ? error : new BoxFault('failed', messageOf(error));
      failed.add(box);
      completed.delete(box);
      sink.start({ ...head, ...NO_FIGURES, status: fault.status, reason: fault.message });
      sink.event({ kind: fault.status, env: box, block, reason: fault.message });
      return;
    }
    if (isFirst) sink.facts(box, resident.facts);
    sink.start({ ...head, ...(await resident.close()), status: 'completed' });
    completed.add(box);
  }

  if (plan.cold === true) {
    const order = randomStream(plan.seed, block, 'cold').shuffle(boxes);
    for (const [index, box] of order.entries()) {
      const kept = await dropCaches(request);
      if (kept !== null && index === 0 && block === 1) sink.event({ kind: 'page-cache-kept', reason: kept });
      // With the cache as it is, only the first start of all is different from the others.
      if (kept !== null && block > 1) break;
      await take({ box, round: 0, position: index + 1, temperature: kept === null ? 'dropped' : 'first' });
    }
  }
  const { rounds } = blockOrder({ seed: plan.seed, block, boxes, workloads: ['start'], rounds: plan.rounds });
  for (const [index, turns] of rounds.entries()) {
    for (const [place, box] of (turns[0]?.order ?? []).entries()) {
      await take({ box, round: index + 1, position: place + 1, temperature: 'warm' });
    }
    sink.pause(index + 1);
  }
  return { completed: [...completed], failed: [...failed] };
}

function dropCaches({ gauges }: CostBlock): Promise<string | null> {
  return gauges.dropCaches?.() ?? Promise.resolve('there is no means to drop it');
}
