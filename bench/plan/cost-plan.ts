/** Plans of sessions that measure something other than ratios of workloads: which flags they take, how much they measure. */

import { usageError } from '../errors.ts';
import type { CostMeasure, Plan, Profile } from '../types.ts';
import { DEFAULT_AGGRESSORS } from './aggressors.ts';
import type { Measure } from './flag.ts';
import { loadSettings, REQUEST_WORKLOAD } from './load-plan.ts';
import { blocksOf, PROFILE_NUMBERS } from './profiles.ts';
import { defaultFor, keyOf, PLAN_FLAGS, type PlanInput } from './read-flags.ts';
import { INSTANCES_PER_CPU, MOST_HELD, STORM_BOXES, VISIT_NS, WINDOW_NS } from './what-flags.ts';

/** What replaces the settings of workloads. */
export type CostSettings = Partial<Plan>;

interface CostScope {
  readonly profile: Profile;
  /** CPUs that boxes may use. */
  readonly cpus: number;
}

/** Kinds of measurement that use every CPU of the host where none is named: the harness only waits meanwhile. */
const ALL_CPUS: ReadonlySet<Measure> = new Set<Measure>(['scale', 'density', 'storm', 'neighbour', 'capacity']);

/** What instances do where no workload is named: the group `scimark` would take five times as long. */
const WORKLOAD_OF_INSTANCES = 'fft';

/** Settings that only one kind of measurement has. */
const OWN_SETTINGS: Readonly<Record<CostMeasure, (input: PlanInput, scope: CostScope) => CostSettings>> = {
  startup: (input, { profile }) => ({
    rounds: input.rounds ?? PROFILE_NUMBERS[profile].startup.starts,
    cold: input.cold !== false,
  }),
  footprint: (input) => ({ rounds: 1, instances: readInstances(input.instances) }),
  scale: scaleSettings,
  capacity: capacitySettings,
  neighbour: (input, { profile }) => ({
    rounds: input.rounds ?? PROFILE_NUMBERS[profile].neighbour.pairs,
    windowNs: input.window ?? VISIT_NS,
    aggressors: input.aggressors ?? DEFAULT_AGGRESSORS,
  }),
  density: (input) => ({ rounds: 1, instances: input.instances ?? stepsUpTo(input.max ?? MOST_HELD) }),
  storm: (input) => ({ rounds: 1, instances: input.instances ?? [input.max ?? STORM_BOXES] }),
  load: loadSettings,
};

/** Storms take much longer than windows: they are measured only when somebody waits for a restart, at two numbers. */
function capacitySettings(input: PlanInput, scope: CostScope): CostSettings {
  const settings = scaleSettings(input, scope);
  if (input.recover === undefined) return settings;
  const most = Math.max(...(settings.instances ?? [1]));
  const storms = [...new Set([Math.ceil(most / 2), most])];
  return { ...settings, storms, recoverNs: input.recover };
}

function scaleSettings(input: PlanInput, { cpus }: CostScope): CostSettings {
  return {
    rounds: 1,
    instances: readLevels(input.instances) ?? levelsUpTo(input.max ?? INSTANCES_PER_CPU * cpus),
    windowNs: input.window ?? WINDOW_NS,
  };
}

/** What replaces the settings of workloads; null when those are measured. A flag without effect is a usage error. */
export function costSettings(input: PlanInput, scope: CostScope): CostSettings | null {
  const measure = input.measure ?? 'workloads';
  assertAllCount(input, measure);
  if (measure === 'workloads') return null;
  const blocks = input.blocks ?? blocksOf(measure, scope.profile);
  return {
    ...{ measure, minBlocks: blocks, maxBlocks: blocks, target: null },
    ...(runsWorkloads(measure) ? {} : { workloads: [] }),
    ...OWN_SETTINGS[measure](input, scope),
  };
}

export function usesAllCpus({ measure = 'workloads' }: PlanInput): boolean {
  return ALL_CPUS.has(measure);
}

/** What is measured where no workload is named. */
export function defaultWorkloads({ measure = 'workloads' }: PlanInput): PlanInput['workload'] {
  if (measure === 'workloads') return defaultFor('run', 'workload');
  return [measure === 'load' ? REQUEST_WORKLOAD : WORKLOAD_OF_INSTANCES];
}

/** 1, 2, 3, 4, 6, 8, 12 …: powers of two and those halfway, and the last one itself. */
export function levelsUpTo(most: number): number[] {
  const levels: number[] = [];
  for (let power = 1; power < most; power *= 2) {
    levels.push(power);
    if (power >= 2 && power * 1.5 < most) levels.push(power * 1.5);
  }
  return [...levels, most];
}

/** 1, 2, 5, 10, 20, 50 … below `most`, and `most` itself. */
function stepsUpTo(most: number): number[] {
  const steps: number[] = [];
  for (let decade = 1; decade < most; decade *= 10) steps.push(decade, 2 * decade, 5 * decade);
  return [...steps.filter((step) => step < most), most];
}

/** Does a kind of measurement run workloads? */
export function runsWorkloads(measure: Measure): boolean {
  return takes('workload', measure);
}

/** Has a setting of a plan an effect on what is measured? */
export function takes(setting: string, measure: Measure): boolean {
  return PLAN_FLAGS.find(({ name }) => name === setting)?.kinds?.includes(measure) ?? true;
}

/** Every setting that was given has an effect on what is measured. */
function assertAllCount(input: PlanInput, measure: Measure): void {
  const copied = input.commands?.find(({ threads = 1 }) => threads > 1);
  if (measure !== 'workloads' && copied !== undefined) {
    throw usageError(
      `threads of a program has no effect with --measure ${measure}.`,
      `${copied.id ?? copied.command[0]}: ${copied.threads}`,
      'the program without threads, or without --measure',
    );
  }
  for (const { name, kinds, value } of PLAN_FLAGS) {
    const given = input[keyOf(name) as keyof PlanInput];
    if (given === undefined || kinds === undefined || kinds.includes(measure)) continue;
    throw usageError(
      `--${name} has no effect with --measure ${measure}.`,
      value.format(given),
      `${kinds.map((kind) => `--measure ${kind}`).join(' or ')}, or without --${name}`,
    );
  }
}

/** Slowdowns are relative to a single instance. */
function readLevels(given: readonly number[] | undefined): readonly number[] | undefined {
  if (given === undefined || given.includes(1)) return given;
  throw usageError(
    '--instances must have 1 among its numbers: slowdowns are relative to a single instance.',
    given.join(','),
    `--instances ${[1, ...given].join(',')}`,
  );
}

const IDLE_INSTANCES = [1, 2, 4, 8];

/** Two numbers at least, because a slope needs them. */
function readInstances(given: readonly number[] | undefined): readonly number[] {
  const numbers = given ?? IDLE_INSTANCES;
  if (numbers.length >= 2) return numbers;
  throw usageError(
    '--instances takes two numbers or more: a slope needs them.',
    numbers.join(','),
    '--instances 1,2,4,8',
  );
}
