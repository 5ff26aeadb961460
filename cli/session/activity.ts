/** What a running or recent session is doing, in words, and which ones a folder of sessions has. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Activity, type ActivityState, activityOf, HEARTBEAT } from '../../bench/session/heartbeat.ts';
import { formatSpan } from '../../bench/units.ts';

/** States that somebody should look at. */
export const ALARMING: ReadonlySet<ActivityState> = new Set(['silent', 'gone', 'failed']);

/** Sessions with a heartbeat, wherever they are, and so many of the newest; `dirs` are in the order of time. */
export function watchable(dirs: readonly string[], newest: number): string[] {
  return dirs.filter((dir, index) => index >= dirs.length - newest || existsSync(join(dir, HEARTBEAT)));
}

/** Null for a folder that is no session any more, or is damaged. */
export function activityIn(dir: string, nowMs: number): (Activity & { readonly dir: string }) | null {
  try {
    return { ...activityOf(dir, nowMs), dir };
  } catch {
    return null;
  }
}

/** One sentence without its full stop. */
export function sentenceOf({ state, beat, lastMs, host, info }: Activity, nowMs: number): string {
  const ago = `${formatSpan((nowMs - lastMs) / 1000)} ago`;
  const whole = `${info.blocksCompleted} of ${info.plan.maxBlocks} blocks`;
  const lastSign = `last sign of life ${ago}`;
  switch (state) {
    case 'running':
      return beat === null ? `started ${ago}` : `${beat.doing}, ${percent(beat.fraction)}; ${lastSign}`;
    case 'silent':
      return `no sign of life since ${isoOf(lastMs)}, ${ago}, in ${beat?.doing ?? 'its start'}: the session is stale`;
    case 'gone': {
      const where = beat === null || beat.host === host ? 'its process ended' : 'its host is silent';
      return `host or process gone (${where}) after ${whole}: no sign of life since ${isoOf(lastMs)}, ${ago}`;
    }
    case 'interrupted':
      return `interrupted ${ago}, after ${whole}`;
    case 'failed':
      return `failed ${ago}, after ${whole}`;
    case 'finished':
      return `finished ${ago}, ${info.blocksCompleted} blocks`;
  }
}

export function isoOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

function percent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}
