/** Users' programs as they are asked for: `exec:PROGRAM ARG…`, words after `--`, entries of a plan file. */

import { basename } from 'node:path';
import { usageError } from '../errors.ts';
import type { CommandWorkload, Metric } from '../types.ts';
import type { ValueType } from './values.ts';

/** What a user says of a program; its name may be left out. */
export interface CommandSpec extends Omit<CommandWorkload, 'id' | 'argv' | 'output' | 'runNs' | 'startNs' | 'metrics'> {
  readonly id?: string;
  readonly metrics?: readonly MetricSpec[];
}

/** A figure of a program's, by its own name. */
export interface MetricSpec extends Omit<Metric, 'id'> {
  readonly name: string;
}

/** A word of `-w`: the name of a workload or group, or a program. */
export type WorkloadWord = string | CommandSpec;

/** Of a name that is safe in files, tables and command lines. */
export const ID = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,40}$/;
/** With a program's name before it, it still is the name of a workload, of 64 characters at most. */
export const METRIC_NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,19}$/;
const FORM = /^(?:(?<id>[A-Za-z0-9][A-Za-z0-9._+-]{0,40})=)?(?<kind>exec|sh):(?<text>.*)$/s;
const EXAMPLE = "'exec:openssl speed -seconds 1', 'sh:sort data.txt | uniq -c'";

// ---------------------------------------------------------------- words

/**
 * Words of a text as a POSIX shell splits it: blanks separate, quotes and backslashes keep. Nothing is expanded; what
 * only a shell does (`|`, `>`, `$`, `*`) is refused unless quoted, because it would silently do something else.
 */
export function splitWords(text: string, flag: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  const pattern = /\s+|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)|(.)/gsy;
  for (const [whole, single, double, escaped, plain, stray] of text.matchAll(pattern)) {
    if (stray !== undefined) throw usageError(`${flag}: a quote or backslash has no end.`, text, EXAMPLE);
    const special = plain === undefined ? null : /[|&;<>()$`*?~#]/.exec(plain);
    if (special !== null) {
      const remedy = `sh:${text}, which a shell runs, or '${special[0]}' in quotes`;
      throw usageError(`${flag}: without a shell, ${special[0]} has no meaning.`, text, remedy);
    }
    const part = single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain;
    if (part !== undefined) word = `${word ?? ''}${part}`;
    else if (word !== undefined && /^\s/.test(whole)) {
      words.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** `exec:…` or `sh:…`, with `NAME=` before it or without; undefined for a text that is neither. */
export function commandSpec(text: string, flag: string): CommandSpec | undefined {
  const { id, kind, text: command = '' } = FORM.exec(text)?.groups ?? {};
  if (kind === undefined) return undefined;
  const words = kind === 'sh' ? [command.trim()] : splitWords(command, flag);
  if ((words[0] ?? '') === '') throw usageError(`${flag}: there is no program after ${kind}:.`, text, EXAMPLE);
  return {
    command: words,
    ...(id === undefined ? {} : { id }),
    ...(kind === 'sh' ? { shell: true } : {}),
  };
}

/** Workloads and programs. A program may hold commas, so it is a value of its own. */
export const WORKLOADS: ValueType<readonly WorkloadWord[]> = {
  metavar: 'list',
  forms: ['list', 'text'],
  parse: (given, flag) => {
    const items = (Array.isArray(given) ? given : [given]).flatMap((item): WorkloadWord[] => {
      if (typeof item !== 'string' || item.trim() === '') {
        throw usageError(`${flag} takes names joined by commas, or a program.`, JSON.stringify(item), 'fft,lu');
      }
      const command = commandSpec(item.trim(), flag);
      return command === undefined ? item.split(',').map((name) => name.trim()) : [command];
    });
    if (items.length > 0) return items;
    throw usageError(`${flag} takes names joined by commas, or a program.`, JSON.stringify(given), 'fft,lu');
  },
  format: (words) => words.map((word) => (typeof word === 'string' ? word : writtenCommand(word))).join(','),
};

/** As a user would write it after `-w`. */
export function writtenCommand({ id, command, shell }: Pick<CommandSpec, 'id' | 'command' | 'shell'>): string {
  const name = id === undefined ? '' : `${id}=`;
  return shell === true ? `${name}sh:${command[0]}` : `${name}exec:${commandText(command)}`;
}

/** Words as one would type them. */
export function commandText(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

// ---------------------------------------------------------------- figures of a program

const METRIC_FORM = /^(?<name>[^:=]+):(?<unit>[^:=]+):(?<better>lower|higher)=(?<from>.+)$/s;
const METRIC_EXAMPLE = "'rate:MB/s:higher=([0-9.]+) MB/s', or 'time:ms:lower=.results.mean' for JSON";

/** `NAME:UNIT:higher=PATTERN`; a pattern that begins with a dot and a name is a path in JSON. */
export const METRICS: ValueType<readonly MetricSpec[]> = {
  metavar: 'metric',
  forms: ['list', 'text'],
  parse: (given, flag) => [given].flat().map((one) => metricSpec(String(one), flag)),
  format: (metrics) => metrics.map(({ name }) => name).join(','),
};

function metricSpec(text: string, flag: string): MetricSpec {
  const { name = '', unit = '', better, from = '' } = METRIC_FORM.exec(text)?.groups ?? {};
  if (!METRIC_NAME.test(name) || unit.length > 32 || from === '') {
    throw usageError(
      `${flag} takes NAME:UNIT:lower or higher=PATTERN, with a name of at most 20 letters, digits and ._+-.`,
      text,
      METRIC_EXAMPLE,
    );
  }
  const reads = /^(\.[\w-]+)+$/.test(from) ? { json: from } : { pattern: from };
  if ('pattern' in reads) assertPattern(from, flag);
  return { name, ...reads, unit, better: better as Metric['better'] };
}

export function assertPattern(pattern: string, flag: string): void {
  try {
    new RegExp(pattern, 'gm');
  } catch (error) {
    throw usageError(`${flag}: this is no regular expression: ${(error as Error).message}`, pattern, METRIC_EXAMPLE);
  }
}

// ---------------------------------------------------------------- workloads of a plan

/** Programs under names that no other workload has; without the paths that are run, which are not known yet. */
export function namedCommands(specs: readonly CommandSpec[], known: readonly string[]): CommandWorkload[] {
  const taken = new Set(known);
  return specs.map(({ id, metrics, ...spec }) => {
    const name = id ?? freeName(spec, taken);
    const metricIds = (metrics ?? []).map((metric) => `${name}.${metric.name}`);
    for (const one of [name, ...metricIds]) {
      if (taken.has(one)) {
        throw usageError('Two workloads have this name.', one, `a name of its own: my-${name}=${writtenCommand(spec)}`);
      }
      taken.add(one);
    }
    const own = (metrics ?? []).map(({ name: _, ...metric }, index) => ({ ...metric, id: metricIds[index] as string }));
    return { ...spec, id: name, argv: [], ...(own.length === 0 ? {} : { metrics: own }) };
  });
}

/** After the program's file: `openssl`, the next one `openssl-2`. */
function freeName({ command, shell }: CommandSpec, taken: ReadonlySet<string>): string {
  const first = shell === true ? 'sh' : (command[0] ?? '');
  const base =
    basename(first)
      .replace(/[^A-Za-z0-9._+-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 36) || 'command';
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base}-${count}`;
    if (!taken.has(name)) return name;
  }
}
