/** Finds, once per session and on the warmed-up baseline, how many passes make a burst; frozen for every environment. */

import type { BodyOf } from '../payload/protocol.ts';
import { commandOf, runOf } from '../plan/commands.ts';
import type { Plan } from '../types.ts';
import { median } from '../units.ts';
import type { Resident } from './resident.ts';

/** Bursts of the first guess, which also warm the kernel up, and of the figure that counts. */
const TRIAL_BURSTS = 12;
const COUNTED_BURSTS = 9;
/** The last of them: the others may have run while the code was still being compiled. */
const LAST_BURSTS = 3;
const TRIAL_SHARE = 0.2;
/** Attempts at a figure; each is at least twice as large. */
const MOST_ATTEMPTS = 10;

const COMMAND_RUNS = 3;
/** A run that takes so many bursts by the trial is a burst. */
const LONG_ENOUGH = 2;

/** Round numbers of a decade, a fifth to a third apart. */
const STEPS = [1, 1.2, 1.6, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 25, 30, 40, 50 …: the step nearest to `passes` in logarithms, at least 1. */
export function roundPasses(passes: number): number {
  if (!(passes > 1)) return 1;
  const decade = 10 ** Math.floor(Math.log10(passes));
  const steps = STEPS.map((step) => step * decade).filter(Number.isInteger);
  const distance = (step: number) => Math.abs(Math.log(step / passes));
  return steps.reduce((best, step) => (distance(step) < distance(best) ? step : best));
}

/** Passes per burst for every workload of the plan. */
export async function calibrate(resident: Pick<Resident, 'ask'>, plan: Plan): Promise<Record<string, number>> {
  const work: Record<string, number> = {};
  for (const workload of runOf(plan)) {
    const command = commandOf(plan, workload);
    const isLong = (command?.runNs ?? 0) >= LONG_ENOUGH * plan.burstNs;
    const one = command === undefined ? calibrateOne : calibrateCommand;
    work[workload] = isLong ? 1 : await one(resident, workload, plan.burstNs);
  }
  return work;
}

/** A program is compiled already, and may run for a minute: its first runs after the trial say enough. */
async function calibrateCommand(resident: Pick<Resident, 'ask'>, workload: string, burstNs: number): Promise<number> {
  const { body } = await resident.ask('warmup', { workload, work: 1, bursts: COMMAND_RUNS });
  return roundPasses(burstNs / median(timesOf(body)));
}

async function calibrateOne(resident: Pick<Resident, 'ask'>, workload: string, burstNs: number): Promise<number> {
  const passNs = async (work: number, bursts: number, counted: number): Promise<number> => {
    const { body } = await resident.ask('warmup', { workload, work, bursts });
    return median(timesOf(body).slice(-counted)) / work;
  };
  let passes = 1;
  for (;;) {
    const trialNs = await passNs(passes, TRIAL_BURSTS, LAST_BURSTS);
    if (trialNs * passes >= burstNs * TRIAL_SHARE) break;
    passes = Math.min(passes * 10, Math.max(passes + 1, Math.ceil((burstNs * TRIAL_SHARE * 2) / trialNs)));
  }
  let work = roundPasses(burstNs / (await passNs(passes, COUNTED_BURSTS, COUNTED_BURSTS)));
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const again = roundPasses(burstNs / (await passNs(work, COUNTED_BURSTS, LAST_BURSTS)));
    // Code that was still being compiled, or a busy moment, made passes look long: bursts would be far too short.
    if (again <= 2 * work) return again;
    work = again;
  }
  return work;
}

/** Of copies, the slowest one's own time: how late it began after the barrier does not grow with the work. */
function timesOf({ bursts, copies }: BodyOf<'warmup'>): number[] {
  return bursts.map(([, wallNs], at) => (copies === undefined ? wallNs : Math.max(...(copies.wallNs[at] ?? [wallNs]))));
}
