/** Open-loop load: when requests arrive, who sends them, and what is recorded of each. Knows no clock: real and simulated time alike. */

import type { Stream } from '../../random.ts';

/** When each request of a level is to arrive, ns from the level's beginning, ascending. */
export type ArrivalTimes = Float64Array;

export interface LevelLength {
  readonly ratePerSecond: number;
  /** Requests arrive for so long. */
  readonly lengthNs: number;
  /** And for longer, until there are so many. */
  readonly leastArrivals: number;
}

/**
 * A Poisson process: gaps are independent and exponential with mean 1/rate (inversion; Devroye, Non-Uniform Random Variate
 * Generation, 1986, II.2). Whoever waits for an answer has no influence on the next arrival.
 */
export function arrivalTimes(stream: Pick<Stream, 'nextUint32'>, level: LevelLength): ArrivalTimes {
  const { ratePerSecond, lengthNs, leastArrivals } = level;
  if (!(ratePerSecond > 0)) throw new RangeError(`a rate is above 0, not ${ratePerSecond}`);
  const times: number[] = [];
  for (let ns = gapNs(stream, ratePerSecond); ns < lengthNs || times.length < leastArrivals; ) {
    times.push(Math.round(ns));
    ns += gapNs(stream, ratePerSecond);
  }
  return Float64Array.from(times);
}

/** The gap to the next arrival, ns. */
export function gapNs(stream: Pick<Stream, 'nextUint32'>, ratePerSecond: number): number {
  return (-Math.log1p(-uniform(stream)) / ratePerSecond) * 1e9;
}

/** Uniform in [0, 1), of 53 bits. */
function uniform(stream: Pick<Stream, 'nextUint32'>): number {
  return ((stream.nextUint32() >>> 5) * 2 ** 26 + (stream.nextUint32() >>> 6)) / 2 ** 53;
}

/** Decides when to send: whoever has the clock asks it again and again. */
export class Generator {
  readonly #times: ArrivalTimes;
  readonly #clock: () => number;
  readonly #send: (arrival: number, atNs: number) => void;
  #next = 0;

  /**
   * @param clock ns since the level's beginning
   * @param send is given the number of the arrival, from 0, and the time at which it is sent
   */
  constructor(times: ArrivalTimes, clock: () => number, send: (arrival: number, atNs: number) => void) {
    this.#times = times;
    this.#clock = clock;
    this.#send = send;
  }

  /** Arrivals that were sent. */
  get sent(): number {
    return this.#next;
  }

  /** Sends what is due, all of it, however late: a generator that waits for answers would leave out the worst moments. */
  step(): void {
    while (this.#next < this.#times.length) {
      const nowNs = this.#clock();
      if (this.#next >= this.#times.length || (this.#times[this.#next] as number) > nowNs) return;
      const arrival = this.#next++;
      this.#send(arrival, nowNs);
    }
  }

  /** Until the next arrival, ns, at least 0; Infinity after the last. */
  waitNs(): number {
    const dueNs = this.#times[this.#next];
    return dueNs === undefined ? Number.POSITIVE_INFINITY : Math.max(0, dueNs - this.#clock());
  }
}

/** What happened to one request. Times are ns from the level's beginning. */
export interface Request {
  /** Count from 1. */
  readonly arrival: number;
  readonly intendedNs: number;
  readonly sentNs: number;
  /** Null for a request without an answer. */
  readonly doneNs: number | null;
  /** Of the work itself, by the clock of whoever did it. */
  readonly serviceNs: number | null;
}

/** The times of every request of a level, without an object for each while they come in. */
export class Collector {
  readonly #times: ArrivalTimes;
  readonly #sentNs: Float64Array;
  readonly #doneNs: Float64Array;
  readonly #serviceNs: Float64Array;
  #answered = 0;
  #lastDoneNs = 0;

  constructor(times: ArrivalTimes) {
    this.#times = times;
    this.#sentNs = new Float64Array(times.length).fill(Number.NaN);
    this.#doneNs = new Float64Array(times.length).fill(Number.NaN);
    this.#serviceNs = new Float64Array(times.length).fill(Number.NaN);
  }

  get answered(): number {
    return this.#answered;
  }

  /** When the last answer came. */
  get lastDoneNs(): number {
    return this.#lastDoneNs;
  }

  sent(arrival: number, atNs: number): void {
    this.#sentNs[arrival] = atNs;
  }

  done(arrival: number, atNs: number, serviceNs: number): void {
    this.#doneNs[arrival] = atNs;
    this.#serviceNs[arrival] = serviceNs;
    this.#answered += 1;
    this.#lastDoneNs = atNs;
  }

  /** Of all that were sent, in the order of their arrival. */
  requests(): Request[] {
    const all: Request[] = [];
    for (const [index, intendedNs] of this.#times.entries()) {
      const sentNs = this.#sentNs[index] as number;
      if (Number.isNaN(sentNs)) continue;
      const doneNs = known(this.#doneNs[index]);
      all.push({ arrival: index + 1, intendedNs, sentNs, doneNs, serviceNs: known(this.#serviceNs[index]) });
    }
    return all;
  }
}

function known(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
