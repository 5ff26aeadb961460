/** Which workloads of a plan are run, and which of them are programs. */

import { expect, it } from 'vitest';
import { commandOf, isOfPrograms, metricOf, ownOf, runOf } from '../../bench/plan/commands.ts';
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
