/** Progress on standard error: one line repainted between rounds on a terminal, plain lines elsewhere. */

import type { ProgressSink } from '../../bench/run/session.ts';
import { formatSpan } from '../../bench/units.ts';
import { printable } from '../../reports/text.ts';

export interface Progress extends ProgressSink {
  /** A line that stays. */
  say(text: string): void;
  /** Takes the repainted line away; the time of what comes next is counted from here. */
  done(): void;
}

interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_CELLS = 20;
const TICK_MS = 1000;

/**
 * Repaints happen in `phase`, `block` and `round`, which are called while nothing is being measured, and each second after
 * the first two unless they measure: never between the rounds of a block.
 */
export function createProgress(screen: Screen, { quiet }: { readonly quiet: boolean }): Progress {
  return new Line(screen, quiet);
}

class Line implements Progress {
  readonly #screen: Screen;
  readonly #quiet: boolean;
  readonly #isTerminal: boolean;
  #clock = new Clock();
  #painted = false;
  #lastBlock = 0;
  #ticking: NodeJS.Timeout | undefined;

  constructor(screen: Screen, quiet: boolean) {
    this.#screen = screen;
    this.#quiet = quiet;
    this.#isTerminal = screen.isTTY === true && !quiet;
  }

  say(text: string): void {
    if (this.#quiet) return;
    this.#wipe();
    this.#screen.write(`${printable(text)}\n`);
  }

  done(): void {
    this.#stopTicking();
    this.#wipe();
    this.#clock = new Clock();
    this.#lastBlock = 0;
  }

  phase(text: string, isMeasuring = false): void {
    if (this.#isTerminal) this.#show(text, isMeasuring);
    else this.say(text);
  }

  block(text: string, isMeasuring = false): void {
    this.#clock.block();
    if (this.#isTerminal) this.#show(text, isMeasuring);
  }

  round({ block, round, fraction, blocks }: Parameters<ProgressSink['round']>[0]): void {
    this.#stopTicking();
    const seconds = this.#clock.round(fraction, blocks === undefined ? 0 : blocks - block);
    const left = seconds === null ? '' : `, ${formatSpan(seconds)} left`;
    const elapsed = `${formatSpan(this.#clock.elapsed())} elapsed${left}`;
    if (this.#isTerminal) {
      const cells = Math.round(fraction * BAR_CELLS);
      const bar = `${'█'.repeat(cells)}${'░'.repeat(BAR_CELLS - cells)}`;
      this.#paint(`${bar} ${Math.round(fraction * 100)} %  block ${block} round ${round}  ${elapsed}`);
    } else if (block !== this.#lastBlock) {
      this.#lastBlock = block;
      this.say(`block ${block}: ${elapsed}`);
    }
  }

  #show(text: string, isMeasuring: boolean): void {
    this.#stopTicking();
    this.#paint(this.#withTime(text));
    if (isMeasuring) return;
    this.#ticking = setInterval(() => this.#paint(this.#withTime(text)), TICK_MS);
    this.#ticking.unref();
  }

  #stopTicking(): void {
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }

  #withTime(text: string): string {
    const seconds = this.#clock.elapsed();
    return seconds < 1 ? text : `${text}  ${formatSpan(seconds)} elapsed`;
  }

  #wipe(): void {
    if (this.#painted) this.#screen.write('\r\u001b[K');
    this.#painted = false;
  }

  #paint(text: string): void {
    this.#wipe();
    this.#screen.write(printable(text).slice(0, Math.max(20, (this.#screen.columns || 80) - 1)));
    this.#painted = true;
  }
}

/** How long a run has taken, and will take: the rounds in proportion, and what comes before the first of each block. */
class Clock {
  readonly #begun = performance.now();
  #blockBegun: number | undefined;
  #inRounds = 0;
  #before: number[] = [];
  #last: number | undefined;
  /** Of the first round that was seen: a session may have been resumed. */
  #firstFraction = 0;

  elapsed(): number {
    return (performance.now() - this.#begun) / 1000;
  }

  block(): void {
    this.#blockBegun = this.elapsed();
  }

  /** Seconds until the end; null while too little is known. */
  round(fraction: number, blocksLeft: number): number | null {
    const now = this.elapsed();
    if (this.#blockBegun !== undefined) {
      this.#before.push(now - this.#blockBegun);
      this.#blockBegun = undefined;
    } else if (this.#last !== undefined) this.#inRounds += now - this.#last;
    if (this.#last === undefined) this.#firstFraction = fraction;
    this.#last = now;
    const done = fraction - this.#firstFraction;
    if (!(done > 0.01)) return null;
    const before = this.#before.reduce((sum, seconds) => sum + seconds, 0) / Math.max(1, this.#before.length);
    return (this.#inRounds * (1 - fraction)) / done + before * blocksLeft;
  }
}
