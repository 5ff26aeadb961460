/** Several copies at one barrier: what their answers together say, and when they begin. */

import { describe, expect, it } from 'vitest';
import { copyOf, threadsOf } from '../../bench/payload/copies/arguments.ts';
import { Barrier } from '../../bench/payload/copies/barrier.ts';
import { countIn, joined, partOf } from '../../bench/payload/copies/divide.ts';
import { mergeBursts, mergePrepared } from '../../bench/payload/copies/merge.ts';
import type { BodyOf, Burst } from '../../bench/payload/protocol.ts';
import { copiesOf, copiesText, mostCopies, ownCopies } from '../../bench/plan/copies.ts';

const STATE = { passes: 9, checksum: 'ab'.repeat(8) };

function answered(index: number, bursts: readonly Burst[], more: Partial<BodyOf<'warmup'>> = {}) {
  return { name: `copy ${index} (CPU ${index})`, body: { bursts: [...bursts], ...STATE, spunNs: 5, ...more } };
}

describe('the bursts of copies', () => {
  it('last from the barrier to the end of the last copy, with the CPU time of all', () => {
    const merged = mergeBursts([answered(1, [[10, 100, 90]]), answered(2, [[30, 120, 110]])]);
    expect(merged).toEqual({
      bursts: [[0, 150, 200]],
      wallNs: [[100, 120]],
      lateNs: [30],
      spunNs: 10,
      ...STATE,
      metrics: {},
    });
  });

  it('in a stretch add up to its makespan', () => {
    const one = answered(1, [
      [0, 100, 1],
      [100, 100, 1],
      [200, 300, 1],
    ]);
    const two = answered(2, [
      [20, 140, 1],
      [160, 90, 1],
      [250, 100, 1],
    ]);
    const { bursts, wallNs, lateNs } = mergeBursts([one, two]);
    expect(bursts.map(([, ns]) => ns)).toEqual([160, 90, 250]);
    expect(bursts.map(([offset]) => offset)).toEqual([0, 160, 250]);
    expect(wallNs).toEqual([
      [100, 140],
      [100, 90],
      [300, 100],
    ]);
    expect(lateNs).toEqual([20, 0, 0]);
  });

  it('of a program that prints figures have their mean over the copies', () => {
    const bursts: Burst[] = [[0, 1, 0]];
    const merged = mergeBursts([
      answered(1, bursts, { metrics: { 'p.rate': [10] } }),
      answered(2, bursts, { metrics: { 'p.rate': [14] } }),
    ]);
    expect(merged.metrics).toEqual({ 'p.rate': [12] });
  });

  it('are refused with the name of the copy that is in another state', () => {
    const wrong = answered(2, [[0, 1, 0]], { checksum: 'cd'.repeat(8) });
    expect(() => mergeBursts([answered(1, [[0, 1, 0]]), wrong])).toThrow(
      /^copy 2 \(CPU 2\) has another state than copy 1 \(CPU 1\): cdcd/,
    );
    expect(() => mergeBursts([answered(1, [[0, 1, 0]]), answered(2, [[0, 1, 0]], { passes: 8 })])).toThrow(/after 8/);
  });
});

describe('what copies prepared', () => {
  const workload = (more: Partial<BodyOf<'prepare'>['workloads'][number]>) => ({
    ...{ id: 'p', flops: 0, input: '00', first: '00', reference: '00' },
    ...more,
  });
  const bodies = (...each: Partial<BodyOf<'prepare'>['workloads'][number]>[]) =>
    each.map((one, at) => ({ name: `copy ${at + 1}`, body: { workloads: [workload(one)] } }));

  it('takes as long as in the slowest copy', () => {
    const two = bodies({ output: 'same', runNs: 5, startNs: 3 }, { output: 'same', runNs: 7, startNs: 2 });
    expect(mergePrepared(two, new Set()).workloads).toEqual([workload({ output: 'same', runNs: 7, startNs: 3 })]);
  });

  it('leaves out what one of them can not run, with its reason', () => {
    const [one, two] = bodies({}, {}) as [ReturnType<typeof bodies>[number], ReturnType<typeof bodies>[number]];
    const refused = [{ id: 'p', reason: 'no disk' }];
    const merged = mergePrepared([one, { ...two, body: { ...two.body, workloads: [], refused } }], new Set());
    expect(merged).toMatchObject({ workloads: [], refused: [{ id: 'p', reason: 'copy 2: no disk' }] });
    expect(mergePrepared([one, two], new Set())).not.toHaveProperty('refused');
  });

  it('is the same in all of them, or the copy is named; in a trial, outputs that differ vary', () => {
    const two = bodies({ output: 'same', first: '01' }, { output: 'same', first: '02' });
    expect(() => mergePrepared(two, new Set())).toThrow('p is not the same in copy 2 as in copy 1: 02, not 01');
    expect(mergePrepared(two, new Set(['p'])).workloads[0]).toMatchObject({ output: 'varied', first: '01' });
    expect(mergePrepared(bodies({ output: 'same' }, { output: 'long' }), new Set()).workloads[0]?.output).toBe('long');
  });
});

