/**
 * `npm run soak [-- --minutes N --env LIST]`: one session that is kept going, watched from outside: does the harness need more
 * memory, descriptors, threads or children the longer it runs?
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../../bench/units.ts';
import { boxmark, sessionIn } from './program.ts';
import { GAUGES, type Gauge, slopeOf, trendOf } from './trend.ts';

const EVERY_MS = 10_000;
const MAIN = resolve('dist/cli/main.js');
const DEFAULT_ENVIRONMENTS = 'native,unshare,container';

interface Soak {
  readonly minutes: number;
  readonly environments: string;
}

function readOptions(argv: readonly string[]): Soak {
  const { values } = parseArgs({
    args: [...argv],
    options: { minutes: { type: 'string', default: '60' }, env: { type: 'string', default: DEFAULT_ENVIRONMENTS } },
  });
  const minutes = Number(values.minutes);
  if (!(minutes >= 1)) throw new Error(`--minutes takes a number from 1, not ${values.minutes}`);
  return { minutes, environments: values.env };
}

/** What the kernel says of the harness now; undefined once it has ended. */
function look(pid: number, session: string): Gauge | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
    if (Number.isNaN(field('VmRSS'))) return undefined;
    return {
      atMs: performance.now(),
      memoryMiB: field('VmRSS') / 1024,
      rowsMiB: statSync(join(session, 'samples.csv')).size / 2 ** 20,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      threads: field('Threads'),
      children: readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).length,
    };
  } catch {
    return undefined;
  }
}

async function watch(out: string, { minutes, environments }: Soak): Promise<{ seen: Gauge[]; code: number | null }> {
  const size = ['--blocks', '100000', '--max-time', `${minutes}m`, '--rounds', '10', '-w', 'fft,sor', '--size', 'tiny'];
  const child = spawn(process.execPath, [MAIN, 'run', '-e', environments, ...size, '--no-guard', '-q', '-o', out], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const ended = new Promise<number | null>((done) => child.on('close', done));
  const seen: Gauge[] = [];
  const timer = setInterval(() => {
    // Before the first block it prepares, and after the last it draws: neither is what a long session does for long.
    const session = sessionIn(out);
    const gauge = session === undefined || hasEnded(session) ? undefined : look(child.pid ?? 0, session);
    if (gauge !== undefined) seen.push(gauge);
  }, EVERY_MS);
  const code = await ended;
  clearInterval(timer);
  return { seen, code };
}

function hasEnded(session: string): boolean {
  return readdirSync(session).includes('manifest.json');
}

function print(seen: readonly Gauge[]): boolean {
  const line = (cells: readonly string[]) =>
    process.stdout.write(
      `${cells.map((cell, index) => (index === 0 ? cell.padEnd(15) : cell.padStart(index === 4 ? 15 : 10))).join('')}\n`,
    );
  line(['', 'start', 'end', 'per hour', 'verdict']);
  let isFlat = true;
  for (const { name, of, noise } of GAUGES) {
    const { first, last, verdict } = trendOf(seen.map(of), noise);
    isFlat &&= verdict === 'flat' || verdict === 'with the rows';
    const slope = slopeOf(seen.map((gauge) => [gauge.atMs / 3.6e6, of(gauge)]));
    line([name, first.toFixed(1), last.toFixed(1), `${slope < 0 ? '−' : '+'}${Math.abs(slope).toFixed(1)}`, verdict]);
  }
  return isFlat;
}

async function main(): Promise<number> {
  const soak = readOptions(process.argv.slice(2));
  const out = mkdtempSync('/var/tmp/boxmark-soak-');
  try {
    const { seen, code } = await watch(out, soak);
    const dir = sessionIn(out);
    if (code !== 0 || dir === undefined) {
      process.stderr.write(`soak: the run ended with ${code}\n`);
      return 1;
    }
    const { blocksCompleted } = JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8')) as {
      blocksCompleted: number;
    };
    const spans = seen.slice(1).map(({ atMs }, index) => atMs - (seen[index]?.atMs ?? 0));
    const every = (median(spans) / 1000).toFixed(0);
    process.stdout.write(
      `${blocksCompleted} blocks, ${seen.length} looks, one every ${every} s: ${soak.environments}\n`,
    );
    const isFlat = print(seen);
    const check = await boxmark('check', dir);
    if (check.code !== 0) process.stderr.write(`soak: check ended with ${check.code}: ${check.stdout}\n`);
    return isFlat && check.code === 0 ? 0 : 1;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    process.stderr.write(`soak: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 2;
  },
);
