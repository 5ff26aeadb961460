/** What the trial of a program decides about its plan. */

import { describe, expect, it } from 'vitest';
import { expected, paced } from '../../bench/plan/pace.ts';
import type { CommandWorkload } from '../../bench/types.ts';

const PLAN = { rounds: 30, pilotBursts: 30, longVisits: 1, timeoutMs: 60_000, burstNs: 1e7, longNs: 3e8 };
const FREE = { rounds: false, timeout: false };
const tried = (runNs: number, output: 'same' | 'varied' | 'long' = 'same') => ({
  id: 'prog',
  output,
  checksum: 'a'.repeat(16),
  runNs,
});
const PROGRAM: CommandWorkload = { id: 'prog', command: ['prog'], argv: ['@image/boxmark/bin/prog'] };

describe('a plan of programs', () => {
  it('makes all rounds of those that are short', () => {
    expect(paced(PLAN, [tried(1e6)], FREE)).toEqual({ rounds: 30, pilotBursts: 30, longVisits: 1, timeoutMs: 60_000 });
  });

  it('makes fewer of those that take longer, and waits longer for them', () => {
    const { rounds, pilotBursts, longVisits, timeoutMs } = paced(PLAN, [tried(1e6), tried(2.5e8)], FREE);
    expect([rounds, pilotBursts, longVisits]).toEqual([12, 12, 1]);
    expect(timeoutMs).toBe(60_000);
  });

  it('visits those that are long by single runs, of which the first in a box is its warm-up', () => {
    const all = [tried(1e6), tried(1e6), tried(1e6), tried(6e9)];
    expect(paced(PLAN, all, FREE)).toEqual({
      ...{ rounds: 3, singleBursts: true, pilotBursts: 0, longVisits: 0 },
      timeoutMs: 4 * 4 * 6000,
    });
    expect(paced(PLAN, [tried(1e9)], FREE).rounds).toBe(6);
  });

  it('keeps what the user has fixed', () => {
    const { rounds, timeoutMs } = paced(PLAN, [tried(5e9)], { rounds: true, timeout: true });
    expect([rounds, timeoutMs]).toEqual([30, 60_000]);
    expect(paced({ ...PLAN, rounds: 2 }, [tried(5e9)], FREE).rounds).toBe(2);
  });
});

describe('the output of a program', () => {
  it('is compared when the trial printed the same each time', () => {
    expect(expected(PROGRAM, tried(1e6))).toMatchObject({ expect: 'same-output', output: 'a'.repeat(16), runNs: 1e6 });
  });

  it('comes with what starting a process took, where that was measured', () => {
    expect(expected(PROGRAM, { ...tried(1e6), startNs: 8e5 }).startNs).toBe(8e5);
    expect(expected(PROGRAM, tried(1e6))).not.toHaveProperty('startNs');
  });

  it.each(['varied', 'long'] as const)('is not compared when it was %s', (output) => {
    const decided = expected(PROGRAM, tried(1e6, output));
    expect(decided.expect).toBe('any');
    expect(decided.output).toBeUndefined();
  });

  it('is compared or not as the user says', () => {
    expect(expected({ ...PROGRAM, expect: 'any' }, tried(1e6)).output).toBeUndefined();
    expect(expected({ ...PROGRAM, expect: 'same-output' }, tried(1e6, 'varied')).output).toBe('a'.repeat(16));
  });
});
