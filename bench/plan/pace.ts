/** What a trial of users' programs decides about their plan: what their output is compared with, and how often they run. */

import type { CommandWorkload, Plan } from '../types.ts';
import { LEAST_PAIRED_ROUNDS } from './schedule.ts';

/** What is known of a program after its trial. */
export interface Trial {
  readonly id: string;
  /** `varied`: its runs printed different things; `long`: more than is compared unasked. */
  readonly output: 'same' | 'varied' | 'long';
  /** Of what it printed: FNV-1a 64, 16 hex digits. */
  readonly checksum: string;
  /** The shortest run, ns. */
  readonly runNs: number;
  /** Of a program that does nothing, ns; absent where it was not measured. */
  readonly startNs?: number;
}

type Paced = Pick<Plan, 'rounds' | 'pilotBursts' | 'longVisits' | 'timeoutMs' | 'singleBursts'>;

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
export function expected(command: CommandWorkload, trial: Trial): CommandWorkload {
  const { output, checksum, runNs, startNs } = trial;
  const expect = command.expect ?? (output === 'same' ? 'same-output' : 'any');
  return {
    ...command,
    expect,
    ...(expect === 'any' ? {} : { output: checksum }),
    runNs,
    ...(startNs === undefined ? {} : { startNs }),
  };
}

/** Are all visits of a plan shorter than a long visit? What shows only in longer work, such as a quota at its limit, is not seen. */
export function hasOnlyShortVisits({
  longVisits,
  singleBursts,
}: Partial<Pick<Plan, 'longVisits' | 'singleBursts'>>): boolean {
  return longVisits === 0 && singleBursts !== true;
}

/**
 * A plan of programs alone makes fewer rounds of those that run long. A burst is one run at least. Where that is longer
 * than a long visit, it is one already, waking up is no part of it that counts, and the first run of a start has warmed
 * up what there is to warm: a visit is one run.
 */
export function paced(plan: Paced & Pick<Plan, 'burstNs' | 'longNs'>, tried: readonly Trial[], fixed: Fixed): Paced {
  const burstNs = Math.max(plan.burstNs, ...tried.map(({ runNs }) => runNs));
  const within = (value: number, least: number, most: number) => Math.min(most, Math.max(least, Math.round(value)));
  const roundsOf = (bursts: number, least: number) =>
    fixed.rounds ? plan.rounds : within(ROUNDS_NS / (bursts * burstNs), Math.min(least, plan.rounds), plan.rounds);
  const timeoutFor = (bursts: number) =>
    fixed.timeout ? plan.timeoutMs : Math.max(plan.timeoutMs, (SLOWER * bursts * burstNs) / 1e6);
  if (burstNs > plan.longNs) {
    return {
      rounds: roundsOf(1, LEAST_PAIRED_ROUNDS),
      singleBursts: true,
      pilotBursts: 0,
      longVisits: 0,
      // The first runs of all programs are one request.
      timeoutMs: timeoutFor(tried.length),
    };
  }
  const pilotBursts = within(PILOT_NS / burstNs, LEAST_PILOT, plan.pilotBursts);
  return {
    rounds: roundsOf(2, LEAST_ROUNDS),
    pilotBursts,
    longVisits: plan.longVisits,
    timeoutMs: timeoutFor(pilotBursts),
  };
}
