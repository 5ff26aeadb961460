import { describe, expect, it } from 'vitest';
import { type CapacityQuestion, capacityRows } from '../../../../bench/analysis/capacity/host.ts';
import { WindowBursts } from '../../../../bench/analysis/capacity/scale.ts';
import { OBJECTIVE } from '../../../../bench/plan/objective.ts';
import type { StormRow } from '../../../../bench/types.ts';
import { scaleInput } from '../../../reports/fixture.ts';

const MIB = 2 ** 20;
const { scale = [], samples, session } = scaleInput();
const bursts = new WindowBursts();
for (const sample of samples) bursts.add(sample);

function rowsFor(slo: string, more: Partial<CapacityQuestion> = {}, storm: readonly StormRow[] = []) {
  const question = {
    objective: OBJECTIVE.parse(slo, '--slo'),
    reserveBytes: 24 * MIB,
    recoverSeconds: null,
    hosts: null,
    spare: 0,
    need: null,
    simulate: null,
  };
  return capacityRows({ plan: session.plan, scale, bursts, storm }, { ...question, ...more });
}

describe('what a host takes', () => {
  it('is bound by the processors: the largest number whose upper limit meets the objective', () => {
    const [native, docker] = rowsFor('median slowdown <= 1.1');
    expect([native?.env, docker?.env]).toEqual(['native', 'docker']);
    expect(native).toMatchObject({
      cpu: { instances: 2, isOpen: false, firstFailing: { instances: 4, why: 'exceeds' } },
      // 8 MiB each of 1024 MiB, of which 24 are kept; the slope is exact.
      memory: { instances: 125 },
      host: { instances: 2, binding: ['cpu'], unknown: [] },
    });
  });

  it('is open where even the largest number meets it, and bound by memory at most', () => {
    expect(rowsFor('p99 slowdown <= 3')[0]?.host).toMatchObject({ instances: 4, isOpen: true, most: 125 });
  });

  it('can be about the time of a burst', () => {
    // 10 ms alone, 20 ms with four on two CPUs; docker takes a tenth longer.
    expect(rowsFor('p99 latency <= 10.5ms').map(({ host }) => host?.instances)).toEqual([2, 0]);
  });

  it('is bound by restarts where a time for them is given, and says when nothing is known about them', () => {
    const within = { recoverSeconds: 10 };
    expect(rowsFor('p99 slowdown <= 3', within)[0]).toMatchObject({ restart: null, host: { unknown: ['restart'] } });
    // Two ways of starting one and two boxes; the quicker one counts.
    const stormOf = (instances: number, order: StormRow['order'], readySeconds: number): StormRow[] =>
      [1, 2, 3].flatMap((block) =>
        Array.from(
          { length: instances },
          (_, index): StormRow => ({
            ...{ block, position: 1, env: 'native', instances, order, share: 'none', instance: index + 1 },
            ...{
              startId: '',
              status: 'completed',
              reason: '',
              startMs: 1,
              readyMs: readySeconds * 1000 * (1 + block / 1000),
            },
            ...{
              victimBeforeNs: 1,
              victimDuringNs: 1,
              victimP99Ns: 1,
              victimBursts: 1,
              longestGapMs: 1,
              missedBeats: 0,
            },
          }),
        ),
      );
    const storms = [
      ...stormOf(1, 'at-once', 1),
      ...stormOf(2, 'at-once', 20),
      ...stormOf(2, 'staggered', 9.98),
      ...stormOf(4, 'at-once', 30),
    ];
    expect(rowsFor('p99 slowdown <= 3', within, storms)[0]).toMatchObject({
      restart: { instances: 1, firstFailing: { instances: 2, why: 'undecided' } },
      host: { instances: 1, binding: ['restart'] },
    });
    expect(rowsFor('p99 slowdown <= 3', { recoverSeconds: 11 }, storms)[0]).toMatchObject({
      restart: { instances: 2, firstFailing: { instances: 4, why: 'exceeds' } },
      restarts: [{ instances: 1 }, { instances: 2, order: 'staggered' }, { instances: 4 }],
    });
  });

  it('is multiplied by hosts of which some may fail, or divided into what is needed', () => {
    expect(rowsFor('median slowdown <= 1.1', { hosts: 20, spare: 1 })[0]?.fleet).toMatchObject({ instances: 38 });
    expect(rowsFor('median slowdown <= 1.1', { need: 400, spare: 2 })[0]?.fleet).toMatchObject({ hosts: 202 });
    expect(rowsFor('p99 latency <= 1ms', { need: 400 })[0]?.fleet).toBeNull();
  });

  it('can be simulated with more CPUs and more memory, and has intervals over blocks all the same', () => {
    const [native] = rowsFor('median slowdown <= 1.1', { simulate: { cpus: 8, memoryBytes: 8216 * MIB } });
    expect(native?.levels.map(({ instances }) => instances)).toEqual([1, 2, 3, 4, 6, 8, 12, 16, 24, 32]);
    expect(native).toMatchObject({
      cpu: { instances: 8, firstFailing: { instances: 12 } },
      // 24 MiB are kept of 8216.
      memory: { instances: 1024 },
    });
    // Twice as many as CPUs; a burst of 10 ms ends within a slice of 3 ms of its share.
    const twice = native?.levels.find(({ instances }) => instances === 16)?.value ?? 0;
    expect(Math.abs(twice - 2)).toBeLessThan(0.3);
    const [rowOfMemory] = rowsFor('median slowdown <= 1.1', { simulate: { cpus: null, memoryBytes: 104 * MIB } });
    expect(rowOfMemory).toMatchObject({ cpu: { instances: 2 }, memory: { instances: 10 } });
  });
});
