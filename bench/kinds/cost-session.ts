/** Runs a session that measures what environments cost beside CPU time: blocks of starts, or of idle instances. */

import { startupRows } from '../analysis/startup.ts';
import { messageOf } from '../errors.ts';
import type { BlockResult } from '../run/block.ts';
import { outOfTime, type SessionOutcome, type SessionRequest } from '../run/session.ts';
import { openLog } from '../run/watch/log.ts';
import { GIVEN_UP } from '../run/watch/strikes.ts';
import type { StopReason } from '../session/info.ts';
import type { FootprintRow, Plan, Start } from '../types.ts';
import type { CostBlock } from './cost-block.ts';
import { footprintBlock } from './footprint.ts';
import { startBlock } from './startup.ts';

/** Like `executeSession`, for plans with `measure`. It has starts and footprints, no samples and no contrasts. */
export async function executeCosts(request: SessionRequest): Promise<SessionOutcome> {
  const { plan, store, signal, progress } = request;
  const starts: Start[] = [];
  const footprint: FootprintRow[] = [];
  const log = openLog(request);
  const { boxes, events, event, save } = log;
  let failure: unknown = null;

  const sinkOf = (block: number): CostBlock['sink'] => ({
    start: (row) => {
      starts.push(row);
      store.start(row);
    },
    footprint: (row) => {
      footprint.push(row);
      store.footprint(footprint);
    },
    event,
    facts: (box, read) => log.facts(box, read, block),
    pause: (round) =>
      progress.round({ block, round, fraction: (block - 1 + Math.min(1, round / plan.rounds)) / plan.maxBlocks }),
  });

  async function run(): Promise<StopReason> {
    const begunMs = Date.now();
    for (let block = 1; block <= plan.maxBlocks; block++) {
      if (outOfTime(plan, begunMs, block - 1)) return 'time';
      progress.phase(`block ${block} of ${plan.maxBlocks}`);
      const blockBegunMs = Date.now();
      const info = log.info();
      const result = await measureBlock(plan, {
        ...{ plan, block, environments: boxes, whyAbsent: () => GIVEN_UP, gauges: request.gauges },
        ...{ image: info.image, signal, sink: sinkOf(block) },
      });
      const measuredMs = info.measuredMs + Date.now() - blockBegunMs;
      log.endBlock(block, result, () => ({ measuredMs }));
    }
    return 'blocks';
  }

  let stopReason: StopReason;
  try {
    save({});
    request.notices(event);
    stopReason = await run();
  } catch (error) {
    stopReason = signal.aborted ? 'interrupted' : 'failed';
    if (!signal.aborted) failure = error;
  }
  const { blocksCompleted } = log.info();
  const whole = starts.filter(({ block }) => block <= blocksCompleted);
  const wholeFootprint = footprint.filter(({ block }) => block <= blocksCompleted);
  try {
    if (failure !== null) event({ kind: 'failed', reason: messageOf(failure) });
    if (plan.measure === 'startup') store.startup(startupRows(whole, plan));
    save({ stopReason, finishedAt: new Date().toISOString() });
    store.finish([], stopReason);
  } catch (error) {
    failure ??= error;
  }
  return { info: log.info(), samples: [], starts: whole, events, contrasts: [], footprint: wholeFootprint, failure };
}

function measureBlock(plan: Plan, block: CostBlock): Promise<BlockResult> {
  return plan.measure === 'footprint' ? footprintBlock(block) : startBlock(block);
}
