/** From what the user asked for to the frozen plan of a session. Pure: same input, same plan. */

import * as z from 'zod';
import { BoxmarkError, messageOf, nearest, usageError } from '../errors.ts';
import type { Contrast, Limits, Metric, Plan, PlannedEnvironment, PlannedRoot } from '../types.ts';
import { commandSettings, commandSpecs } from './command-setting.ts';
import { mostCopies } from './copies.ts';
import { costSettings, defaultWorkloads, usesAllCpus } from './cost-plan.ts';
import { namedCommands, writtenCommand } from './exec.ts';
import type { Flag } from './flag.ts';
import { PROFILE_NUMBERS } from './profiles.ts';
import { defaultFor, helpOf, keyOf, optionOf, PLAN_FLAGS, type PlanInput } from './read-flags.ts';
import { roundUp } from './schedule.ts';
import { readStopping } from './stopping.ts';
import { SUITE } from './suite.ts';
import { ANY_WORKLOAD } from './threshold.ts';
import type { Form } from './values.ts';

/** The one setting of a plan file that no flag has: a list of programs. */
export const COMMANDS_SETTING = 'workloads';

/** What a plan file may say; names and values are those of the flags. */
export const planInputSchema = z.strictObject({
  ...Object.fromEntries(PLAN_FLAGS.map((flag) => [flag.name, settingSchema(flag).optional()])),
  [COMMANDS_SETTING]: commandSettings.optional(),
});

/** Settings of the machine that a plan needs and that a user may omit. */
export interface PlanDefaults {
  /** The kernels, which are measured by default. */
  readonly workloads: readonly string[];
  /** Workloads that are measured only when named, by themselves or as `system` and `all`. */
  readonly system?: readonly string[];
  /** Further ones, by words that stand for several. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  /** Figures that some of them have beside their rate. */
  readonly metrics?: Readonly<Record<string, readonly Metric[]>>;
  /** May a plan hold programs of the user's? */
  readonly programs?: boolean;
  /** The image that `root` names, once it is found. */
  readonly root?: PlannedRoot | undefined;
  readonly seed: number;
  /** @param threads copies that need a CPU each, or all CPUs */
  limitsFor(cpus: readonly number[] | undefined, memoryBytes: number, threads: number | 'all'): Limits;
}

/** A plan without the environments, which have to be resolved on the machine first. */
export interface PlanDraft extends Omit<Plan, 'environments'> {
  /** Requested environments and aliases. */
  readonly requested: readonly string[];
}

/** Reads the content of a plan file. Throws a usage error that names the file and the setting. */
export function checkPlanInput(content: unknown, file: string): PlanInput {
  const result = planInputSchema.safeParse(content);
  if (result.success) {
    const { [COMMANDS_SETTING]: programs, ...settings } = result.data;
    return {
      ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [keyOf(name), value])),
      ...(programs === undefined ? {} : { commands: commandSpecs(programs, `${file}: ${COMMANDS_SETTING}`) }),
    };
  }
  throw planError(result.error.issues[0], content, file);
}

/** The same words as for the flag, after the name of the file. */
function planError(issue: z.core.$ZodIssue | undefined, content: unknown, file: string): BoxmarkError {
  const known = [...PLAN_FLAGS.map(({ name }) => name), COMMANDS_SETTING];
  const name = String(issue?.path[0] ?? '');
  if (issue?.code === 'unrecognized_keys' && name === '') {
    const [key = ''] = issue.keys;
    return usageError(`${file}: there is no setting of this name${nearest(key, known)}.`, key, known.join(', '));
  }
  if (name === COMMANDS_SETTING) {
    try {
      commandSpecs((content as Readonly<Record<string, unknown>>)[name], `${file}: ${name}`);
    } catch (error) {
      if (error instanceof BoxmarkError) return error;
      throw error;
    }
  }
  const flag = PLAN_FLAGS.find((one) => one.name === name);
  if (flag === undefined) {
    return usageError(`${file}: this is not a plan.`, JSON.stringify(content), `settings by name: ${known.join(', ')}`);
  }
  const given = (content as Readonly<Record<string, unknown>>)[name];
  try {
    flag.value.parse(given, optionOf(flag));
  } catch (error) {
    if (error instanceof BoxmarkError) return usageError(`${file}: ${error.what}`, error.value, error.remedy);
    throw error;
  }
  return usageError(`${file}: ${optionOf(flag)}: ${issue?.message}`, JSON.stringify(given), helpOf(flag, 'run'));
}

