/** Passes a session's progress on to its display, and leaves a sign of life in its folder each time. */

import type { ProgressSink } from '../../bench/run/session.ts';
import type { Heartbeat } from '../../bench/session/heartbeat.ts';

/** All its methods are called only while nothing is being measured. */
export class Pulse implements ProgressSink {
  readonly #shown: ProgressSink;
  readonly #heart: Heartbeat;
  #block = 0;
  #fraction = 0;

  constructor(shown: ProgressSink, heart: Heartbeat) {
    this.#shown = shown;
    this.#heart = heart;
  }

  phase(text: string, isMeasuring = false): void {
    this.#shown.phase(text, isMeasuring);
    this.#beat(text);
  }

  block(block: number, text: string, isMeasuring = false): void {
    this.#shown.block(block, text, isMeasuring);
    this.#beat(text);
  }

  standings(...after: Parameters<NonNullable<ProgressSink['standings']>>): void {
    this.#shown.standings?.(...after);
  }

  round(at: Parameters<ProgressSink['round']>[0]): void {
    this.#shown.round(at);
    this.#block = at.block;
    this.#fraction = at.fraction;
    this.#beat(`block ${at.block}, round ${at.round}`);
  }

  #beat(doing: string): void {
    this.#heart.beat({ doing, block: this.#block, fraction: this.#fraction });
  }
}
