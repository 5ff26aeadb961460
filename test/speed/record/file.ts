/** `bench.json`: what a run of the benches found, on which host and how busy it was. */

import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { type BoxmarkError, usageError } from '../../../bench/errors.ts';
import { UNITS } from './goals.ts';

export const BENCH_SCHEMA = 1;

const text = z.string().max(300);
const number = z.number();

const figure = z.strictObject({
  id: z.string().max(100),
  unit: z.enum(UNITS),
  value: number,
  low: number.nullable(),
  high: number.nullable(),
  count: z.int().positive(),
});

const run = z.strictObject({
  /** Name of the bench, with the options that this form of it has. */
  name: text,
  seconds: number.nonnegative(),
  /** Null when it came to its end. */
  failure: text.nullable(),
});

const load = z.tuple([number, number, number]);

export const benchSchema = z.strictObject({
  schema: z.literal(BENCH_SCHEMA),
  kind: z.literal('boxmark-bench'),
  startedAt: z.iso.datetime(),
  seconds: number.nonnegative(),
  /** All benches of the whole, or some by name. */
  whole: z.boolean(),
  /** Null outside a clone; `-dirty` when files had changed. */
  commit: text.nullable(),
  host: z.strictObject({
    cpu: text.nullable(),
    cpus: z.int().positive(),
    memoryGib: number.nullable(),
    hypervisor: text.nullable(),
    kernel: text,
    distribution: text.nullable(),
    node: text,
    v8: text,
    /** First line of what a peer says of its version; null where it is not installed. */
    peers: z.record(z.string(), text.nullable()),
    /** Load averages over 1, 5 and 15 minutes, before the first bench and after the last. */
    loadBefore: load,
    loadAfter: load,
  }),
  runs: z.array(run),
  figures: z.array(figure),
});

export type BenchFile = z.infer<typeof benchSchema>;
export type BenchHost = BenchFile['host'];
export type BenchRun = BenchFile['runs'][number];

export function writeBench(path: string, bench: BenchFile): void {
  writeFileSync(path, `${JSON.stringify(benchSchema.parse(bench), null, 2)}\n`);
}

/** @throws BoxmarkError for a file that isn't there, is no JSON, is something else, or has another schema */
export function readBench(path: string): BenchFile {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const what = error instanceof SyntaxError ? 'Not JSON.' : 'A file of benches that can’t be read.';
    throw unreadable(what, `${path}: ${error instanceof Error ? error.message : error}`);
  }
  const { kind, schema } = (value ?? {}) as { kind?: unknown; schema?: unknown };
  if (kind !== 'boxmark-bench') throw unreadable('JSON, but not from npm run bench.', path);
  if (schema !== BENCH_SCHEMA) throw unreadable(`A file of another schema than ${BENCH_SCHEMA}.`, `${path}: ${schema}`);
  const parsed = benchSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable('A changed or cut file of benches.', `${path}: ${issue?.path.join('.')}: ${issue?.message}`);
}

function unreadable(what: string, received: string): BoxmarkError {
  return usageError(what, received, 'a file that npm run bench -- --write FILE has written');
}
