/** `boxmark watch`: running and recent sessions, and a warning when one goes silent. */

import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { sessionFolders } from '../../bench/session/find.ts';
import { cut, printable } from '../../reports/text.ts';
import { END_SIGNALS } from '../../runners/kit/signals.ts';
import { conclude } from '../conclude.ts';
import { ALARMING, activityIn, isoOf, sentenceOf, watchable } from '../session/activity.ts';
import { stdout } from '../terminal/streams.ts';

/** Sessions that have ended are shown up to this number. */
const NEWEST = 5;
const LOOK_MS = 2000;

type Watched = NonNullable<ReturnType<typeof activityIn>>;

export async function watch(flags: FlagValues<'watch'>, dir = 'results'): Promise<number> {
  if (flags.json === true || flags.once === true) {
    const nowMs = Date.now();
    const seen = look(dir, nowMs);
    return conclude(
      {
        json: flags.json,
        document: () => ({ sessions: seen.map((one) => documentOf(one, nowMs)) }),
        text: () => seen.map((one) => `${lineOf(one, nowMs)}\n`).join(''),
      },
      seen.some(({ state }) => ALARMING.has(state)) ? EXIT.failed : EXIT.ok,
    );
  }
  return follow(dir);
}

/** Until Ctrl-C, which is its only end. */
async function follow(dir: string): Promise<number> {
  const end = new AbortController();
  const stop = () => end.abort();
  for (const name of END_SIGNALS) process.once(name, stop);
  const screen = stdout.isTTY ? new Screen() : new Log();
  for (;;) {
    const nowMs = Date.now();
    screen.show(look(dir, nowMs), nowMs);
    await sleep(LOOK_MS, undefined, { signal: end.signal }).catch(() => {});
    if (end.signal.aborted) return EXIT.ok;
  }
}

function look(dir: string, nowMs: number): Watched[] {
  return watchable(sessionFolders(dir), NEWEST).flatMap((folder) => activityIn(folder, nowMs) ?? []);
}

/** Repaints its lines in place; rings when a session has become alarming. */
class Screen {
  readonly #rung = new Set<string>();
  #lines = 0;

  show(seen: readonly Watched[], nowMs: number): void {
    const width = Math.max(20, (stdout.columns || 80) - 1);
    const lines = seen.map((one) => cut(lineOf(one, nowMs), width));
    const up = this.#lines === 0 ? '' : `\u001b[${this.#lines}A\u001b[J`;
    stdout.write(`${up}${lines.map((line) => `${line}\n`).join('')}${this.#bell(seen)}`);
    this.#lines = lines.length;
  }

  #bell(seen: readonly Watched[]): string {
    const alarmed = seen.filter(({ state }) => ALARMING.has(state)).map(({ session }) => session);
    const isNew = this.#lines > 0 && alarmed.some((session) => !this.#rung.has(session));
    for (const session of alarmed) this.#rung.add(session);
    return isNew ? '\u0007' : '';
  }
}

/** A line for each change of a session's state. */
class Log {
  readonly #states = new Map<string, string>();

  show(seen: readonly Watched[], nowMs: number): void {
    for (const one of seen) {
      if (this.#states.get(one.session) === one.state) continue;
      this.#states.set(one.session, one.state);
      stdout.write(`${isoOf(nowMs)}  ${lineOf(one, nowMs)}\n`);
    }
  }
}

function lineOf(one: Watched, nowMs: number): string {
  const mark = ALARMING.has(one.state) ? '!' : ' ';
  return printable(`${mark} ${one.session}  ${one.state.padEnd(11)}  ${sentenceOf(one, nowMs)}`);
}

function documentOf({ session, dir, state, lastMs, host, beat, info }: Watched, nowMs: number): object {
  const { blocksCompleted, plan, stopReason } = info;
  return {
    ...{ session, dir, state, host, stopReason, blocksCompleted, maxBlocks: plan.maxBlocks },
    lastActivityAt: isoOf(lastMs),
    silentSeconds: Math.max(0, Math.round((nowMs - lastMs) / 1000)),
    doing: beat?.doing ?? null,
    fraction: beat?.fraction ?? null,
    dueSeconds: beat === null ? null : beat.dueMs / 1000,
  };
}
