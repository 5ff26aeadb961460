/** From what the user asked for to the frozen plan of a session. Pure: same input, same plan. */

import * as z from 'zod';
import { usageError } from '../errors.ts';
import {
  type Contrast,
  KERNELS,
  type Limits,
  type Plan,
  type PlannedEnvironment,
  PROFILES,
  type Profile,
  type Schedule,
  SIZES,
} from '../types.ts';
import { parseBytes, parseCount, parseCpuList, parseDurationNs, parsePercent } from '../units.ts';
import { costSettings, MEASURES } from './cost-plan.ts';
import { roundUp } from './schedule.ts';
import { readStopping } from './stopping.ts';

/** Rounds of each profile; why these: docs/method.md, "The schedule, by experiment". */
const PROFILE_ROUNDS: Readonly<Record<Profile, number>> = { quick: 30, standard: 40, publish: 60 };

const PILOT_BURSTS = 30;
const DEFAULT_MARGIN = '2%';
const LONG_VISIT_NS = 1e9;
const DEFAULT_BURST = '10ms';
const DEFAULT_MEMORY = '1g';
const DEFAULT_TIMEOUT = '60s';

const text = z.string().min(1);
const textOrNumber = z.union([z.string(), z.number()]).transform(String);
const list = z.union([z.array(text), text.transform((value) => value.split(',').map((part) => part.trim()))]);

/** What a plan file or the flags of `run` may say; the names are those of the flags. */
export const planInputSchema = z.strictObject({
  env: list.optional(),
  workload: list.optional(),
  size: z.enum(SIZES).optional(),
  profile: z.enum(PROFILES).optional(),
  baseline: text.optional(),
  blocks: textOrNumber.optional(),
  'min-blocks': textOrNumber.optional(),
  'max-blocks': textOrNumber.optional(),
  target: text.optional(),
  margin: text.optional(),
  'allow-unequal': z.boolean().optional(),
  rounds: textOrNumber.optional(),
  burst: text.optional(),
  schedule: z.enum(['interleaved', 'sequential']).optional(),
  contrast: list.optional(),
  kernels: z.enum(KERNELS).optional(),
  'max-time': text.optional(),
  seed: textOrNumber.optional(),
  cpu: textOrNumber.optional(),
  memory: textOrNumber.optional(),
  timeout: text.optional(),
  measure: z.enum(MEASURES).optional(),
  cold: z.boolean().optional(),
  instances: z.union([list, z.array(textOrNumber), z.number().transform((value) => [String(value)])]).optional(),
  out: text.optional(),
});

export type PlanInput = z.output<typeof planInputSchema>;

/** Settings of the machine that a plan needs and that a user may leave open. */
export interface PlanDefaults {
  /** The kernels, which are measured where nothing else is said. */
  readonly workloads: readonly string[];
  /** Workloads that are measured only when named. */
  readonly system?: readonly string[];
  readonly seed: number;
  limitsFor(cpus: readonly number[] | undefined, memoryBytes: number): Limits;
}

/** Everything of the input but the environments, checked. Throws a usage error that names the flag. */
export interface PlanSettings {
  readonly requested: readonly string[];
  readonly baseline: string;
  readonly contrasts: readonly Contrast[];
  readonly rest: Omit<Plan, 'environments' | 'baseline' | 'contrasts' | 'rounds'> & { readonly rounds: number };
}

/** Checks the values of flags or of a plan file. `source` is named in the error. */
export function checkPlanInput(input: unknown, source: string): PlanInput {
  const result = planInputSchema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.join('.') ?? '';
  const value = path === '' ? undefined : JSON.stringify((input as Record<string, unknown> | null)?.[path]);
  const unknown = issue?.code === 'unrecognized_keys' ? ` (${issue.keys.join(', ')})` : '';
  throw usageError(
    `${source}: ${path === '' ? '' : `"${path}": `}${issue?.message ?? 'not a plan'}${unknown}`,
    value,
    `the names and values of the flags: ${Object.keys(planInputSchema.shape).join(', ')}`,
  );
}

