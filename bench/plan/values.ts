/** Types of values of flags: how text becomes a value, the message for a wrong one, what a plan file may contain. */

import { nearest, usageError } from '../errors.ts';
import type { Contrast } from '../types.ts';
import {
  formatNs,
  formatPercent,
  type PercentBounds,
  parseBytes,
  parseCount,
  parseCpuList,
  parseDurationNs,
  parsePercent,
} from '../units.ts';

/** What a plan file may contain: YAML has numbers, booleans and lists where a command line has only text. */
export type Form = 'text' | 'number' | 'boolean' | 'list';

export interface ValueType<T = unknown> {
  /** Placeholder for the value in help; empty for a flag that takes none. */
  readonly metavar: string;
  readonly forms: readonly Form[];
  /** For editors that check a plan file as it is typed. */
  readonly pattern?: RegExp;
  /** Of whole numbers, for the same editors. */
  readonly range?: { readonly least: number; readonly most: number };
  /** All values, each with a few words where its name needs an explanation. */
  readonly choices?: Readonly<Record<string, string>>;
  /** Throws a usage error that names the flag. */
  parse(given: unknown, flag: string): T;
  /** As a user would write it. */
  format(value: T): string;
}

/** A flag without a value. */
export const ON: ValueType<boolean> = {
  metavar: '',
  forms: ['boolean'],
  parse: (given, flag) => {
    if (typeof given === 'boolean') return given;
    throw usageError(`${flag} is true or false.`, JSON.stringify(given), 'true');
  },
  format: String,
};

/** Any text: a path, the name of an environment. */
export const text = (metavar: string, example: string): ValueType<string> => ({
  metavar,
  forms: ['text'],
  parse: (given, flag) => textOf(given, flag, 'a text', example),
  format: String,
});

/** A SHA-256, in lower case as it is printed. */
export const DIGEST: ValueType<string> = {
  metavar: 'hex',
  forms: ['text'],
  pattern: /^\s*[0-9a-fA-F]{64}\s*$/,
  parse: (given, flag) => {
    const digest = scalarOf(given, flag, 'the 64 hex digits of a SHA-256', '3f7c…').trim().toLowerCase();
    if (/^[0-9a-f]{64}$/.test(digest)) return digest;
    throw usageError(
      `${flag} takes the 64 hex digits of a SHA-256.`,
      digest,
      'the line "Seal:" of boxmark run or boxmark check',
    );
  },
  format: String,
};

/** An address of the web. */
export const WEB: ValueType<string> = {
  metavar: 'url',
  forms: ['text'],
  parse: (given, flag) => {
    const example = 'https://example.org/hook';
    const url = textOf(given, flag, 'an address that begins with http:// or https://', example);
    if (URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)) return url;
    throw usageError(`${flag} takes an address that begins with http:// or https://.`, url, example);
  },
  format: String,
};

/** Names joined by commas; in a plan file also a list. */
export const names = (metavar: string, example: string): ValueType<readonly string[]> => ({
  metavar,
  forms: ['list', 'text'],
  parse: (given, flag) => listOf(given, flag, 'names joined by commas', example),
  format: (values) => values.join(','),
});

