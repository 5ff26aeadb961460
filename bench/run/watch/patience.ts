/** How long a box may be silent: no longer than its own answers so far promise, and never longer than the plan allows. */

/** A host that pauses for a moment, or a garbage collector, is no silent box. */
const LEAST_MS = 10_000;
/** Times the longest answer of the same kind so far. */
const TIMES = 20;

export interface Wait {
  readonly limitMs: number;
  /** The longest answer so far that makes the limit shorter than the plan's, ms. */
  readonly longestMs?: number;
}

/** Of one session. The first answers of a box, in its pilot block, are waited for as long as the plan allows. */
export class Patience {
  readonly #longestMs = new Map<string, number>();
  readonly #leastMs: number;

  /** @param leastMs no wait is shorter, ms */
  constructor(leastMs = LEAST_MS) {
    this.#leastMs = leastMs;
  }

  /** @param request names box, kind of request and workload */
  waitFor(request: string, planMs: number): Wait {
    const longestMs = this.#longestMs.get(request);
    if (longestMs === undefined) return { limitMs: planMs };
    const promisedMs = Math.max(this.#leastMs, TIMES * longestMs);
    return promisedMs < planMs ? { limitMs: promisedMs, longestMs } : { limitMs: planMs };
  }

  answered(request: string, tookMs: number): void {
    this.#longestMs.set(request, Math.max(tookMs, this.#longestMs.get(request) ?? 0));
  }
}
