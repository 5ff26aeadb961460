/** Checks a claim's conditions against a session: fields of the session, looked up by name and compared. */

import type { BoxFacts, Plan, Traits } from '../../types.ts';
import { parseCpuList } from '../../units.ts';
import type { Pair } from './pairs.ts';
import { type Condition, OPERATORS } from './schema.ts';

/** What conditions can look at. */
export interface ClaimGround {
  readonly plan: Plan;
  readonly environments: readonly {
    readonly path: string;
    readonly labels: readonly string[];
    readonly traits: Traits;
    readonly versions?: Readonly<Record<string, string>>;
    readonly facts: BoxFacts | null;
  }[];
  readonly host?: { readonly hardware?: object; readonly stack?: object };
}

type Value = string | number | boolean;

/** A field that the session does not record is undefined: a condition on it fails, whatever it asks. */
type Found = Value | readonly string[] | undefined;

/** The reason of the first condition that fails: `needs KVM: labels of uml: guest kernel`. Null when none fails. */
export function failingCondition(conditions: readonly Condition[], ground: ClaimGround, pair: Pair): string | null {
  for (const condition of conditions) {
    const found = lookUp(condition.field, ground, pair);
    const other = condition.same_as === undefined ? undefined : lookUp(condition.same_as, ground, pair);
    if (found !== undefined && holds(condition, found, other)) continue;
    const seen = [seenText(condition.field, found, ground, pair)];
    if (condition.same_as !== undefined) seen.push(seenText(condition.same_as, other, ground, pair));
    return `needs ${condition.needs}: ${seen.join(', ')}`;
  }
  return null;
}

/** The value of a field for a pair; a label list comes as a list, with no label as an empty one. */
export function lookUp(field: string, { plan, environments, host }: ClaimGround, pair: Pair): Found {
  const [head = '', part = '', name = ''] = field.split('.');
  switch (head) {
    case 'size':
    case 'profile':
    case 'schedule':
    case 'kernels':
      return plan[head];
    case 'cpus':
      return plan.limits?.cpus.length; // A session of another version may be without what its types promise.
    case 'host':
      return scalar(own(host?.[part as 'hardware' | 'stack'], name));
    default: {
      const path = head === 'numerator' ? pair.numerator : pair.denominator;
      const environment = environments.find((it) => it.path === path);
      if (environment === undefined) return undefined;
      if (part === 'path') return environment.path;
      if (part === 'labels') return environment.labels;
      if (part === 'traits') return scalar(own(environment.traits, name));
      if (part === 'cpus') return cpuCount(environment.facts);
      return scalar(own(part === 'facts' ? environment.facts : environment.versions, name));
    }
  }
}

function holds(condition: Condition, found: NonNullable<Found>, other: Found): boolean {
  const operator = OPERATORS.find((it) => condition[it] !== undefined);
  const texts = (typeof found === 'object' ? found : [found]).map(String);
  const listed = (values: unknown) => [values].flat().map(String);
  switch (operator) {
    case 'is':
      return texts.some((text) => listed(condition.is).includes(text));
    case 'is_not':
      return !texts.some((text) => listed(condition.is_not).includes(text));
    case 'has':
      return texts.some((text) => text.includes(condition.has ?? ''));
    case 'lacks':
      return !texts.some((text) => text.includes(condition.lacks ?? ''));
    case 'at_least':
      return texts.every((text) =>
        listed(condition.at_least).every((limit) => (compareVersions(text, limit) ?? -1) >= 0),
      );
    case 'below':
      return texts.every((text) => listed(condition.below).every((limit) => (compareVersions(text, limit) ?? 1) < 0));
    case 'same_as':
      return other !== undefined && JSON.stringify(found) === JSON.stringify(other);
    default:
      return false;
  }
}

/** Words in a version that come before the release they name: 1.2rc1 is below 1.2. */
const BEFORE_RELEASE = ['dev', 'a', 'alpha', 'b', 'beta', 'pre', 'preview', 'c', 'rc'];

/**
 * Numbers and versions, part by part: 2.11.1 is below 4, 10 above 9.2, v20.20.2 and 6.1.0-13-amd64 are versions, 1.2rc1 is
 * below 1.2. Undefined when one of them is neither.
 */
export function compareVersions(a: string, b: string): number | undefined {
  const [left, right] = [versionParts(a), versionParts(b)];
  if (left === undefined || right === undefined) return undefined;
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Numbers, with words that come before a release as negative ones; any other word ends the version. */
function versionParts(text: string): number[] | undefined {
  const version = /^v?(\d.*)$/i.exec(text.trim())?.[1];
  if (version === undefined) return undefined;
  const parts: number[] = [];
  for (const [part] of version.matchAll(/\d+|[a-z]+/gi)) {
    const rank = BEFORE_RELEASE.indexOf(part.toLowerCase());
    if (/^\d/.test(part)) parts.push(Number(part));
    else if (rank >= 0) parts.push(rank - BEFORE_RELEASE.length);
    else break;
  }
  return parts;
}

/** Shows the environment's labels instead of a trait, because they are words. */
function seenText(field: string, found: Found, ground: ClaimGround, pair: Pair): string {
  const labels = field.replace(/\.traits\.\w+$/, '.labels');
  return labels === field ? describe(field, found, pair) : describe(labels, lookUp(labels, ground, pair), pair);
}

function describe(field: string, found: Found, pair: Pair): string {
  const [head, ...rest] = field.split('.');
  const side = head === 'numerator' ? pair.numerator : head === 'denominator' ? pair.denominator : null;
  const what = side === null ? field.replaceAll('.', ' ') : `${rest.join(' ').replaceAll('_', ' ')} of ${side}`;
  if (found === undefined) return `${what} not known`;
  return `${what}: ${typeof found === 'object' ? found.join(', ') || 'none' : found}`;
}

function cpuCount(facts: BoxFacts | null): number | undefined {
  const list = facts?.cpus_allowed;
  if (typeof list !== 'string') return undefined;
  try {
    return parseCpuList(list, 'cpus_allowed').length;
  } catch {
    return undefined;
  }
}

function own(object: object | null | undefined, name: string): unknown {
  return object && Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
}

function scalar(value: unknown): Value | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}
