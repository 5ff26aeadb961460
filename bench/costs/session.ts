/** Runs a session that measures what environments cost beside CPU time: blocks of starts, or of idle instances. */

import { unequalOf } from '../analysis/session-table.ts';
import { startupRows } from '../analysis/startup.ts';
import type { BlockResult, BlockSink } from '../block.ts';
import { BoxmarkError, messageOf } from '../errors.ts';
import { outOfTime, type SessionOutcome, type SessionRequest } from '../execute.ts';
import { openParity } from '../parity-log.ts';
import { controlOf } from '../schedule.ts';
import type { SessionInfo, StopReason } from '../session.ts';
import { countStrikes, GIVEN_UP } from '../strikes.ts';
import type { FootprintRow, Plan, SessionEvent, Start } from '../types.ts';
import type { CostBlock } from './cost-block.ts';
import { footprintBlock } from './footprint-block.ts';
import { startBlock } from './start-block.ts';

/** Like `executeSession`, for plans with `measure`. It has starts and footprints, no samples and no contrasts. */
export async function executeCosts(request: SessionRequest): Promise<SessionOutcome> {
  const { plan, store, signal, progress } = request;
  const starts: Start[] = [];
  const events: SessionEvent[] = [];
  const footprint: FootprintRow[] = [];
  const boxes = new Map(request.environments.map((environment) => [environment.path, environment]));
  boxes.set(controlOf(plan.baseline), request.control);
  let info = request.info;
  let failure: unknown = null;

  const event: BlockSink['event'] = (detail) => {
    const stamped = { at: new Date().toISOString(), ...detail } as SessionEvent;
    events.push(stamped);
    store.event(stamped);
  };
  const parity = openParity({
    environments: new Map(boxes),
    baseline: plan.baseline,
    earlier: {},
    tell: (env, block, inequalities) => event({ kind: 'unequal', env, block, inequalities }),
  });
  const save = (change: Partial<SessionInfo>) => {
    const unequal = unequalOf(events);
    const environments = info.environments.map((it) => {
      const facts = parity.facts(it.path);
      return facts === null ? it : { ...it, facts, inequalities: unequal[it.path] ?? [] };
    });
    info = { ...info, ...change, environments };
    store.session(info);
  };
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
    facts: (box, read) => parity.read(box, read, block),
    pause: (round) =>
      progress.round({ block, round, fraction: (block - 1 + Math.min(1, round / plan.rounds)) / plan.maxBlocks }),
  });

  async function run(): Promise<StopReason> {
    const strikes = countStrikes();
    const begunMs = Date.now();
    for (let block = 1; block <= plan.maxBlocks; block++) {
      if (outOfTime(plan, begunMs, block - 1)) return 'time';
      progress.phase(`block ${block} of ${plan.maxBlocks}`);
      const blockBegunMs = Date.now();
      const result = await measureBlock(plan, {
        ...{ plan, block, environments: boxes, whyAbsent: () => GIVEN_UP, gauges: request.gauges },
        ...{ image: info.image, signal, sink: sinkOf(block) },
      });
      for (const box of strikes(result)) {
        boxes.delete(box);
        event({ kind: 'given-up', env: box, block, reason: GIVEN_UP });
      }
      save({ blocksCompleted: block, measuredMs: info.measuredMs + Date.now() - blockBegunMs });
      if (!boxes.has(plan.baseline)) {
        throw new BoxmarkError({
          what: 'The baseline failed in two blocks in a row; without it nothing can be compared.',
          value: plan.baseline,
          remedy: 'boxmark doctor, or another --baseline',
        });
      }
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
  const whole = starts.filter(({ block }) => block <= info.blocksCompleted);
  const wholeFootprint = footprint.filter(({ block }) => block <= info.blocksCompleted);
  try {
    if (failure !== null) event({ kind: 'failed', reason: messageOf(failure) });
    if (plan.measure === 'startup') store.startup(startupRows(whole, plan));
    save({ stopReason, finishedAt: new Date().toISOString() });
    store.finish([], stopReason);
  } catch (error) {
    failure ??= error;
  }
  return { info, samples: [], starts: whole, events, contrasts: [], footprint: wholeFootprint, failure };
}

function measureBlock(plan: Plan, block: CostBlock): Promise<BlockResult> {
  return plan.measure === 'footprint' ? footprintBlock(block) : startBlock(block);
}
