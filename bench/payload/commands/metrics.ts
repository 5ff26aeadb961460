/** Figures that a program prints, read from its output. */

import { excerpt } from '../excerpt.ts';

/** Where a figure stands in an output, and what counts as the better one. */
export interface MetricReader {
  readonly id: string;
  readonly pattern?: string | undefined;
  readonly json?: string | undefined;
  readonly better: 'lower' | 'higher';
}

/** More of an output than this is not searched: a pattern can take long on a long text. */
const SEARCHED_CHARS = 1 << 20;

/** The figure in one output. Throws with the reason where there is none that a ratio can be taken of. */
export function readMetric({ id, pattern, json }: MetricReader, output: string): number {
  const found = json === undefined ? byPattern(pattern ?? '', output) : byPath(json, output);
  if (found === undefined) {
    const what = json === undefined ? `the pattern ${pattern} matches nothing in` : `there is nothing at ${json} in`;
    throw new Error(`${id}: ${what} what it prints: ${quoted(output)}`);
  }
  const text = String(found)
    .trim()
    .replace(/,(?=\d{3}\b)/g, '');
  const value = text === '' ? Number.NaN : Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`${id}: ${JSON.stringify(text.slice(0, 40))} is not a number above 0, as a ratio needs`);
}

/** The mean of the figures of several runs: of rates the harmonic one, which goes with equal work in each. */
export function meanOf(values: readonly number[], better: MetricReader['better']): number {
  if (better === 'lower') return values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.length / values.reduce((sum, value) => sum + 1 / value, 0);
}

/** The last match: programs print their totals at the end. */
function byPattern(pattern: string, output: string): string | undefined {
  let last: string | undefined;
  for (const match of output.slice(-SEARCHED_CHARS).matchAll(new RegExp(pattern, 'gm'))) last = match[1] ?? match[0];
  return last;
}

/** `.results.0.mean` of a JSON document. */
function byPath(path: string, output: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    return undefined;
  }
  for (const key of path.split('.').filter((part) => part !== '')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return typeof value === 'number' || typeof value === 'string' ? value : undefined;
}

/** A piece of a program's output, in quotes. */
export function quoted(text: string): string {
  const piece = excerpt(text);
  return piece === '' ? 'nothing' : JSON.stringify(piece);
}
