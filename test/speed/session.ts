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
    const dir = join(out, readdirSync(out)[0] ?? '');
    const table = (name: string) => parse(readFileSync(join(dir, name)), { columns: true }) as Row[];
    const info = JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8')) as {
      startedAt: string;
      finishedAt: string;
    };
    return {
      samples: table('samples.csv'),
      starts: table('starts.csv'),
      contrasts: table('contrasts.csv'),
      seconds: (Date.parse(info.finishedAt) - Date.parse(info.startedAt)) / 1000,
    };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

export function boxmark(args: readonly string[]) {
  const main = resolve('dist/cli/main.js');
  return promisify(execFile)(process.execPath, [main, ...args], { maxBuffer: 64 << 20 });
}
