import { describe, expect, it } from 'vitest';
import type { SessionInfo } from '../../bench/session/info.ts';
import { storedPlan } from '../../bench/session/stored-plan.ts';
import { infoFor, tinyPlan } from './boxes.ts';

const WORKLOADS = ['fft', 'sor', 'monte-carlo'];
const plan = {
  ...tinyPlan({ environments: [{ path: 'native' }, { path: 'docker', alias: 'container' }] }),
  allowUnequal: false,
};
const info = (changes: Partial<SessionInfo> = {}): SessionInfo => ({ ...infoFor(plan, []), ...changes });
const withPlan = (changes: object) => info({ plan: { ...plan, ...changes } as SessionInfo['plan'] });

describe('the plan of a stored session', () => {
  it('is taken as it is, with the work of every workload', () => {
    const work = { fft: 5, sor: 10, 'monte-carlo': 1 };
    expect(storedPlan(info({ work }), 'dir', WORKLOADS)).toEqual({ plan, work, rates: {} });
  });

  it('of a session whose work is not known for every workload is calibrated again', () => {
    expect(storedPlan(info({ work: {} }), 'dir', WORKLOADS).work).toEqual({});
    expect(storedPlan(info({ work: { fft: 5, sor: 10 } }), 'dir', WORKLOADS).work).toEqual({});
    const odd = { fft: 5, sor: -1, 'monte-carlo': 0.5 };
    expect(storedPlan(info({ work: odd }), 'dir', WORKLOADS).work).toEqual({});
  });

  it('of load is taken with its rates, where they and the work are known for every workload', () => {
    const work = { fft: 5, sor: 10, 'monte-carlo': 1 };
    const rates = { fft: [10, 20], sor: [10, 20], 'monte-carlo': [5] };
    const ratesOf = (known: Parameters<typeof info>[0]) => storedPlan(info(known), 'dir', WORKLOADS).rates;
    expect(ratesOf({ work, rates })).toEqual(rates);
    expect(ratesOf({ work, rates: { fft: [10, 20] } })).toEqual({});
    expect(ratesOf({ work: { fft: 5 }, rates })).toEqual({});
  });

  it('has the work of neighbours, too, of those that ran', () => {
    const work = { fft: 5, sor: 10, 'monte-carlo': 1, spawn: 20 };
    const victims = { ...plan, measure: 'neighbour', aggressors: ['cpu', 'forks', 'files'] } as SessionInfo['plan'];
    expect(storedPlan(info({ plan: victims, work }), 'dir', WORKLOADS)).toEqual({ plan: victims, work, rates: {} });
    expect(storedPlan(info({ plan: victims, work: { spawn: 20 } }), 'dir', WORKLOADS).work).toEqual({});
  });

  it('of starts and of idle instances is taken without workloads', () => {
    for (const own of [
      { measure: 'startup', cold: true },
      { measure: 'footprint', instances: [1, 4] },
      { measure: 'density', instances: [1, 2, 5, 100] },
    ]) {
      const { plan: taken, work } = storedPlan(withPlan({ workloads: [], ...own }), 'dir', WORKLOADS);
      expect(taken).toMatchObject({ workloads: [], ...own });
      expect(work).toEqual({});
    }
  });

  it('keeps what it does not know of a later version', () => {
    expect(storedPlan(withPlan({ later: 1 }), 'dir', WORKLOADS).plan).toMatchObject({ later: 1 });
  });

  it.each([
    ['rounds', 0],
    ['rounds', 1e9],
    ['maxBlocks', '6'],
    ['minBlocks', undefined],
    ['burstNs', Number.NaN],
    ['kernels', 'fast'],
    ['environments', []],
    ['limits', { cpus: [], housekeeping: [], memoryBytes: 1, pids: 1 }],
    ['timeoutMs', -1],
    ['workloads', []],
    ['measure', 'speed'],
    ['instances', [1, 1e6]],
    ['instances', [0]],
    ['instances', []],
    ['maxTimeMs', 0],
  ])('is refused for its %s %s, by name', (key, value) => {
    expect(() => storedPlan(withPlan({ [key]: value }), 'the/folder', WORKLOADS)).toThrow(
      new RegExp(`can't be run again: session.json: plan.${key}[\\s\\S]*the/folder`),
    );
  });

  it('is refused for a workload that is not there, and for a baseline that is not measured', () => {
    expect(() => storedPlan(withPlan({ workloads: ['fftt'] }), 'dir', WORKLOADS)).toThrow(/did you mean "fft"/);
    expect(() => storedPlan(withPlan({ baseline: 'uml' }), 'dir', WORKLOADS)).toThrow(/not among the environments/);
  });
});
