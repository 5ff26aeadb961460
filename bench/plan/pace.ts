/** What a trial of users' programs decides about their plan: what their output is compared with, and how often they run. */

import type { CommandWorkload, Plan } from '../types.ts';

/** What is known of a program after its trial. */
export interface Trial {
  readonly id: string;
  /** `varied`: its runs printed different things; `long`: more than is compared unasked. */
  readonly output: 'same' | 'varied' | 'long';
  /** Of what it printed: FNV-1a 64, 16 hex digits. */
  readonly checksum: string;
  /** The shortest run, ns. */
  readonly runNs: number;
}

type Paced = Pick<Plan, 'rounds' | 'pilotBursts' | 'longVisits' | 'timeoutMs'>;

/** What the user has fixed. */
export interface Fixed {
  readonly rounds: boolean;
  readonly timeout: boolean;
}

/** Time of the slowest program in a box and block: its rounds, and its warm-up in the first block. */
const ROUNDS_NS = 6e9;
const PILOT_NS = 3e9;
const LEAST_ROUNDS = 4;
const LEAST_PILOT = 6;
/** A box may be so much slower than the baseline before a request counts as stuck. */
const SLOWER = 4;

/** Output is compared when the user says so, or when the trial printed the same each time. */
export function expected(command: CommandWorkload, { output, checksum, runNs }: Trial): CommandWorkload {
  const expect = command.expect ?? (output === 'same' ? 'same-output' : 'any');
  return { ...command, expect, ...(expect === 'any' ? {} : { output: checksum }), runNs };
}

/**
 * A plan of programs alone makes fewer rounds of those that run long: a visit is two bursts, and a burst is one run at
 * least.
 */
export function paced(plan: Paced & Pick<Plan, 'burstNs' | 'longNs'>, tried: readonly Trial[], fixed: Fixed): Paced {
  const burstNs = Math.max(plan.burstNs, ...tried.map(({ runNs }) => runNs));
  const within = (value: number, least: number, most: number) => Math.min(most, Math.max(least, Math.round(value)));
  const rounds = within(ROUNDS_NS / (2 * burstNs), Math.min(LEAST_ROUNDS, plan.rounds), plan.rounds);
  const pilotBursts = within(PILOT_NS / burstNs, LEAST_PILOT, plan.pilotBursts);
  return {
    rounds: fixed.rounds ? plan.rounds : rounds,
    pilotBursts,
    // A run that is longer than such a visit is one already.
    longVisits: burstNs > plan.longNs ? 0 : plan.longVisits,
    timeoutMs: fixed.timeout ? plan.timeoutMs : Math.max(plan.timeoutMs, (SLOWER * pilotBursts * burstNs) / 1e6),
  };
}
