/**
 * Progress on standard error. On a terminal one line repainted between rounds, below the standings after the last block;
 * plain lines elsewhere.
 */

import type { RatioRow } from '../../bench/analysis/reproduction.ts';
import type { ProgressSink } from '../../bench/run/session.ts';
import { formatSpan } from '../../bench/units.ts';
import { displayWidth, printable } from '../../reports/text.ts';
import { standingLines } from './standing-lines.ts';

export interface Progress extends ProgressSink {
  /** A line that stays. */
  say(text: string): void;
  /** Takes away what is repainted; the time of what comes next is counted from here. */
  done(): void;
}

interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

const BAR_CELLS = 20;
const TICK_MS = 1000;
/** Less than this would be shown as nothing. */
const LEAST_LEFT_S = 0.5;
const CLEAR_LINE = '\r\u001b[K';
/** Rows of a terminal that the standings leave to the progress and to what the user typed. */
const ROWS_LEFT = 2;

/**
 * Repaints happen in `phase`, `block`, `round` and `standings`, which are called while nothing is being measured, and each second after
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
  #standings: readonly RatioRow[] = [];
  /** Lines of it on the screen above the repainted one, and the size of the terminal that they were made for. */
  #board: readonly string[] = [];
  #madeFor = '';
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
    this.#standings = [];
    this.#clock = new Clock();
    this.#lastBlock = 0;
  }

  phase(text: string, isMeasuring = false): void {
    if (this.#isTerminal) this.#show(text, isMeasuring);
    else this.say(text);
  }

  block(_: number, text: string, isMeasuring = false): void {
    this.#clock.block();
    if (this.#isTerminal) this.#show(text, isMeasuring);
  }

  round({ block, round, fraction, blocks }: Parameters<ProgressSink['round']>[0]): void {
    this.#stopTicking();
    const seconds = this.#clock.round(fraction, blocks === undefined ? 0 : blocks - block);
    const left = seconds === null || seconds < LEAST_LEFT_S ? '' : `, ${formatSpan(seconds)} left`;
    const elapsed = `${formatSpan(this.#clock.elapsed())} elapsed${left}`;
    if (this.#isTerminal) {
      const cells = Math.round(fraction * BAR_CELLS);
      const bar = `${'█'.repeat(cells)}${'░'.repeat(BAR_CELLS - cells)}`;
      this.#paint(`${bar} ${Math.round(fraction * 100)} %  block ${block} round ${round}  ${elapsed}`);
    } else if (block !== this.#lastBlock) {
      this.#lastBlock = block;
      // Its rounds are still to come: a bare number reads as if it had ended.
      this.say(`block ${block} is running: ${elapsed}`);
    }
  }

  standings(_: number, rows: () => readonly RatioRow[] | null): void {
    if (!this.#isTerminal) return;
    const now = rows();
    if (now === null) return;
    this.#stopTicking();
    this.#wipe();
    this.#standings = now;
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

  get #columns(): number {
    return this.#screen.columns || 80;
  }

  #wipe(): void {
    if (!this.#painted) return;
    // A terminal that was made narrower has wrapped them.
    const rows = this.#board.reduce((sum, line) => sum + Math.ceil(displayWidth(line) / this.#columns), 0);
    this.#screen.write(rows === 0 ? CLEAR_LINE : `\r\u001b[${rows}A\u001b[J`);
    this.#painted = false;
    this.#board = [];
  }

  #paint(text: string): void {
    const size = `${this.#columns} × ${this.#screen.rows}`;
    if (this.#painted && size === this.#madeFor) this.#screen.write(CLEAR_LINE);
    else {
      this.#wipe();
      this.#paintBoard();
      this.#madeFor = size;
    }
    this.#screen.write(printable(text).slice(0, Math.max(20, this.#columns - 1)));
    this.#painted = true;
  }

  #paintBoard(): void {
    const most = (this.#screen.rows || 24) - ROWS_LEFT;
    this.#board = standingLines(this.#standings, { columns: this.#columns - 1, most });
    if (this.#board.length > 0) this.#screen.write(`${this.#board.join('\n')}\n`);
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

  /** Seconds until the end of the last round; null while too little is known, and after it. */
  round(fraction: number, blocksLeft: number): number | null {
    const now = this.elapsed();
    if (this.#blockBegun !== undefined) {
      this.#before.push(now - this.#blockBegun);
      this.#blockBegun = undefined;
    } else if (this.#last !== undefined) this.#inRounds += now - this.#last;
    if (this.#last === undefined) this.#firstFraction = fraction;
    this.#last = now;
    const done = fraction - this.#firstFraction;
    if (!(done > 0.01) || fraction >= 1) return null;
    const before = this.#before.reduce((sum, seconds) => sum + seconds, 0) / Math.max(1, this.#before.length);
    return (this.#inRounds * (1 - fraction)) / done + before * blocksLeft;
  }
}
