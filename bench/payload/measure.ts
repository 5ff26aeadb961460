/** Times bursts of fixed work, and finds the clock's resolution. The only import of tinybench. */

import { Bench, type FnReturnedObject } from 'tinybench';
import { spinUntil } from './copies/barrier.ts';
import type { Burst } from './protocol.ts';

export interface BurstPlan {
  /** Kernel passes in a burst. */
  readonly work: number;
  /** Those of the first one, where it has fewer. */
  readonly lead?: number | undefined;
  /** Bursts to run; more follow until `leastNs` have gone by. */
  readonly bursts: number;
  /** Above 0 the bursts are one stretch of time: the time between two of them belongs to the later one. */
  readonly leastNs?: number;
  /** The bursts are one stretch of time without `leastNs` too. */
  readonly stretch?: boolean | undefined;
  /** Begin at this time, from which the offsets count then. */
  readonly atNs?: bigint | undefined;
  /** Further passes in every burst, on another state than the burst's own. */
  readonly extra?: Extra | undefined;
  /** Called after each burst, outside its time. */
  after?: (() => void) | undefined;
}

/** What a program is asked for, which is started for each pass. */
export type CommandBursts = Pick<BurstPlan, 'work' | 'lead' | 'bursts' | 'leastNs' | 'atNs'>;

export interface TimedBursts {
  readonly bursts: Burst[];
  /** Of all bursts. */
  readonly passes: number;
  /** Spent on waiting for the time to begin. */
  readonly spunNs: number;
}

export interface Extra {
  /** Passes of it that go with a burst of so many. */
  passesOf(passes: number): number;
  /** Swaps in the other state; called again, swaps back. */
  exchange(): void;
}

/**
 * Runs `pass` in bursts, back to back, and returns them in the order in which they ran.
 *
 * tinybench drives the loop; the window is timed here and handed over as `overriddenDuration`, because tinybench
 * sorts the samples it retains, drops those of its warm-up, and would time its own bookkeeping with the work.
 * Each Bench has one task, no warm-up, and is declared synchronous (else tinybench calls the task once to find out).
 */
export function measureBursts(pass: () => void, plan: BurstPlan): TimedBursts {
  const bursts: Burst[] = [];
  const isStretch = (plan.leastNs ?? 0) > 0 || plan.stretch === true;
  let doneNs: bigint | undefined;
  let spunNs = 0;
  let passes = 0;
  const beganNs = plan.atNs ?? process.hrtime.bigint();
  const bench = new Bench({
    iterations: plan.bursts,
    time: (plan.leastNs ?? 0) / 1e6,
    warmup: false,
    retainSamples: false,
    throws: true,
  });
  bench.add(
    'burst',
    (): FnReturnedObject => {
      if (plan.atNs !== undefined && bursts.length === 0) spunNs = spinUntil(plan.atNs);
      const work = bursts.length === 0 ? (plan.lead ?? plan.work) : plan.work;
      const own = timePasses(pass, work);
      const added = plan.extra === undefined ? NOTHING : timeExtra(pass, plan.extra, work);
      passes += work;
      const asideNs = added.asideNs + (plan.after === undefined ? 0 : timeOf(plan.after));
      let wallNs = own.wallNs + added.wallNs;
      if (isStretch) {
        // A CPU quota that is used up stops a process at its next system call too, and reading its CPU time is one:
        // a quarter to a half of the throttled time fell between the windows.
        const fromNs = doneNs ?? own.startNs;
        doneNs = process.hrtime.bigint();
        wallNs = Number(doneNs - fromNs) - asideNs;
      }
      bursts.push([Number(own.startNs - beganNs), wallNs, own.cpuNs + added.cpuNs]);
      return { overriddenDuration: wallNs / 1e6 };
    },
    { async: false },
  );
  bench.runSync();
  const [task] = bench.tasks;
  if (task === undefined || task.result.state !== 'completed') {
    throw new Error(`the burst ended in state ${task?.result.state ?? 'none'}`);
  }
  return { bursts, passes, spunNs };
}

interface Timed {
  readonly startNs: bigint;
  readonly wallNs: number;
  readonly cpuNs: number;
}

interface TimedExtra extends Omit<Timed, 'startNs'> {
  /** Spent on swapping the states, which is not part of the burst. */
  readonly asideNs: number;
}

const NOTHING: TimedExtra = { wallNs: 0, cpuNs: 0, asideNs: 0 };

function timePasses(pass: () => void, passes: number): Timed {
  const cpu = process.cpuUsage();
  const startNs = process.hrtime.bigint();
  for (let i = 0; i < passes; i++) pass();
  const endNs = process.hrtime.bigint();
  const used = process.cpuUsage(cpu);
  return { startNs, wallNs: Number(endNs - startNs), cpuNs: (used.user + used.system) * 1000 };
}

/** The same passes of the same function, after the burst's own and in a separate window. */
function timeExtra(pass: () => void, { passesOf, exchange }: Extra, ownPasses: number): TimedExtra {
  const passes = passesOf(ownPasses);
  if (passes === 0) return NOTHING;
  const aside = timeOf(exchange);
  const timed = timePasses(pass, passes);
  return { ...timed, asideNs: aside + timeOf(exchange) };
}

function timeOf(act: () => void): number {
  const startNs = process.hrtime.bigint();
  act();
  return Number(process.hrtime.bigint() - startNs);
}

/**
 * Smallest step of a clock, ns, from readings taken back to back, oldest first.
 *
 * In a guest a reading can cost 10 µs, so that the difference of two says nothing about steps. A clock that goes in
 * steps longer than that shows the same time twice; its step is the smallest difference seen. One that never does moves
 * on between any two readings: the differences are then whole numbers of steps, and what differs between them is one
 * step at least. 0 when the readings never change.
 */
export function clockStepNs(readings: readonly number[]): number {
  const differences = readings.slice(1).map((reading, index) => reading - (readings[index] as number));
  const moves = [...new Set(differences.filter((difference) => difference > 0))].sort((a, b) => a - b);
  const [least = 0] = moves;
  if (differences.includes(0)) return least;
  const gaps = moves.slice(1).map((move, index) => move - (moves[index] as number));
  return Math.min(least, ...gaps);
}
