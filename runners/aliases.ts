/** From what was requested to what can run: paths are prepared, aliases take the first candidate that can. */

import type { Environment, PlannedEnvironment, Probe, Runner, Unavailable } from '../bench/types.ts';
import { kvmWorks } from './guest/kvm-probe.ts';
import { ENGINES } from './index.ts';
import { hostBox } from './kit/process.ts';
import { type Nearest, parsePath } from './stack/path.ts';
import { assertThreads, prepareStack, type StackContext, UnavailableError } from './stack/stack.ts';

export const ALIASES = ['container', 'nested', 'vm'] as const;
export type Alias = (typeof ALIASES)[number];

const CANDIDATES = ENGINES.flatMap(({ runner, container }) =>
  container === undefined ? [] : [{ name: runner.name, ...container }],
).sort((a, b) => a.rank - b.rank);
/** In the order of preference. */
export const CONTAINERS: readonly string[] = CANDIDATES.map(({ name }) => name);
const NESTED: readonly string[] = CANDIDATES.filter(({ nests }) => nests).map(({ name }) => name);

export interface Resolved {
  readonly planned: readonly PlannedEnvironment[];
  readonly environments: readonly Environment[];
  /** What was requested and can't run. */
  readonly refused: readonly Unavailable[];
  /** Candidates of aliases that were passed over before another was found. */
  readonly passedOver: readonly Unavailable[];
}

export interface ResolveContext extends StackContext {
  readonly nearest: Nearest;
  /** Called before each attempt. */
  onAttempt(path: string): void;
}

/** The candidates of an alias, in the order in which they are tried. `container` is what that alias resolved to, if it did. */
export async function candidatesOf(
  alias: Alias,
  container: string | undefined,
  workspace: StackContext['workspace'],
): Promise<string[]> {
  switch (alias) {
    case 'container':
      return [...CONTAINERS];
    case 'nested': {
      const first = Math.max(CONTAINERS.indexOf(container ?? ''), 0);
      const next = NESTED.filter((name) => CONTAINERS.indexOf(name) >= first);
      // Behind the last engine that nests there is none to try, but the reasons of all that could not are an answer.
      return (next.length > 0 ? next : NESTED).map((name) => `${name}/${name}`);
    }
    case 'vm':
      return (await kvmWorks(workspace)).works ? ['qemu', 'uml'] : ['uml', 'qemu'];
  }
}

/**
 * Checks every name first, so that a typing error costs nothing, then prepares one after the other. What is prepared is
 * removed again when it throws, as after an interrupt.
 */
export async function resolveEnvironments(requested: readonly string[], context: ResolveContext): Promise<Resolved> {
  for (const name of requested) if (!isAlias(name)) parsePath(name, context.runners, context.nearest);
  const environments: Environment[] = [];
  try {
    return await resolveInto(environments, requested, context);
  } catch (error) {
    for (const environment of environments.toReversed()) await environment.dispose();
    throw error;
  }
}

async function resolveInto(
  environments: Environment[],
  requested: readonly string[],
  context: ResolveContext,
): Promise<Resolved> {
  const planned: PlannedEnvironment[] = [];
  const refused: Unavailable[] = [];
  const passedOver: Unavailable[] = [];
  let container: string | undefined;
  for (const name of requested) {
    const alias = isAlias(name) ? name : undefined;
    const candidates = alias === undefined ? [name] : await candidatesOf(alias, container, context.workspace);
    const failures: Unavailable[] = [];
    for (const path of candidates) {
      context.workspace.signal.throwIfAborted();
      const known = planned.findIndex((it) => it.path === path);
      const result = known >= 0 ? undefined : await attempt(path, alias, context);
      if (result !== undefined && 'reason' in result) {
        failures.push(result);
        continue;
      }
      if (alias === 'container') container = path;
      if (result === undefined) planned[known] = { ...planned[known], path, ...(alias === undefined ? {} : { alias }) };
      else {
        environments.push(result);
        planned.push({ path, ...(alias === undefined ? {} : { alias }) });
      }
      break;
    }
    (failures.length === candidates.length ? refused : passedOver).push(...failures);
  }
  return { planned, environments, refused, passedOver };
}

/** The same by a look at the outermost layer only: for a plan that is printed and not run. */
export async function resolvePlanned(
  requested: readonly string[],
  context: Omit<ResolveContext, 'onAttempt'>,
): Promise<Resolved> {
  const planned: PlannedEnvironment[] = [];
  const refused: Unavailable[] = [];
  const passedOver: Unavailable[] = [];
  let container: string | undefined;
  for (const name of requested) {
    const alias = isAlias(name) ? name : undefined;
    const candidates = alias === undefined ? [name] : await candidatesOf(alias, container, context.workspace);
    const failures: Unavailable[] = [];
    for (const path of candidates) {
      const layers = parsePath(path, context.runners, context.nearest);
      const probe = await probePlanned(path, layers, context);
      if (!probe.available) {
        failures.push({ path, ...(alias === undefined ? {} : { alias }), ...probe });
        continue;
      }
      if (alias === 'container') container = path;
      if (!planned.some((it) => it.path === path)) planned.push({ path, ...(alias === undefined ? {} : { alias }) });
      break;
    }
    (failures.length === candidates.length ? refused : passedOver).push(...failures);
  }
  return { planned, environments: [], refused, passedOver };
}

/** Of the outermost layer. */
async function probePlanned(path: string, layers: readonly Runner[], context: StackContext): Promise<Probe> {
  try {
    assertThreads(path, layers, context);
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    const { reason, remedy } = error.unavailable;
    return { available: false, reason, remedy };
  }
  return (layers[0] as Runner).probe(hostBox(context.workspace), context.workspace);
}

async function attempt(
  path: string,
  alias: string | undefined,
  context: ResolveContext,
): Promise<Environment | Unavailable> {
  context.onAttempt(path);
  const layers: Runner[] = parsePath(path, context.runners, context.nearest);
  try {
    return await prepareStack(path, layers, context);
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return { ...error.unavailable, ...(alias === undefined ? {} : { alias }) };
  }
}

export function isAlias(name: string): name is Alias {
  return (ALIASES as readonly string[]).includes(name);
}
