import { describe, expect, it } from 'vitest';
import {
  type ArrivalTimes,
  arrivalTimes,
  Collector,
  Generator,
  gapNs,
} from '../../../../bench/analysis/capacity/arrivals.ts';
import { randomStream } from '../../../../bench/random.ts';

const SERVICE_NS = 5e6;
const MU = 1e9 / SERVICE_NS;

/** One server, first come, first served, in virtual time, through the same generator and collector as a real level. */
function simulate(times: ArrivalTimes, serviceNs: (arrival: number) => number): Collector {
  const collector = new Collector(times);
  const queue: number[] = [];
  let head = 0;
  let nowNs = 0;
  let busyUntil = Number.POSITIVE_INFINITY;
  let service = 0;
  const begin = () => {
    service = serviceNs(queue[head] as number);
    busyUntil = nowNs + service;
  };
  const generator = new Generator(
    times,
    () => nowNs,
    (arrival, atNs) => {
      collector.sent(arrival, atNs);
      queue.push(arrival);
      if (queue.length - head === 1) begin();
    },
  );
  for (;;) {
    const nextNs = nowNs + generator.waitNs();
    if (Math.min(nextNs, busyUntil) === Number.POSITIVE_INFINITY) return collector;
    if (busyUntil <= nextNs) {
      nowNs = busyUntil;
      collector.done(queue[head++] as number, nowNs, service);
      busyUntil = Number.POSITIVE_INFINITY;
      if (head < queue.length) begin();
    } else {
      nowNs = nextNs;
      generator.step();
    }
  }
}

/** Mean of the time from the intended arrival to the beginning of the service, ns. */
function meanWaitNs(collector: Collector): number {
  let sum = 0;
  let count = 0;
  for (const { intendedNs, doneNs, serviceNs } of collector.requests()) {
    sum += (doneNs ?? 0) - (serviceNs ?? 0) - intendedNs;
    count += 1;
  }
  return sum / count;
}

/** The busier the server, the longer the memory of its queue. */
const LOADS = [
  { load: 0.5, arrivals: 500_000 },
  { load: 0.7, arrivals: 1_000_000 },
  { load: 0.9, arrivals: 3_000_000 },
];

const timesOf = (load: number, leastArrivals: number, name: string) =>
  arrivalTimes(randomStream(2026, 1, name), { ratePerSecond: load * MU, lengthNs: 0, leastArrivals });

describe('arrivals of a Poisson process', () => {
  it('have the mean and the spread of exponential gaps, and counts whose variance is their mean', () => {
    const times = timesOf(0.5, 200_000, 'gaps');
    const gaps = [...times].map((ns, index) => ns - (times[index - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(mean / 1e7).toBeCloseTo(1, 2);
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 2);
    // An exponential gap is longer than its mean with probability 1/e.
    expect(gaps.filter((gap) => gap > mean).length / gaps.length).toBeCloseTo(Math.exp(-1), 2);
    const counts = new Array<number>(10_000).fill(0);
    for (const ns of times) if (ns < 1e12) counts[Math.floor(ns / 1e8)] = (counts[Math.floor(ns / 1e8)] ?? 0) + 1;
    const each = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const scatter = counts.reduce((sum, count) => sum + (count - each) ** 2, 0) / counts.length;
    expect(scatter / each).toBeGreaterThan(0.95);
    expect(scatter / each).toBeLessThan(1.05);
  });

  it('are the same for the same seed, and others for another one', () => {
    const level = { ratePerSecond: 100, lengthNs: 1e9, leastArrivals: 1 };
    const times = (seed: number) => [...arrivalTimes(randomStream(seed, 1, 'load'), level)];
    expect(times(1)).toEqual(times(1));
    expect(times(1)).not.toEqual(times(2));
    expect(times(1).every((ns) => ns < 1e9)).toBe(true);
  });

  it('continue past the length of the level until there are enough', () => {
    const times = arrivalTimes(randomStream(1, 1, 'few'), { ratePerSecond: 1, lengthNs: 1e9, leastArrivals: 50 });
    expect(times).toHaveLength(50);
    expect(times.at(-1)).toBeGreaterThan(30e9);
  });

  it('need a rate above 0', () => {
    const level = { ratePerSecond: 0, lengthNs: 1, leastArrivals: 1 };
    expect(() => arrivalTimes(randomStream(1, 1, 'none'), level)).toThrow('a rate is above 0, not 0');
  });
});

describe('generator and collector in virtual time', () => {
  it.each(LOADS)('wait as long as M/D/1 says at a load of $load: ρS/(2(1 − ρ))', ({ load, arrivals }) => {
    const waitNs = meanWaitNs(simulate(timesOf(load, arrivals, 'deterministic'), () => SERVICE_NS));
    const expectedNs = (load * SERVICE_NS) / (2 * (1 - load));
    expect(Math.abs(waitNs / expectedNs - 1)).toBeLessThan(0.03);
  });

  it.each(LOADS)('wait as long as M/M/1 says at a load of $load: ρ/(μ − λ)', ({ load, arrivals }) => {
    const stream = randomStream(2026, 1, 'service');
    const waitNs = meanWaitNs(simulate(timesOf(load, arrivals, 'exponential'), () => gapNs(stream, MU)));
    const expectedNs = (load / (MU - load * MU)) * 1e9;
    expect(Math.abs(waitNs / expectedNs - 1)).toBeLessThan(0.03);
  });

  it('count a stall in the latency of everybody who arrived meanwhile, which a closed loop would leave out', () => {
    const times = Float64Array.from({ length: 100 }, (_, index) => index * 10e6);
    // The first one takes half a second, all others a millisecond.
    const requests = simulate(times, (arrival) => (arrival === 0 ? 500e6 : 1e6)).requests();
    const latencies = requests.map(({ intendedNs, doneNs }) => (doneNs ?? 0) - intendedNs);
    expect(latencies.filter((ns) => ns > 100e6)).toHaveLength(45);
    expect(latencies[0]).toBe(500e6);
    expect(latencies[1]).toBe(491e6);
    expect(latencies.at(-1)).toBe(1e6);
  });

  it('send all that is due, with the time at which that happened, when the clock was away', () => {
    let nowNs = 0;
    const sent: [number, number][] = [];
    const generator = new Generator(
      Float64Array.of(1, 2, 30),
      () => nowNs,
      (arrival, atNs) => sent.push([arrival, atNs]),
    );
    expect(generator.waitNs()).toBe(1);
    nowNs = 10;
    expect(generator.waitNs()).toBe(0);
    generator.step();
    expect(sent).toEqual([
      [0, 10],
      [1, 10],
    ]);
    expect(generator.waitNs()).toBe(20);
    nowNs = 31;
    generator.step();
    expect(generator.sent).toBe(3);
    expect(generator.waitNs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('keep what was sent and never answered, and know nothing of what was not sent', () => {
    const collector = new Collector(Float64Array.of(1, 2, 3));
    collector.sent(0, 1.5);
    collector.sent(1, 2.5);
    collector.done(0, 9, 4);
    expect(collector.requests()).toEqual([
      { arrival: 1, intendedNs: 1, sentNs: 1.5, doneNs: 9, serviceNs: 4 },
      { arrival: 2, intendedNs: 2, sentNs: 2.5, doneNs: null, serviceNs: null },
    ]);
    expect([collector.answered, collector.lastDoneNs]).toEqual([1, 9]);
  });
});