/** `kind=worker`: labels and their values. */
export const LABELS: ValueType<Readonly<Record<string, string>>> = {
  metavar: 'label=value',
  forms: ['list', 'text'],
  parse: (given, flag) => {
    const pairs = listOf(given, flag, 'labels with their values', 'kind=worker').map((label) => {
      const [, name, value] = /^([^=\s]+)=(.*)$/.exec(label) ?? [];
      if (name === undefined || value === undefined)
        throw usageError(`${flag} takes a label and its value.`, label, 'kind=worker');
      return [name, value] as const;
    });
    return Object.fromEntries(pairs);
  },
  format: (labels) =>
    Object.entries(labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(','),
};

/** `docker/docker..uml`: two environments to compare. */
export const PAIRS: ValueType<readonly Contrast[]> = {
  metavar: 'A..B',
  forms: ['list', 'text'],
  parse: (given, flag) => {
    const takes = 'a pair of environments';
    const example = `${flag} docker/docker..uml`;
    return listOf(given, flag, takes, example).map((pair) => {
      const [env, baseline, ...more] = pair.split('..');
      if (env && baseline && more.length === 0) return { env, baseline };
      throw usageError(`${flag} takes ${takes}.`, pair, example);
    });
  },
  format: (pairs) => pairs.map(({ env, baseline }) => `${env}..${baseline}`).join(','),
};

/** One of these names. */
export function choice<T extends string>(choices: Readonly<Record<T, string>>, metavar = 'name'): ValueType<T> {
  const known = Object.keys(choices) as T[];
  return {
    metavar,
    forms: ['text'],
    choices,
    parse: (given, flag) => oneOf(known, given, flag),
    format: String,
  };
}

/** Some of these names, joined by commas. */
export function choices<T extends string>(meanings: Readonly<Record<T, string>>): ValueType<readonly T[]> {
  const known = Object.keys(meanings) as T[];
  return {
    metavar: 'list',
    forms: ['list', 'text'],
    choices: meanings,
    parse: (given, flag) => {
      const listed = listOf(given, flag, `some of ${known.join(', ')}`, known.slice(0, 2).join(','));
      return [...new Set(listed.map((name) => oneOf(known, name, flag)))];
    },
    format: (values) => values.join(','),
  };
}

export const count = (least: number, most: number): ValueType<number> => ({
  metavar: 'n',
  range: { least, most },
  forms: ['number', 'text'],
  parse: (given, flag) => {
    const written = scalarOf(given, flag, `a whole number from ${least} to ${most}`, `${flag} ${Math.max(least, 6)}`);
    return parseCount(written, flag, least, most);
  },
  format: String,
});

/** Whole numbers, ascending, each once. */
export const counts = (least: number, most: number, example: string): ValueType<readonly number[]> => ({
  metavar: 'list',
  range: { least, most },
  forms: ['list', 'number', 'text'],
  parse: (given, flag) => {
    const listed = listOf(given, flag, 'whole numbers joined by commas', example);
    return [...new Set(listed.map((one) => parseCount(one, flag, least, most)))].sort((a, b) => a - b);
  },
  format: (values) => values.join(','),
});

/** Numbers above 0, ascending, each once. */
export const rates = (most: number, example: string): ValueType<readonly number[]> => ({
  metavar: 'list',
  forms: ['list', 'number', 'text'],
  parse: (given, flag) => {
    const takes = `numbers above 0 and up to ${most}, joined by commas`;
    const values = listOf(given, flag, takes, example).map((written) => {
      const value = Number(written);
      if (/^\d+(\.\d+)?$/.test(written) && value > 0 && value <= most) return value;
      throw usageError(`${flag} takes ${takes}.`, written, `${flag} ${example}`);
    });
    return [...new Set(values)].sort((a, b) => a - b);
  },
  format: (values) => values.join(','),
});

export const PERCENT = percentWithin({});

export function percentWithin(bounds: PercentBounds): ValueType<number> {
  return {
    metavar: 'percent',
    forms: ['text'],
    pattern: /^\s*\d+(\.\d+)?\s*%\s*$/,
    parse: (given, flag) => parsePercent(scalarOf(given, flag, 'a percentage', bounds.example ?? '1%'), flag, bounds),
    format: formatPercent,
  };
}

export const PERCENTS: ValueType<readonly number[]> = {
  metavar: 'list',
  forms: ['list', 'text'],
  parse: (given, flag) =>
    listOf(given, flag, 'percentages joined by commas', '1%,2%').map((one) => parsePercent(one, flag)),
  format: (values) => values.map(formatPercent).join(','),
};

/** Nanoseconds. Bounds are written like values. */
export function time(bounds?: { readonly least: string; readonly most: string }): ValueType<number> {
  return {
    metavar: 'time',
    forms: ['text'],
    pattern: /^\s*\d+(\.\d+)?\s*(ns|us|ms|s|m|h)\s*$/,
    parse: (given, flag) => {
      const written = scalarOf(given, flag, 'a time with its unit', '10ms, 60s, 5m');
      const ns = parseDurationNs(written, flag);
      if (bounds === undefined) return ns;
      const [least, most] = [parseDurationNs(bounds.least, flag), parseDurationNs(bounds.most, flag)];
      if (ns >= least && ns <= most) return ns;
      throw usageError(
        `${flag} takes a time from ${bounds.least} to ${bounds.most}.`,
        written,
        ns < least ? bounds.least : bounds.most,
      );
    },
    format: formatNs,
  };
}

/** Bytes. */
export const SIZE: ValueType<number> = {
  metavar: 'size',
  forms: ['text'],
  pattern: /^\s*\d+(\.\d+)?\s*([bB]|[kmgtKMGT]([iI]?[bB])?)\s*$/,
  parse: (given, flag) => parseBytes(scalarOf(given, flag, 'an amount of memory with its unit', '512m, 2g'), flag),
  format: (bytes) => `${bytes / 2 ** 20}m`,
};

export const CPUS: ValueType<readonly number[]> = {
  metavar: 'list',
  forms: ['number', 'text'],
  parse: (given, flag) => parseCpuList(scalarOf(given, flag, 'a list of CPUs', '1 or 0,2-3'), flag),
  format: (cpus) => cpus.join(','),
};

function oneOf<T extends string>(known: readonly T[], given: unknown, flag: string): T {
  const found = known.find((name) => name === given);
  if (found !== undefined) return found;
  const shown = typeof given === 'string' ? given : JSON.stringify(given);
  throw usageError(`${flag} takes ${orList(known)}${nearest(shown, known)}.`, shown, known.join(', '));
}

/** `tiny, small or large`. */
export function orList(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

function textOf(given: unknown, flag: string, takes: string, example: string): string {
  if (typeof given === 'string' && given.trim() !== '') return given;
  throw usageError(`${flag} takes ${takes}.`, JSON.stringify(given), example);
}

function scalarOf(given: unknown, flag: string, takes: string, example: string): string {
  return typeof given === 'number' ? String(given) : textOf(given, flag, takes, example);
}

function listOf(given: unknown, flag: string, takes: string, example: string): string[] {
  const items = Array.isArray(given) ? given : scalarOf(given, flag, takes, example).split(',');
  const texts = items.map((item) => scalarOf(item, flag, takes, example).trim());
  if (texts.length > 0) return texts;
  throw usageError(`${flag} takes ${takes}.`, JSON.stringify(given), example);
}
