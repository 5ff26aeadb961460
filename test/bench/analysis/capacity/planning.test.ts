/** Instances per host and per fleet: what each limit allows, by hand. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Bound,
  fleetFor,
  fleetOf,
  hostCapacity,
  type Level,
  measuredBound,
  memoryBound,
} from '../../../../bench/analysis/capacity/planning.ts';

const level = (instances: number, value: number, high: number | null, low = value): Level => ({
  instances,
  value,
  interval: high === null ? null : { low, high },
});
const within = (limit: number) => (figure: number) => figure <= limit;

describe('a bound from measured levels', () => {
  it('is the largest number of which the upper limit meets the objective', () => {
    const levels = [level(1, 1, 1.01), level(2, 1.02, 1.05), level(4, 1.08, 1.12), level(8, 1.5, 1.6, 1.4)];
    expect(measuredBound(levels, within(1.1))).toEqual({
      instances: 2,
      atEstimate: 4,
      isOpen: false,
      firstFailing: { instances: 4, why: 'undecided' },
    });
    expect(measuredBound([...levels].reverse(), within(1.12))?.firstFailing).toEqual({ instances: 8, why: 'exceeds' });
  });

  it('is open when the largest measured number still meets it', () => {
    const bound = measuredBound([level(1, 1, 1.01), level(6, 1.02, 1.05)], within(1.05));
    expect(bound).toEqual({ instances: 6, atEstimate: 6, isOpen: true, firstFailing: null });
  });

  it('needs all smaller numbers to meet it as well', () => {
    const levels = [level(1, 1, 1.01), level(2, 1.3, 1.4), level(4, 1, 1.05)];
    expect(measuredBound(levels, within(1.1))).toMatchObject({ instances: 1, firstFailing: { instances: 2 } });
  });

  it('is 0 when not even the smallest number meets it', () => {
    expect(measuredBound([level(2, 1.3, 1.4), level(4, 1.5, 1.6)], within(1.1))).toEqual({
      instances: 0,
      atEstimate: 0,
      isOpen: false,
      firstFailing: { instances: 2, why: 'exceeds' },
    });
  });

  it('ends at a level without an interval, and is unknown without any', () => {
    const levels = [level(1, 1, 1.01), level(2, 1, null), level(4, 1, 1.01)];
    expect(measuredBound(levels, within(1.1))).toMatchObject({
      instances: 1,
      atEstimate: 4,
      firstFailing: { instances: 2, why: 'no interval' },
    });
    expect(measuredBound([level(1, 1, null)], within(1.1))).toBeNull();
    expect(measuredBound([], within(1.1))).toBeNull();
  });

  it('of restarts assumes nothing between measured numbers', () => {
    const storms = [level(1, 2, 2.5), level(10, 20, 24), level(20, 45, 50)];
    // 30 s would be reached at about twelve by a line; ten were measured.
    expect(measuredBound(storms, within(30))?.instances).toBe(10);
  });
});

describe('the bound of memory', () => {
  const figures = { availableBytes: 10_000, reserveBytes: 1000, fixedBytes: 500 };

  it('counts with the upper limit of an instance, and with its estimate beside it', () => {
    const perInstance = { bytes: 100, interval: { low: 80, high: 120 } };
    // 8500 / 120 = 70.8, 8500 / 100 = 85.
    expect(memoryBound({ ...figures, perInstance })).toEqual({
      instances: 70,
      atEstimate: 85,
      isOpen: false,
      firstFailing: null,
    });
  });

  it('is 0 when the reserve takes all', () => {
    const perInstance = { bytes: 100, interval: { low: 80, high: 120 } };
    expect(memoryBound({ ...figures, reserveBytes: 20_000, perInstance })).toMatchObject({
      instances: 0,
      atEstimate: 0,
    });
  });

  it('is unknown without the memory of an instance, without its interval, and when nothing grows', () => {
    expect(memoryBound({ ...figures, perInstance: null })).toBeNull();
    expect(memoryBound({ ...figures, perInstance: { bytes: 100, interval: null } })).toBeNull();
    expect(memoryBound({ ...figures, perInstance: { bytes: -9, interval: { low: -20, high: -1 } } })).toBeNull();
  });

  it('has no count at an estimate that doesn’t grow', () => {
    const perInstance = { bytes: -1, interval: { low: -20, high: 18 } };
    expect(memoryBound({ ...figures, perInstance })).toMatchObject({ instances: 472, atEstimate: null });
  });
});

describe('what a host takes', () => {
  const bound = (instances: number, isOpen = false): Bound => ({
    instances,
    atEstimate: instances,
    isOpen,
    firstFailing: null,
  });

  it('is the least of the bounds, with the one that binds and those that are unknown', () => {
    expect(hostCapacity({ cpu: bound(4), memory: bound(70), restart: null })).toEqual({
      instances: 4,
      binding: ['cpu'],
      isOpen: false,
      most: 4,
      mostBy: ['cpu'],
      isUndecided: false,
      unknown: ['restart'],
    });
  });

  it('is open when only measuring more could show the bound, up to the least that is closed', () => {
    const open = hostCapacity({ cpu: bound(16, true), memory: bound(70), restart: bound(16, true) });
    expect(open).toMatchObject({
      instances: 16,
      isOpen: true,
      most: 70,
      mostBy: ['memory'],
      binding: ['cpu', 'restart'],
    });
    expect(hostCapacity({ cpu: bound(16, true), memory: null, restart: null })?.most).toBeNull();
  });

  it('is closed when a closed bound is as low as an open one', () => {
    const capacity = hostCapacity({ cpu: bound(16, true), memory: bound(16), restart: bound(20) });
    expect(capacity).toMatchObject({ instances: 16, isOpen: false, binding: ['memory'], most: 16 });
  });

  it('is undecided where the first number that fails a binding limit may still meet it', () => {
    const failing = (why: 'undecided' | 'no interval' | 'exceeds'): Bound => ({
      ...bound(2),
      firstFailing: { instances: 3, why },
    });
    const isUndecided = (cpu: Bound, memory = bound(70)) => hostCapacity({ cpu, memory })?.isUndecided;
    expect([failing('undecided'), failing('no interval'), failing('exceeds')].map((one) => isUndecided(one))).toEqual([
      true,
      true,
      false,
    ]);
    expect(isUndecided(failing('undecided'), bound(2))).toBe(false);
  });

  it('can be nothing, and is unknown without any bound', () => {
    expect(hostCapacity({ cpu: bound(0), memory: bound(70), restart: null })).toMatchObject({
      instances: 0,
      binding: ['cpu'],
    });
    expect(hostCapacity({ cpu: null, memory: null, restart: null })).toBeNull();
  });
});

describe('a fleet', () => {
  it('runs what its hosts take without the spare ones', () => {
    // (5 − 1) · 6 = 24: 4.8 on each of five, 6 on each of four.
    expect(fleetOf(6, 5, 1)).toEqual({ hosts: 5, spare: 1, instances: 24, onEach: 5, onEachSurvivor: 6 });
    expect(fleetOf(6, 1, 1)).toEqual({ hosts: 1, spare: 1, instances: 0, onEach: 0, onEachSurvivor: 0 });
    expect(fleetOf(0, 5, 1).instances).toBe(0);
  });

  it('for a number of instances has the spare hosts on top', () => {
    // 25 / 6 → 5 hosts, and 2.
    expect(fleetFor(6, 25, 2)).toEqual({ hosts: 7, spare: 2, instances: 25, onEach: 4, onEachSurvivor: 5 });
    expect(fleetFor(6, 0, 2)).toMatchObject({ hosts: 2, instances: 0 });
    expect(fleetFor(0, 25, 2)).toBeNull();
  });

  it('is the smallest one that is enough', () => {
    const few = fc.integer({ min: 0, max: 50 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 1000 }), few, (perHost, need, spare) => {
        const hosts = fleetFor(perHost, need, spare)?.hosts ?? 0;
        expect(fleetOf(perHost, hosts, spare).instances).toBeGreaterThanOrEqual(need);
        expect(fleetOf(perHost, hosts - 1, spare).instances).toBeLessThan(need);
        expect(fleetFor(perHost, need, spare)?.onEachSurvivor).toBeLessThanOrEqual(perHost);
      }),
    );
  });

  it('refuses what is no number of things', () => {
    expect(() => fleetOf(6, -1, 0)).toThrow('hosts is no number of things: -1');
    expect(() => fleetFor(6, 2.5, 0)).toThrow(RangeError);
  });
});