/** Reads every setting but the environments, which have to be resolved on the machine first. */
export function planSettings(input: PlanInput, defaults: PlanDefaults): PlanSettings {
  const profile = input.profile ?? 'quick';
  const costs = costSettings(input, profile);
  const cpus = input.cpu === undefined ? undefined : parseCpuList(input.cpu, '--cpu');
  const limits = defaults.limitsFor(cpus, parseBytes(input.memory ?? DEFAULT_MEMORY, '--memory'));
  const requested = input.env ?? ['native', 'container', 'nested', 'vm'];
  if (requested.length === 0 || requested.some((path) => path === '')) {
    throw usageError('An environment has no name.', requested.join(','), '-e native,docker');
  }
  return {
    requested,
    baseline: input.baseline ?? 'native',
    contrasts: (input.contrast ?? []).map(parseContrast),
    rest: {
      schema: 1,
      seed: input.seed === undefined ? defaults.seed : parseCount(input.seed, '--seed', 0),
      profile,
      ...readWorkloads(input.workload, defaults),
      size: input.size ?? 'small',
      kernels: input.kernels ?? 'reference',
      schedule: (input.schedule ?? 'interleaved') satisfies Schedule,
      ...readStopping(input, profile),
      margin: parsePercent(input.margin ?? DEFAULT_MARGIN, '--margin'),
      allowUnequal: input['allow-unequal'] === true,
      rounds: input.rounds === undefined ? PROFILE_ROUNDS[profile] : parseCount(input.rounds, '--rounds'),
      pilotBursts: PILOT_BURSTS,
      burstNs: parseDurationNs(input.burst ?? DEFAULT_BURST, '--burst'),
      longNs: LONG_VISIT_NS,
      longVisits: profile === 'quick' ? 'rotate' : 'all',
      ...(input['max-time'] === undefined ? {} : { maxTimeMs: parseDurationNs(input['max-time'], '--max-time') / 1e6 }),
      timeoutMs: parseDurationNs(input.timeout ?? DEFAULT_TIMEOUT, '--timeout') / 1e6,
      limits,
      ...costs,
    },
  };
}

/** Workloads by their names and those of groups, in the registry's order; and what the suite is made of. */
function readWorkloads(
  named: readonly string[] | undefined,
  { workloads: kernels, system = [] }: PlanDefaults,
): Pick<Plan, 'workloads' | 'suite'> {
  const all = [...kernels, ...system];
  const groups: Readonly<Record<string, readonly string[]>> =
    system.length === 0 ? {} : { scimark: kernels, system, all };
  const wanted = (named ?? kernels).flatMap((name) => groups[name] ?? [name]);
  const known = [...all, ...Object.keys(groups)];
  for (const id of wanted) {
    if (all.includes(id)) continue;
    throw usageError(`There is no workload of this name${nearest(id, known)}.`, id, known.join(', '));
  }
  if (new Set(wanted).size !== wanted.length) {
    throw usageError('A workload is listed twice.', (named ?? []).join(','), 'each workload once');
  }
  const workloads = all.filter((id) => wanted.includes(id));
  const suite = workloads.filter((id) => kernels.includes(id));
  return suite.length === workloads.length ? { workloads } : { workloads, suite };
}

/** The plan, once it is known which environments there are. The baseline stands first. */
export function makePlan(settings: PlanSettings, environments: readonly PlannedEnvironment[], baseline: string): Plan {
  const paths = environments.map(({ path }) => path);
  const contrasts: Contrast[] = paths.filter((env) => env !== baseline).map((env) => ({ env, baseline }));
  for (const contrast of settings.contrasts) {
    const pair = {
      env: pathOf(contrast.env, environments),
      baseline: pathOf(contrast.baseline, environments),
    };
    if (!contrasts.some((known) => known.env === pair.env && known.baseline === pair.baseline)) contrasts.push(pair);
  }
  const plan: Plan = {
    ...settings.rest,
    environments,
    baseline,
    contrasts,
    rounds: balancedRounds(settings.rest, paths.length),
  };
  return Object.freeze(plan);
}

/** Rounds in which so many environments and the control are balanced; idle instances have none. */
export function balancedRounds({ rounds, measure }: Pick<Plan, 'rounds' | 'measure'>, environments: number): number {
  return measure === 'footprint' ? rounds : roundUp(rounds, environments + 1);
}

/** ` (did you mean "docker"?)` when a known name is near. */
export function nearest(name: string, known: readonly string[]): string {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best === undefined ? '' : ` (did you mean "${best}"?)`;
}

function parseContrast(value: string): Contrast {
  const [env, baseline, ...more] = value.split('..');
  if (!env || !baseline || more.length > 0)
    throw usageError('--contrast takes a pair.', value, '--contrast docker/docker..uml');
  return { env, baseline };
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

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
