/** Figures and their spread, goals, comparison and print-out, over made-up values. */

import { describe, expect, it } from 'vitest';
import { differencesOf, movesBetween } from './compare.ts';
import { type Figure, figureOf, idPart, isClose, newRecord, stateOf } from './figure.ts';
import { BENCH_SCHEMA, type BenchFile } from './file.ts';
import { GOALS, REASONS } from './goals.ts';
import { recordKernels } from './kernels.ts';
import { figureLines, moveLines, runLines, valueText } from './lines.ts';

const figure = (id: string, value: number, low: number | null = null, high: number | null = null): Figure => ({
  ...{ id, unit: 'ratio', value, low, high, count: low === null ? 1 : 10 },
});

const counted = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('a figure', () => {
  it('is the median of its values, with the order statistics that hold it in 95 %', () => {
    // Of a table of the sign test: the 2nd and 9th of 10, the 3rd and 13th of 15, the 6th and 15th of 20, the 10th and 21st of 30.
    expect(figureOf('a.b', 'ratio', counted(10))).toEqual(figure('a.b', 5.5, 2, 9));
    expect(figureOf('a.b', 'ratio', counted(15))).toMatchObject({ value: 8, low: 4, high: 12 });
    expect(figureOf('a.b', 'ratio', counted(20))).toMatchObject({ low: 6, high: 15 });
    expect(figureOf('a.b', 'ratio', counted(30).reverse())).toMatchObject({ low: 10, high: 21 });
  });

  it('spans all of a few values, and nothing where there is one', () => {
    expect(figureOf('a', 's', [3, 1, 2])).toMatchObject({ value: 2, low: 1, high: 3, count: 3 });
    expect(figureOf('a', 's', counted(5))).toMatchObject({ low: 1, high: 5 });
    expect(figureOf('a', 's', counted(6))).toMatchObject({ low: 1, high: 6 });
    expect(figureOf('a', 's', [4])).toMatchObject({ value: 4, low: null, high: null, count: 1 });
  });

  it('is refused without numbers, or with a name that is no id', () => {
    expect(() => figureOf('a', 's', [])).toThrow('no numbers');
    expect(() => figureOf('a', 's', [1, Number.NaN])).toThrow('no numbers: 1, NaN');
    expect(() => figureOf('a b', 's', [1])).toThrow('no id');
    expect(idPart('docker/docker')).toBe('docker-docker');
    expect(idPart('--version')).toBe('version');
  });
});

describe('a record', () => {
  it('adds what comes later to the same figure', () => {
    const { record, figures } = newRecord();
    record('a', 's', [3]);
    record('b', 'ratio', [1, 2]);
    record('a', 's', [1]);
    expect(figures()).toEqual([figureOf('a', 's', [3, 1]), figureOf('b', 'ratio', [1, 2])]);
    expect(() => record('a', 'ms', [1])).toThrow('in s and in ms');
    expect(() => record('c', 'ms', [])).toThrow('no numbers');
    expect(figures()).toHaveLength(2);
  });
});

describe('goals', () => {
  it('are met by what is printed', () => {
    expect(stateOf({ id: 'startup.native', value: 1.104 })).toBe('met');
    expect(stateOf({ id: 'startup.native', value: 1.106 })).toBe('not met');
    expect(stateOf({ id: 'kernels.small.wasm', value: 1.995 })).toBe('met');
    expect(stateOf({ id: 'kernels.small.wasm', value: 1.99 })).toBe('not met');
    expect(stateOf({ id: 'startup.runc', value: 9 })).toBe('no goal');
    expect(stateOf({ id: 'constructor', value: 9 })).toBe('no goal');
  });

  it('may be decided by chance when the spread reaches across', () => {
    expect(isClose(figure('startup.native', 1.05, 1.02, 1.2))).toBe(true);
    expect(isClose(figure('startup.native', 1.2, 1.05, 1.3))).toBe(true);
    expect(isClose(figure('startup.native', 1.05, 1.02, 1.09))).toBe(false);
    expect(isClose(figure('kernels.small.wasm', 2.1, 1.9, 2.2))).toBe(true);
    expect(isClose(figure('startup.native', 1.05))).toBe(false);
    expect(isClose(figure('startup.runc', 1.05, 0.9, 1.2))).toBe(false);
  });

  it('have ids of figures, and reasons are about goals', () => {
    for (const [id, { unit }] of Object.entries(GOALS)) expect(figureOf(id, unit, [1]).id).toBe(id);
    expect(() => figureOf('startup.native', 's', [1])).toThrow('in s, and its goal in ratio');
    expect(Object.keys(REASONS).filter((id) => GOALS[id] === undefined)).toEqual([]);
  });
});

describe('figures of kernels', () => {
  it('are one value of each process, composites weighted by the speed of C', () => {
    const kernel = (time: number) => ({ C: [[time, time]], reference: [[2 * time, 2 * time]], tuned: [[time, time]] });
    const times = Object.entries({ fft: 1e3, sor: 1e4, 'monte-carlo': 1e4, sparse: 1e4, lu: 1e5 });
    const timings = new Map(times.map(([id, time]) => [id, { ...kernel(time), wasm: [[time / 4, time / 2]] }]));
    const found = new Map<string, number>();
    recordKernels((id, _, [value = 0]) => found.set(id, value), 'small', timings);
    expect(found.get('kernels.small.reference')).toBeCloseTo(0.5);
    expect(found.get('kernels.small.tuned.lu')).toBe(1);
    expect(found.get('kernels.small.wasm.fft')).toBe(3);
    expect(found.get('kernels.small.wasm')).toBeCloseTo(3);
    expect(found.size).toBe(18);
  });
});

