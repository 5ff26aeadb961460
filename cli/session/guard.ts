/** No box is started on a host that has no room for it: waits, records why, and ends the session rather than the host. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type AdmitTerms, HostAtLimit } from '../../bench/run/watch/host-gauges.ts';
import type { NewEvent } from '../../bench/session/events.ts';
import { formatSpan } from '../../bench/units.ts';
import { type Limit, limitReached, readHostRoom } from '../../runners/host/guard.ts';

/** Waited in all for one start. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 1000;

export interface GuardScope {
  /** Where boxes and the session are written. */
  readonly folders: readonly string[];
  /** Shown while it waits. */
  say(text: string): void;
  event(event: NewEvent): void;
  /** For tests: the first limit that is reached now, and how long to wait for its end, ms. */
  readonly look?: () => Limit | null;
  readonly patienceMs?: number;
}

/** Asked before every start. @throws HostAtLimit when the host stays short of memory or disk; the reason of the signal */
export function hostGuard(scope: GuardScope): (signal: AbortSignal, terms?: AdmitTerms) => Promise<void> {
  const { folders, say, event } = scope;
  const look = scope.look ?? (() => limitReached(readHostRoom(folders)));
  return async (signal, { patienceMs = scope.patienceMs ?? PATIENCE_MS, load } = {}) => {
    const first = look();
    if (first === null || (first.of === 'load' && load === 'ignored')) return;
    say(`waiting up to ${formatSpan(patienceMs / 1000)} before the next start: ${first.reason}`);
    const begunMs = performance.now();
    let last: Limit | null = first;
    while (last !== null && performance.now() - begunMs < patienceMs) {
      await sleep(Math.min(LOOK_MS, patienceMs), undefined, { signal }).catch(() => signal.throwIfAborted());
      last = look();
    }
    const waitedMs = Math.round(performance.now() - begunMs);
    event({ kind: 'host-at-limit', of: first.of, reason: first.reason, waitedMs, over: last === null });
    if (last === null || (!last.stops && load !== 'refuses')) return;
    const problem = {
      what: `The host has no room for a further box: ${last.reason}.`,
      value: `waited for ${formatSpan(waitedMs / 1000)}`,
      remedy: 'free some of it and resume the session, or start boxes anyway with --no-guard',
    };
    throw new HostAtLimit(problem, last.of);
  };
}