/** The forms that a setting may have in a file, and its value. */
function settingSchema({ name, value }: Flag): z.ZodType {
  const { forms, pattern, choices, metavar } = value;
  const one = (): z.ZodType => {
    if (choices !== undefined && metavar !== 'list') return z.enum(Object.keys(choices));
    return pattern === undefined ? z.string().min(1) : z.string().regex(pattern);
  };
  const items = forms.includes('number') ? z.union([one(), z.number()]) : one();
  const schemas: Readonly<Record<Form, z.ZodType>> = {
    text: one(),
    number: z.number(),
    boolean: z.boolean(),
    list: z.array(items).min(1),
  };
  const [first = 'text', ...others] = forms;
  const raw = others.length === 0 ? schemas[first] : z.union(forms.map((form) => schemas[form]));
  return raw.transform((given, context) => {
    try {
      return value.parse(given, `--${name}`);
    } catch (error) {
      context.issues.push({ code: 'custom', input: given, message: messageOf(error) });
      return z.NEVER;
    }
  });
}

/** Every setting but the environments. Throws a usage error that names the flag. */
export function planSettings(input: PlanInput, defaults: PlanDefaults): PlanDraft {
  const given = <N extends Exclude<keyof PlanInput, 'commands'>>(name: N) => input[name] ?? defaultFor('run', name);
  const profile = given('profile');
  const threads = given('threads');
  const all = threads === 1 ? {} : { threads };
  const workloads = readWorkloads(input, defaults);
  const copies = usesAllCpus(input) ? 'all' : mostCopies({ ...all, ...workloads });
  const limits = defaults.limitsFor(input.cpu, given('memory'), copies);
  const { rounds, pilotBursts, longVisits, longNs } = PROFILE_NUMBERS[profile];
  return {
    requested: given('env'),
    schema: 1,
    seed: input.seed ?? defaults.seed,
    profile,
    baseline: given('baseline'),
    ...workloads,
    size: given('size'),
    kernels: given('kernels'),
    contrasts: input.contrast ?? [],
    schedule: given('schedule'),
    ...readStopping(input, profile),
    margin: given('margin'),
    allowUnequal: input.allowUnequal === true,
    rounds: input.rounds ?? rounds,
    pilotBursts,
    burstNs: given('burst'),
    leadIn: given('leadIn'),
    longNs,
    longVisits,
    ...(input.maxTime === undefined ? {} : { maxTimeMs: input.maxTime / 1e6 }),
    timeoutMs: given('timeout') / 1e6,
    limits,
    ...all,
    ...costSettings(input, { profile, cpus: limits.cpus.length }),
  };
}

/** Workloads by their names and those of groups, in the registry's order; what the suite is made of; programs. */
function readWorkloads(
  input: PlanInput,
  defaults: PlanDefaults,
): Pick<Plan, 'workloads' | 'suite' | 'commands' | 'with' | 'metrics' | 'root'> {
  const { workloads: kernels, programs = false, root } = defaults;
  const words = input.workload ?? (input.commands === undefined ? (defaultWorkloads(input) ?? []) : []);
  const specs = [...words.filter((word) => typeof word !== 'string'), ...(input.commands ?? [])];
  const known = knownWorkloads(defaults);
  const own = namedWorkloads(
    words.filter((word) => typeof word === 'string'),
    known,
  );
  const [first] = specs;
  if (first === undefined) {
    for (const [flag, value] of Object.entries({ with: input.with?.join(', '), root: input.root })) {
      if (value === undefined) continue;
      throw usageError(`--${flag} is for programs, and none is measured.`, value, '-w exec:PROGRAM');
    }
    return own;
  }
  if (!programs) {
    throw usageError("This command measures Boxmark's own workloads only.", writtenCommand(first), 'boxmark run');
  }
  const beside = Object.values(known.metrics).flatMap((metrics) => metrics.map(({ id }) => id));
  const commands = namedCommands(specs, [...known.ids, ...beside, SUITE, ANY_WORKLOAD]);
  const suite = own.workloads.filter((id) => kernels.includes(id));
  return {
    ...own,
    workloads: [...own.workloads, ...commands.flatMap(({ id, metrics = [] }) => [id, ...metrics.map((one) => one.id)])],
    suite,
    commands,
    ...(input.with === undefined ? {} : { with: input.with }),
    ...(root === undefined ? {} : { root }),
  };
}

