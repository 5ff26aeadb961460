/** Runs a session of the built program in a temporary folder and reads its tables. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';

export type Row = Readonly<Record<string, string>>;

export interface BenchSession {
  readonly samples: readonly Row[];
  readonly starts: readonly Row[];
  readonly contrasts: readonly Row[];
  readonly seconds: number;
}

/** Environments of the ladder that can run here, as `doctor` finds them. */
export async function runnable(wanted: readonly string[]): Promise<string[]> {
  const { stdout } = await boxmark(['doctor', '--json', '-q']);
  const { environments } = JSON.parse(stdout) as { environments: { path: string; available: boolean }[] };
  const can = new Set(environments.filter(({ available }) => available).map(({ path }) => path));
  return wanted.filter((path) => can.has(path));
}

export async function runSession(args: readonly string[]): Promise<BenchSession> {
  const out = mkdtempSync('/var/tmp/boxmark-bench-');
  try {
    await boxmark(['run', ...args, '-q', '-o', out, '--keep-going']);
    const { samples, starts, contrasts, info } = readTables(out);
    const seconds = (Date.parse(info.finishedAt) - Date.parse(info.startedAt)) / 1000;
    return { samples, starts, contrasts, seconds };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** The only session below `out`. */
export function readTables(out: string): Omit<BenchSession, 'seconds'> & {
  readonly info: { readonly startedAt: string; readonly finishedAt: string };
} {
  const dir = join(out, readdirSync(out)[0] ?? '');
  const table = (name: string) => parse(readFileSync(join(dir, name)), { columns: true }) as Row[];
  return {
    samples: table('samples.csv'),
    starts: table('starts.csv'),
    contrasts: table('contrasts.csv'),
    info: JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8')),
  };
}

/** Until sessions that were written lately count as settled, so that what is read of them is kept. */
export const SETTLED_MS = 2500;

export const MAIN = resolve('dist/cli/main.js');

export const boxmark = (args: readonly string[]) => node([MAIN, ...args]);

/** A program of Node.js, and what it printed. Rejects where it ends with another code than 0. */
export function node(argv: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  return promisify(execFile)(process.execPath, argv, { env, maxBuffer: 1 << 30 });
}