describe('a comparison', () => {
  const verdicts = (before: Figure[], after: Figure[]) => movesBetween(before, after).map(({ verdict }) => verdict);

  it('calls a move only what both spreads leave no room for', () => {
    const old = [figure('startup.native', 1.3, 1.25, 1.35)];
    expect(verdicts(old, [figure('startup.native', 1.1, 1.05, 1.2)])).toEqual(['better']);
    expect(verdicts(old, [figure('startup.native', 1.6, 1.5, 1.7)])).toEqual(['worse']);
    expect(verdicts(old, [figure('startup.native', 1.1, 1.0, 1.26)])).toEqual(['within the spread']);
    expect(movesBetween(old, [figure('startup.native', 1.04, 1, 1.08)])[0]).toMatchObject({
      ...{ ratio: 0.8, low: 1 / 1.35, high: 1.08 / 1.25 },
    });
  });

  it('knows which way is better by the goal, else by the unit, or not at all', () => {
    const pair = (id: string, unit: Figure['unit']) =>
      verdicts([{ ...figure(id, 1, 0.99, 1.01), unit }], [{ ...figure(id, 2, 1.98, 2.02), unit }]);
    expect(pair('kernels.small.wasm', 'ratio')).toEqual(['better']);
    expect(pair('report.million', 's')).toEqual(['worse']);
    expect(pair('something.else', 'MB')).toEqual(['worse']);
    expect(pair('something.else', 'ratio')).toEqual(['moved']);
  });

  it('calls no move what is less than 2 %, was measured once, is new or gone', () => {
    expect(verdicts([figure('a', 1, 0.999, 1.001)], [figure('a', 1.015, 1.014, 1.016)])).toEqual(['within the spread']);
    expect(verdicts([figure('a', 1)], [figure('a', 5)])).toEqual(['measured once']);
    expect(verdicts([figure('a', 1)], [figure('b', 5)])).toEqual(['new', 'gone']);
    expect(verdicts([figure('a', 1)], [{ ...figure('a', 5), unit: 's' }])).toEqual(['new']);
    expect(verdicts([figure('a', 0, 0, 0)], [figure('a', 5, 4, 6)])).toEqual(['measured once']);
  });

  it('names what else is different', () => {
    const host: BenchFile['host'] = {
      ...{
        cpu: 'A',
        cpus: 2,
        memoryGib: 8,
        hypervisor: null,
        kernel: '6.1',
        distribution: null,
        node: 'v20',
        v8: '11',
      },
      ...{ peers: { gcc: '12', java: null }, loadBefore: [0.1, 0, 0], loadAfter: [1, 0.2, 0] },
    };
    const file = (change: Partial<BenchFile['host']>): BenchFile => ({
      ...{ schema: BENCH_SCHEMA, kind: 'boxmark-bench', startedAt: '', seconds: 1, whole: true, commit: null },
      ...{ host: { ...host, ...change }, runs: [], figures: [] },
    });
    expect(differencesOf(file({}), file({}))).toEqual([]);
    expect(
      differencesOf(file({}), file({ node: 'v22', peers: { gcc: '12', java: '17' }, loadBefore: [4, 1, 1] })),
    ).toEqual(['node: v20 before, v22 now', 'java: none before, 17 now', 'load average: 0.2 before, 4.0 now']);
  });
});

describe('the print-out', () => {
  it('has each figure beside its goal', () => {
    const figures = [
      figureOf('startup.native', 'ratio', [1.3, 1.31, 1.32]),
      figureOf('startup.bwrap', 'ratio', [1.05, 1.08, 1.15]),
      { ...figure('efficiency.timed', 0.81), unit: 'share' as const },
      { ...figure('report.million', 5.8), unit: 's' as const },
      figureOf('history.1000', 's', [1234.5, 12, 5000]),
    ];
    expect(figureLines(figures)).toEqual([
      'figure            median        spread  of    goal',
      'startup.native      1.31  1.30 to 1.32   3   ≤ 1.1  not met',
      'startup.bwrap       1.08  1.05 to 1.15   3   ≤ 1.1  met, by less than the spread',
      'efficiency.timed  81.0 %          once   1  ≥ 80 %  met',
      'report.million    5.80 s          once   1   ≤ 3 s  not met',
      'history.1000      1235 s  12.0 to 5000   3       –',
    ]);
  });

  it('has what moved before the number of what did not', () => {
    const moves = movesBetween(
      [figure('a', 1, 0.9, 1.1), figure('startup.bwrap', 1.3, 1.2, 1.4), figure('b', 1)],
      [figure('a', 1, 0.9, 1.1), figure('startup.bwrap', 1.04, 1, 1.1), figure('b', 2)],
    );
    expect(moveLines(moves)).toEqual([
      'figure         new ÷ old  spread of both',
      'startup.bwrap      0.800  0.714 to 0.917  better',
      'b                   2.00               –  measured once',
      '1 of 3 figures differ by no more than their spread, or by less than 2 %',
    ]);
    expect(moveLines([])).toEqual(['0 of 0 figures differ by no more than their spread, or by less than 2 %']);
  });

  it('says how long each took, and what failed', () => {
    const runs = [
      { name: 'cli', seconds: 12.4, failure: null },
      { name: 'kernels --size large', seconds: 100, failure: 'gcc went away' },
    ];
    expect(runLines(runs)).toEqual([
      'bench                  took',
      'cli                    12 s',
      'kernels --size large  100 s  gcc went away',
    ]);
    expect(valueText(0.5, 'share')).toBe('50.0 %');
  });
});
