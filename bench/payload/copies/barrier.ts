/** The time at which all copies begin: far enough ahead that each has the request by then, and no further, because they spin. */

/** Ahead of the first burst, and at most. */
const FIRST_NS = 20_000_000;
const MOST_NS = 1_000_000_000;
/** Beyond twice what the slowest copy lately needed. */
const RESERVE_NS = 500_000;
/** How fast a slow arrival is forgotten, a burst. */
const FORGET = 0.9;

export class Barrier {
  readonly #nowNs: () => bigint;
  #aheadNs = FIRST_NS;
  #neededNs = 0;

  constructor(nowNs: () => bigint = process.hrtime.bigint) {
    this.#nowNs = nowNs;
  }

  /** The time of the next burst, CLOCK_MONOTONIC. */
  next(): bigint {
    return this.#nowNs() + BigInt(Math.round(this.#aheadNs));
  }

  /** How long each copy waited at the last barrier; 0 of one that came too late. */
  learn(spunNs: readonly number[]): void {
    const least = Math.min(...spunNs);
    const needed = least > 0 ? this.#aheadNs - least : 2 * this.#aheadNs;
    this.#neededNs = Math.max(needed, FORGET * this.#neededNs);
    this.#aheadNs = Math.min(MOST_NS, 2 * this.#neededNs + RESERVE_NS);
  }
}

/** Waits without a timer, so that nothing else decides when it ends; how long, ns, 0 where the time had come already. */
export function spinUntil(atNs: bigint): number {
  const beganNs = process.hrtime.bigint();
  let nowNs = beganNs;
  while (nowNs < atNs) nowNs = process.hrtime.bigint();
  return Number(nowNs - beganNs);
}