describe('the barrier', () => {
  it('comes as far ahead as the slowest copy lately needed twice, and further after one was late', () => {
    let nowNs = 1_000n;
    const barrier = new Barrier(() => nowNs);
    const ahead = () => Number(barrier.next() - nowNs);
    const first = ahead();
    barrier.learn([first - 1e6, first - 2e6]);
    expect(ahead()).toBe(2 * 2e6 + 5e5);
    nowNs += 10n;
    const before = ahead();
    barrier.learn([before, 0]);
    expect(ahead()).toBeGreaterThan(2 * before);
    for (let burst = 0; burst < 200; burst++) barrier.learn([ahead() - 1e5]);
    expect(ahead()).toBe(2 * 1e5 + 5e5);
    for (let burst = 0; burst < 50; burst++) barrier.learn([0]);
    expect(ahead()).toBe(1e9);
  });
});

describe('the arguments of a payload', () => {
  it('say how many copies it leads, or which one it is', () => {
    expect([threadsOf(['node', 'payload.cjs']), copyOf(['node'])]).toEqual([1, undefined]);
    expect([threadsOf(['node', '--threads=16']), copyOf(['node', '--copy=2'])]).toEqual([16, 2]);
  });

  it.each(['--threads=0', '--threads=-1', '--threads=two', '--threads='])('are refused: %s', (argument) =>
    expect(() => threadsOf([argument])).toThrow(/whole number/),
  );
});

describe('programs that run as copies beside others that run once', () => {
  const metrics = [{ id: 'sort.rate', unit: 'MB/s', better: 'higher' as const }];
  const sort = { id: 'sort', command: ['sort'], argv: [], threads: 2, metrics };
  const gzip = { id: 'gzip', command: ['gzip'], argv: [] };
  const plan = { workloads: ['lu', 'sort', 'sort.rate', 'gzip'], commands: [sort, gzip] };

  it('have the number that the plan says of them, and their figures with them', () => {
    expect(plan.workloads.map((id) => copiesOf(plan, id))).toEqual([1, 2, 2, 1]);
    expect(mostCopies(plan)).toBe(2);
    expect(ownCopies(plan)).toEqual([{ id: 'sort', threads: 2 }]);
    expect(copiesText(plan)).toBe('2 threads of sort');
  });

  it('go before the number for all, from below too', () => {
    const wide = { ...plan, threads: 4, commands: [sort, { ...gzip, threads: 1 }] };
    expect(wide.workloads.map((id) => copiesOf(wide, id))).toEqual([4, 2, 2, 1]);
    expect(copiesText(wide)).toBe('4 threads, 1 thread of gzip, 2 threads of sort');
    // CPUs are for what runs, not for a number that nothing has.
    expect(mostCopies({ ...wide, workloads: ['sort', 'sort.rate', 'gzip'] })).toBe(2);
    expect(copiesText({ workloads: ['sort'], commands: [{ ...sort, threads: 1 }] } as never)).toBe('');
  });

  it('divide a request, and its answers become one in the order of the request', () => {
    const commands = [sort, gzip].map(({ id }) => ({ id, argv: [id], expect: 'any' as const }));
    const request = { size: 'tiny' as const, workloads: ['lu', 'sort', 'gzip'], commands, threads: { lu: 1, gzip: 1 } };
    const countOf = countIn(request, 2);
    const isAlone = (id: string) => countOf(id) === 1;
    const alone = partOf(request, isAlone);
    expect([alone.workloads, alone.commands?.map(({ id }) => id)]).toEqual([['lu', 'gzip'], ['gzip']]);
    const body = (ids: readonly string[]) => ({
      kernels: 'reference',
      workloads: ids.map((id) => ({ id })) as never[],
    });
    const one = joined(body(['sort']), { ...body(['gzip']), refused: [{ id: 'lu', reason: 'no' }] }, request);
    expect(one.workloads.map(({ id }) => id)).toEqual(['sort', 'gzip']);
    expect(one.refused).toEqual([{ id: 'lu', reason: 'no' }]);
  });
});
