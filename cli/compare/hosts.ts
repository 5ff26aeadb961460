/** What differs between the hosts of two sessions, in words: hardware, the stack on it, the bytes that were run. */

import { hostFactWords } from '../../bench/box/facts.ts';
import { canonicalJson } from '../../bench/box/machine.ts';
import type { SessionInfo } from '../../bench/session/info.ts';
import type { HostDifference } from '../../reports/model/record.ts';

const NONE = 'not known';
/** Longer lists of what one side has alone are cut. */
const MOST_NAMES = 6;

/** Everything that differs, hardware first. Facts that only one of the two programs recorded are left out. */
export function hostDifferences(before: SessionInfo, after: SessionInfo): HostDifference[] {
  return [
    ...factDifferences('hardware', before.host.hardware, after.host.hardware),
    ...factDifferences('stack', before.host.stack, after.host.stack),
    ...imageDifferences(before, after),
    ...environmentDifferences(before, after),
  ];
}

function factDifferences(part: 'hardware' | 'stack', before: object, after: object): HostDifference[] {
  const later = new Map(Object.entries(after));
  return Object.entries(before).flatMap(([key, value]) => {
    const other: unknown = later.get(key);
    if (other === undefined || canonicalJson(value) === canonicalJson(other)) return [];
    // The list says it in words.
    if (key === 'cpuFlagsSha256' && part === 'hardware') return [];
    const what = hostFactWords(part, key);
    if (isRecord(value) && isRecord(other)) return entryDifferences(part, what, value, other);
    if (isTexts(value) && isTexts(other)) return [{ part, what, ...alone(value, other) }];
    return [{ part, what, before: textOf(value), after: textOf(other) }];
  });
}

/** Entries of both by their values; those that only one side has, because the other's kernel does not know them, by their names. */
function entryDifferences(
  part: 'stack' | 'hardware',
  what: string,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): HostDifference[] {
  const differing = Object.keys(before).filter(
    (key) => Object.hasOwn(after, key) && canonicalJson(before[key]) !== canonicalJson(after[key]),
  );
  const names = alone(Object.keys(before), Object.keys(after));
  return [
    ...differing.map((key) => ({
      part,
      what: `${what}: ${key}`,
      before: textOf(before[key]),
      after: textOf(after[key]),
    })),
    ...(names.before === names.after ? [] : [{ part, what: `${what} that only one lists`, ...names }]),
  ];
}

function imageDifferences(before: SessionInfo, after: SessionInfo): HostDifference[] {
  const part = 'image';
  const rows = [
    ['Node.js binary', before.image.node, after.image.node],
    ['payload', before.image.payload, after.image.payload],
  ] as const;
  const found = rows.filter(([, one, other]) => one !== other);
  if (found.length === 0 && before.image.digest !== after.image.digest) {
    return [
      { part, what: 'other files of the image', before: short(before.image.digest), after: short(after.image.digest) },
    ];
  }
  return found.map(([what, one, other]) => ({ part, what, before: short(one), after: short(other) }));
}

/** Versions of engines, and labels such as `emulated`, of environments that both sessions have. */
function environmentDifferences(before: SessionInfo, after: SessionInfo): HostDifference[] {
  const found: HostDifference[] = [];
  const compare = (what: string, one: string, other: string) => {
    if (one !== other) found.push({ part: 'environment', what, before: one, after: other });
  };
  for (const { path, versions, labels } of before.environments) {
    const other = after.environments.find((it) => it.path === path);
    if (other === undefined) continue;
    for (const name of Object.keys(versions)) {
      compare(name === path ? name : `${path}: ${name}`, textOf(versions[name]), textOf(other.versions[name]));
    }
    const listed = (texts: readonly string[]) => [...texts].sort().join(', ') || 'none';
    compare(`${path}: labels`, listed(labels), listed(other.labels));
  }
  return found;
}

/** Of two lists what each has alone. */
function alone(before: readonly string[], after: readonly string[]): { before: string; after: string } {
  const tell = (own: readonly string[], other: readonly string[]) => {
    const only = own.filter((name) => !other.includes(name));
    if (only.length === 0) return 'none of these';
    return `${only.slice(0, MOST_NAMES).join(' ')}${only.length > MOST_NAMES ? ` and ${only.length - MOST_NAMES} more` : ''}`;
  };
  return { before: tell(before, after), after: tell(after, before) };
}

function textOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return NONE;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value))
    return value.map((one) => (isRecord(one) ? Object.values(one).join(' ') : String(one))).join(', ');
  const text = typeof value === 'object' ? canonicalJson(value) : String(value);
  return /^[0-9a-f]{64}$/.test(text) ? short(text) : text;
}

function short(digest: string): string {
  return digest.slice(0, 12) || NONE;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
