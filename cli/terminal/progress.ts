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

/** Repaints happen only in `phase`, `block` and `round`, which are called while nothing is being measured. */
export function createProgress(
  screen: Screen,
  options: { readonly quiet: boolean; readonly estimateSeconds?: number },
): Progress {
  const terminal = screen.isTTY === true && !options.quiet;
  let begunMs: number | undefined;
  let painted = false;
  let lastBlock = 0;
  const wipe = () => {
    if (painted) screen.write('\r\u001b[K');
    painted = false;
  };
  const say = (text: string) => {
    if (options.quiet) return;
    wipe();
    screen.write(`${printable(text)}\n`);
  };
  const paint = (text: string) => {
    wipe();
    screen.write(printable(text).slice(0, Math.max(20, (screen.columns || 80) - 1)));
    painted = true;
  };
  return {
    say,
    done: () => {
      wipe();
      begunMs = undefined;
      lastBlock = 0;
    },
    phase: (text) => {
      if (terminal) paint(text);
      else say(text);
    },
    block: (text) => {
      if (terminal) paint(text);
    },
    round: ({ block, round, fraction }) => {
      begunMs ??= performance.now();
      const elapsed = (performance.now() - begunMs) / 1000;
      const left = fraction > 0.02 ? `, ${formatSpan((elapsed * (1 - fraction)) / fraction)} left` : '';
      if (terminal) {
        const cells = Math.round(fraction * BAR_CELLS);
        const bar = `${'█'.repeat(cells)}${'░'.repeat(BAR_CELLS - cells)}`;
        paint(
          `${bar} ${Math.round(fraction * 100)} %  block ${block} round ${round}  ${formatSpan(elapsed)} elapsed${left}`,
        );
      } else if (block !== lastBlock) {
        lastBlock = block;
        say(`block ${block}: ${formatSpan(elapsed)} elapsed${left}`);
      }
    },
  };
}