interface KnownWorkloads {
  readonly kernels: readonly string[];
  /** All of them, in the registry's order. */
  readonly ids: readonly string[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly metrics: Readonly<Record<string, readonly Metric[]>>;
}

function knownWorkloads(defaults: PlanDefaults): KnownWorkloads {
  const { workloads: kernels, system = [], groups = {}, metrics = {} } = defaults;
  const both = [...kernels, ...system];
  return {
    kernels,
    ids: [...new Set([...both, ...Object.values(groups).flat()])],
    groups: { scimark: kernels, ...(system.length === 0 ? {} : { system, all: both }), ...groups },
    metrics,
  };
}

function namedWorkloads(
  named: readonly string[],
  { kernels, ids, groups, metrics }: KnownWorkloads,
): Pick<Plan, 'workloads' | 'suite' | 'metrics'> {
  const wanted = named.flatMap((name) => groups[name] ?? [name]);
  const known = [...ids, ...Object.keys(groups)];
  for (const id of wanted) {
    if (ids.includes(id)) continue;
    throw usageError(`There is no workload of this name${nearest(id, known)}.`, id, known.join(', '));
  }
  if (new Set(wanted).size !== wanted.length) {
    throw usageError('A workload is listed twice.', named.join(','), 'each workload once');
  }
  const run = ids.filter((id) => wanted.includes(id));
  const beside = Object.fromEntries(Object.entries(metrics).filter(([id]) => run.includes(id)));
  const workloads = run.flatMap((id) => [id, ...(beside[id] ?? []).map((metric) => metric.id)]);
  const suite = run.filter((id) => kernels.includes(id));
  return {
    workloads,
    ...(suite.length === run.length ? {} : { suite }),
    ...(Object.keys(beside).length === 0 ? {} : { metrics: beside }),
  };
}

/** The plan, once the environments are known. The baseline comes first. */
export function makePlan(
  { requested: _, ...draft }: PlanDraft,
  environments: readonly PlannedEnvironment[],
  baseline: string,
): Plan {
  const paths = environments.map(({ path }) => path);
  const contrasts: Contrast[] = paths.filter((env) => env !== baseline).map((env) => ({ env, baseline }));
  for (const contrast of draft.contrasts) {
    const pair = {
      env: pathOf(contrast.env, environments),
      baseline: pathOf(contrast.baseline, environments),
    };
    if (!contrasts.some((known) => known.env === pair.env && known.baseline === pair.baseline)) contrasts.push(pair);
  }
  const plan: Plan = {
    ...draft,
    environments,
    baseline,
    contrasts,
    rounds: balancedRounds(draft, paths.length),
  };
  return Object.freeze(plan);
}

/** Rounds in which so many environments and the control are balanced, where that is done in each block. */
export function balancedRounds(
  { rounds, measure, singleBursts }: Pick<Plan, 'rounds' | 'measure' | 'singleBursts'>,
  environments: number,
): number {
  return (measure !== undefined && measure !== 'startup') || singleBursts === true
    ? rounds
    : roundUp(rounds, environments + 1);
}

function pathOf(name: string, environments: readonly PlannedEnvironment[]): string {
  const found = environments.find(({ path, alias }) => path === name || alias === name);
  if (found === undefined) {
    const names = environments.map(({ path }) => path);
    throw usageError(
      `--contrast names an environment that is not measured${nearest(name, names)}.`,
      name,
      names.join(', '),
    );
  }
  return found.path;
}
