/** What `npm run bench` is asked for. */

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { usageError } from '../../bench/errors.ts';
import { SIZES } from '../../bench/types.ts';
import { BENCHES, type Options } from './benches.ts';
import { FILES, FLAGS, LISTS, WHOLE_FILE } from './usage.ts';

export interface Wish {
  /** Names of benches; empty for the whole. */
  readonly names: readonly string[];
  readonly options: Options;
  /** Where the figures go. */
  readonly write: string | undefined;
  /** An older file, to compare with. */
  readonly compare: string | undefined;
  /** A file to read instead of measuring. */
  readonly read: string | undefined;
}

const COUNTS = ['processes', 'bursts', 'sessions', 'starts', 'turns'] as const;

/** @throws BoxmarkError for what it doesn't know */
export function readArguments(words: readonly string[]): Wish {
  const { values, positionals: names } = parsed(words);
  const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
  if (unknown.length > 0) throw usageError('No such bench.', unknown.join(', '), Object.keys(BENCHES).join(', '));
  const size = SIZES.find((one) => one === values.size);
  if (values.size !== undefined && size === undefined) throw usageError('No such size.', values.size, SIZES.join(', '));
  const counts = COUNTS.map((name) => [name, countOf(name, values[name])] as const);
  const lists = Object.entries(LISTS).map(([name, known]) => [name, listed(name, values[name], known)] as const);
  const nodes = programsOf('nodes', values.nodes);
  const given = [['size', size] as const, ['nodes', nodes] as const, ...counts, ...lists].filter(
    ([, value]) => value !== undefined,
  );
  refuseIgnored(
    names,
    given.map(([name]) => name),
  );
  const [write, compare, read] = FILES.map((name) => fileOf(name, values[name]));
  if (read !== undefined && (names.length > 0 || given.length > 0 || write !== undefined)) {
    throw usageError('--read measures nothing.', words.join(' '), '--read NEW.json --compare OLD.json');
  }
  const isWhole = names.length === 0 && read === undefined;
  return {
    names,
    options: Object.fromEntries(given),
    write: write ?? (isWhole ? WHOLE_FILE : undefined),
    compare,
    read,
  };
}

/** @throws BoxmarkError for an option that none of the benches takes: who gives it believes that it has an effect */
function refuseIgnored(names: readonly string[], given: readonly string[]): void {
  const benches = names.length === 0 ? Object.keys(BENCHES) : names;
  const taken: ReadonlySet<string> = new Set(['turns', ...benches.flatMap((name) => BENCHES[name]?.takes ?? [])]);
  const ignored = given.filter((name) => !taken.has(name)).map((name) => `--${name}`);
  if (ignored.length === 0) return;
  const known = [...taken].map((name) => `--${name}`).join(', ');
  throw usageError(`${benches.join(' and ')} would ignore an option.`, ignored.join(', '), known);
}

function parsed(words: readonly string[]) {
  const names = Object.keys(FLAGS);
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    });
    return { values: values as Readonly<Record<string, string | undefined>>, positionals };
  } catch (error) {
    const known = names.map((name) => `--${name}`).join(', ');
    throw usageError(error instanceof Error ? error.message : String(error), words.join(' '), known);
  }
}

function countOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw usageError(`--${name} takes a number above 0.`, text, `--${name} 4`);
  return Number(text);
}

function listed(name: string, text: string | undefined, known: readonly string[]): readonly string[] | undefined {
  const unknown = text?.split(',').filter((one) => !known.includes(one)) ?? [];
  if (unknown.length > 0) throw usageError(`--${name} takes a list.`, unknown.join(', '), known.join(','));
  return text?.split(',');
}

function programsOf(name: string, text: string | undefined): readonly string[] | undefined {
  const missing = text?.split(',').filter((path) => !existsSync(path)) ?? [];
  if (missing.length > 0) throw usageError(`--${name} takes paths of programs.`, missing.join(', '), process.execPath);
  return text?.split(',');
}

function fileOf(name: string, text: string | undefined): string | undefined {
  if (text === '') throw usageError(`--${name} takes the name of a file.`, '', `--${name} ${WHOLE_FILE}`);
  return text;
}
