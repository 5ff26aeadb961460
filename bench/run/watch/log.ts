/** What a running session knows about itself, kept up to date in its folder: events, facts of its boxes, which boxes are left. */

import { unequalOf } from '../../analysis/contrast/session-table.ts';
import { BoxmarkError } from '../../errors.ts';
import { controlOf } from '../../plan/schedule.ts';
import type { NewEvent, SessionEvent } from '../../session/events.ts';
import type { SessionInfo } from '../../session/info.ts';
import type { Store } from '../../session/store.ts';
import type { BoxFacts, Environment, Plan } from '../../types.ts';
import type { BlockResult } from '../kind.ts';
import { openParity, type ParityLog } from './parity-log.ts';

/** Blocks in a row in which a box may fail before it is given up to save time. */
const LIVES = 2;

/** Why a box that was given up has no start. */
export const GIVEN_UP = `given up after failing in ${LIVES} blocks in a row`;

export interface LogRequest {
  readonly plan: Plan;
  readonly store: Store;
  readonly info: SessionInfo;
  readonly environments: readonly Environment[];
  /** Absent where nothing is started any more. */
  readonly control?: Environment;
  /** What a session that resumes has already. */
  readonly earlier?: { readonly events: readonly SessionEvent[] };
}

export class SessionLog {
  readonly #plan: Plan;
  readonly #store: Store;
  readonly #boxes: Map<string, Environment>;
  readonly #events: SessionEvent[];
  readonly #parity: ParityLog;
  /** Blocks in a row, up to the last one, in which a box has failed. */
  readonly #strikes = new Map<string, number>();
  #info: SessionInfo;

  constructor({ plan, store, info, environments, control, earlier }: LogRequest) {
    this.#plan = plan;
    this.#store = store;
    this.#info = info;
    this.#events = [...(earlier?.events ?? [])];
    this.#boxes = new Map(environments.map((environment) => [environment.path, environment]));
    if (control !== undefined) this.#boxes.set(controlOf(plan.baseline), control);
    this.#parity = openParity({
      environments: new Map(this.#boxes),
      baseline: plan.baseline,
      earlier: unequalOf(this.#events),
      report: (env, block, inequalities) => this.event({ kind: 'unequal', env, block, inequalities }),
    });
  }

  /** By path, the control among them; without those that were given up. */
  get boxes(): ReadonlyMap<string, Environment> {
    return this.#boxes;
  }

  get events(): readonly SessionEvent[] {
    return this.#events;
  }

  /** As it was saved last. */
  get info(): SessionInfo {
    return this.#info;
  }

  event(detail: NewEvent): void {
    const stamped: SessionEvent = { at: new Date().toISOString(), ...detail };
    this.#events.push(stamped);
    this.#store.event(stamped);
  }

  /** Of a box in a block: compared with the baseline's, and in `session.json` from the next save on. */
  facts(box: string, facts: BoxFacts, block: number): void {
    this.#parity.read(box, facts, block);
  }

  save(change: Partial<SessionInfo>): void {
    const unequal = unequalOf(this.#events);
    const environments = this.#info.environments.map((it) => {
      const facts = this.#parity.facts(it.path) ?? it.facts;
      return { ...it, facts, ...(facts === null ? {} : { inequalities: unequal[it.path] ?? [] }) };
    });
    this.#info = { ...this.#info, ...change, environments };
    this.#store.session(this.#info);
  }

  /** Gives up what failed in two blocks in a row, and saves. Throws when that is the baseline. */
  endBlock(block: number, result: BlockResult, change: () => Partial<SessionInfo>): void {
    for (const box of this.#countStrikes(result)) {
      this.#boxes.delete(box);
      this.event({ kind: 'given-up', env: box, block, reason: GIVEN_UP });
    }
    this.save({ blocksCompleted: block, ...change() });
    const { baseline } = this.#plan;
    if (this.#boxes.has(baseline)) return;
    throw new BoxmarkError({
      what: 'The baseline failed in two blocks in a row; without it nothing can be compared.',
      value: baseline,
      remedy: 'boxmark doctor, or another --baseline',
    });
  }

  /** The boxes that are given up by this block. */
  #countStrikes({ completed, failed }: BlockResult): string[] {
    for (const box of completed) this.#strikes.delete(box);
    return failed.filter((box) => {
      const count = (this.#strikes.get(box) ?? 0) + 1;
      this.#strikes.set(box, count);
      return count >= LIVES;
    });
  }
}
