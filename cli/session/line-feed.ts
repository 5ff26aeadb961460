/** `--json-lines`: what happens in a session, for a program that follows it. Written only while nothing is being measured. */

import type { ProgressSink } from '../../bench/run/session.ts';
import { eventKind, type SessionEvent } from '../../bench/session/events.ts';
import type { Plan } from '../../bench/types.ts';
import { type Line, printLine } from '../terminal/json-line.ts';

export interface FedSession {
  readonly session: string;
  /** The session's folder. */
  readonly dir: string;
  readonly plan: Plan;
  readonly blocksKept: number;
}

/** Passes progress on to its display, and prints what has come up by then. */
export class LineFeed implements ProgressSink {
  readonly #shown: ProgressSink;
  readonly #about: FedSession;
  readonly #print: (line: Line) => void;
  #waiting: Line[] = [];
  #block = 0;

  constructor(shown: ProgressSink, about: FedSession, print = printLine) {
    this.#shown = shown;
    this.#about = about;
    this.#print = print;
    const { plan, dir, blocksKept } = about;
    this.#add({ type: 'plan', dir, blocksKept, plan });
    this.flush();
  }

  /** Events may come while a box is measured. */
  event(event: SessionEvent): void {
    this.#add({ type: 'event', event: { ...event, kind: eventKind(event) } });
  }

  phase(text: string, isMeasuring = false): void {
    this.#shown.phase(text, isMeasuring);
    this.flush();
  }

  block(block: number, text: string, isMeasuring = false): void {
    this.#shown.block(block, text, isMeasuring);
    this.#block = block;
    this.#add({ type: 'block-begun', block, blocks: this.#about.plan.maxBlocks });
    this.flush();
  }

  round(at: Parameters<ProgressSink['round']>[0]): void {
    this.#shown.round(at);
    this.flush();
  }

  standings(...[blocks, rows]: Parameters<NonNullable<ProgressSink['standings']>>): void {
    this.#shown.standings?.(blocks, rows);
    // Where a session is resumed, no block has ended.
    if (blocks !== this.#block) return;
    const standings = rows()?.map(({ env, baseline, workload, timeRatio: ratio, interval, blocks, verdict }) => ({
      ...{ env, baseline, workload, ratio, low: interval?.low ?? null, high: interval?.high ?? null, blocks, verdict },
    }));
    this.#add({ type: 'block-ended', block: blocks, standings: standings ?? null });
    this.flush();
  }

  flush(): void {
    for (const line of this.#waiting.splice(0)) this.#print(line);
  }

  #add({ type, ...fields }: Line): void {
    this.#waiting.push({ type, at: new Date().toISOString(), session: this.#about.session, ...fields });
  }
}
