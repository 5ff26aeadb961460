/** Which workloads of a plan are run, and which of them are programs. */

import { expect, it } from 'vitest';
import { commandOf, isOfPrograms, metricOf, ownOf, runOf, startText } from '../../bench/plan/commands.ts';
import type { CommandWorkload, Metric } from '../../bench/types.ts';

const RATE: Metric = { id: 'prog.rate', pattern: '(.+)', unit: 'x/s', better: 'higher' };
const PROG: CommandWorkload = { id: 'prog', command: ['prog'], argv: [], metrics: [RATE] };
const MIXED = { workloads: ['fft', 'prog', 'prog.rate'], commands: [PROG] };
const ALONE = { workloads: ['prog', 'prog.rate'], commands: [PROG] };

it('a figure that a program prints is read, not run', () => {
  expect(runOf(MIXED)).toEqual(['fft', 'prog']);
  expect(metricOf(MIXED, 'prog.rate')).toBe(RATE);
  expect([commandOf(MIXED, 'prog'), commandOf(MIXED, 'prog.rate'), commandOf(MIXED, 'fft')]).toEqual([
    PROG,
    undefined,
    undefined,
  ]);
});

it('a plan of programs alone has no workload of Boxmark', () => {
  expect([ownOf(MIXED), ownOf(ALONE)]).toEqual([['fft'], []]);
  expect([MIXED, ALONE, { workloads: ['fft'] }, { workloads: [] }].map(isOfPrograms)).toEqual([
    false,
    true,
    false,
    false,
  ]);
});

it('the start of a process is worth a word where a run is short', () => {
  expect(startText({ runNs: 1.6e6, startNs: 8e5 })).toBe('800 µs of each run is the start of a process');
  expect(startText({ runNs: 7e5, startNs: 8e5 })).toBe('700 µs of each run is the start of a process');
  expect([startText({ runNs: 1e8, startNs: 8e5 }), startText({ runNs: 1e6 }), startText({})]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
