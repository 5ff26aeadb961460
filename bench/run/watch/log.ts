/** What a running session knows of itself, kept up to date in its folder: events, facts of its boxes, who is still in it. */

import { unequalOf } from '../../analysis/contrast/session-table.ts';
import { BoxmarkError } from '../../errors.ts';
import { controlOf } from '../../plan/schedule.ts';
import type { SessionEvent } from '../../session/events.ts';
import type { SessionInfo } from '../../session/info.ts';
import type { Store } from '../../session/store.ts';
import type { Environment, Plan } from '../../types.ts';
import type { BlockResult, BlockSink } from '../block.ts';
import { openParity } from './parity-log.ts';
import { countStrikes, GIVEN_UP } from './strikes.ts';

export interface SessionLog {
  /** By path, the control among them; without those that were given up. */
  readonly boxes: ReadonlyMap<string, Environment>;
  readonly events: readonly SessionEvent[];
  /** As it was saved last. */
  info(): SessionInfo;
  event: BlockSink['event'];
  /** Of a box in a block: compared with the baseline's, and in `session.json` from the next save on. */
  facts: ReturnType<typeof openParity>['read'];
  save(change: Partial<SessionInfo>): void;
  /** Gives up what failed in two blocks in a row, and saves. Throws when that is the baseline. */
  endBlock(block: number, result: BlockResult, change: () => Partial<SessionInfo>): void;
}

export interface LogRequest {
  readonly plan: Plan;
  readonly store: Store;
  readonly info: SessionInfo;
  readonly environments: readonly Environment[];
  readonly control: Environment;
  /** What a session that goes on has already. */
  readonly earlier?: { readonly events: readonly SessionEvent[] };
}

export function openLog({ plan, store, info: begun, environments, control, earlier }: LogRequest): SessionLog {
  const events: SessionEvent[] = [...(earlier?.events ?? [])];
  const boxes = new Map(environments.map((environment) => [environment.path, environment]));
  boxes.set(controlOf(plan.baseline), control);
  const strikes = countStrikes();
  let info = begun;

  const event: BlockSink['event'] = (detail) => {
    const stamped: SessionEvent = { at: new Date().toISOString(), ...detail };
    events.push(stamped);
    store.event(stamped);
  };
  const parity = openParity({
    environments: new Map(boxes),
    baseline: plan.baseline,
    earlier: unequalOf(events),
    tell: (env, block, inequalities) => event({ kind: 'unequal', env, block, inequalities }),
  });
  const save = (change: Partial<SessionInfo>) => {
    const unequal = unequalOf(events);
    const known = info.environments.map((it) => {
      const facts = parity.facts(it.path) ?? it.facts;
      return { ...it, facts, ...(facts === null ? {} : { inequalities: unequal[it.path] ?? [] }) };
    });
    info = { ...info, ...change, environments: known };
    store.session(info);
  };
  return {
    boxes,
    events,
    info: () => info,
    event,
    facts: parity.read,
    save,
    endBlock(block, result, change) {
      for (const box of strikes(result)) {
        boxes.delete(box);
        event({ kind: 'given-up', env: box, block, reason: GIVEN_UP });
      }
      save({ blocksCompleted: block, ...change() });
      if (boxes.has(plan.baseline)) return;
      throw new BoxmarkError({
        what: 'The baseline failed in two blocks in a row; without it nothing can be compared.',
        value: plan.baseline,
        remedy: 'boxmark doctor, or another --baseline',
      });
    },
  };
}
