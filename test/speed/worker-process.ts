/** Resident processes for the kernel benches: the C kernels, built here, and Boxmark's, bundled here, with line-based requests. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import type { KernelEngine, Size } from '../../bench/types.ts';

/** What C kernels are built with: loops aligned, as LU in C is up to 1.4 times slower with an unlucky layout; no FMA. */
export const C_FLAGS = ['-O3', '-falign-functions=64', '-falign-loops=64', '-ffp-contract=off'];

/** A process that runs bursts. */
export interface Worker {
  /** Time of one burst of `passes` passes, in ns. */
  burst(id: string, passes: number): Promise<number>;
  /** FNV-1a 64 of the kernel's state. */
  checksum(id: string): Promise<string>;
  close(): Promise<void>;
}

/** Programs made for a bench, in a folder that `dispose` removes. */
export interface Programs {
  /** Undefined when there is no C compiler. */
  readonly c: readonly string[] | undefined;
  readonly compiler: string | undefined;
  /** `node` runs it, by default that of this process. */
  own(kernels: KernelEngine, node?: string): readonly string[];
  dispose(): Promise<void>;
}

/** Builds the C kernels, if a compiler is there and they are wanted, and bundles its own. */
export async function buildPrograms(withC: boolean): Promise<Programs> {
  const folder = join(findRoot(), 'test', 'speed');
  const target = await mkdtemp(join(tmpdir(), 'boxmark-speed-'));
  const dispose = () => rm(target, { recursive: true, force: true });
  try {
    const bundle = join(target, 'worker.cjs');
    await build({
      entryPoints: [join(folder, 'worker.ts')],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      loader: { '.wasm': 'binary' },
      logLevel: 'error',
    });
    const compiler = withC ? findCompiler() : undefined;
    const binary = join(target, 'kernels');
    if (compiler) {
      const sources = (await readdir(join(folder, 'c'))).filter((name) => name.endsWith('.c')).sort();
      execFileSync(compiler.command, [...C_FLAGS, ...sources, '-lm', '-o', binary], { cwd: join(folder, 'c') });
    }
    const own = (kernels: KernelEngine, node = process.execPath) => [node, bundle, kernels];
    return { c: compiler ? [binary] : undefined, compiler: compiler?.version, own, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Starts a process; all are pinned to the last CPU where `taskset` exists, so that a pair shares one core's luck. `clock` times bursts. */
export async function startWorker(
  argv: readonly string[],
  size: Size,
  ids: readonly string[],
  clock: 'wall' | 'cpu' = 'wall',
): Promise<Worker> {
  const [command, ...args] = [...pinning(), ...argv, size, ...ids] as [string, ...string[]];
  const env = { ...process.env, BOXMARK_BENCH_CLOCK: clock };
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${argv.join(' ')} ended without an answer`);
    return value;
  };
  const ask = (line: string): Promise<string> => {
    child.stdin.write(`${line}\n`);
    return answer();
  };
  try {
    await answer();
  } catch (error) {
    await end(child, ended);
    throw error;
  }
  return {
    burst: async (id, passes) => Number(await ask(`${id} ${passes}`)),
    checksum: (id) => ask(`${id} sum`),
    close: () => end(child, ended),
  };
}

/**
 * Warms a kernel up in many short calls, so that V8 has compiled it for good, and returns the number of passes that
 * take about `burstNs`.
 */
export async function warmUp(worker: Worker, id: string, burstNs: number, warmupNs: number): Promise<number> {
  let passes = 1;
  let spentNs = 0;
  let elapsedNs = 0;
  for (let call = 0; call < 20 || spentNs < warmupNs; call++) {
    elapsedNs = await worker.burst(id, passes);
    spentNs += elapsedNs;
    if (elapsedNs < burstNs / 8) passes *= 2;
    if (spentNs > 4 * warmupNs) break;
  }
  return Math.max(1, Math.round((passes * burstNs) / elapsedNs));
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.stdin?.end();
  const killer = setTimeout(() => child.kill('SIGKILL'), 2000);
  await ended;
  clearTimeout(killer);
}

/** The package's folder: this file may run from a bundle elsewhere, so the working directory counts as well. */
export function findRoot(): string {
  for (const start of [import.meta.dirname, process.cwd()]) {
    for (let folder = start; folder; folder = dirname(folder)) {
      if (existsSync(join(folder, 'test', 'speed', 'c', 'driver.c'))) return folder;
      if (folder === dirname(folder)) break;
    }
  }
  throw new Error('The kernels to measure were not found: run this from the folder of the package');
}

export function findCompiler(): { command: string; version: string } | undefined {
  for (const command of ['gcc', 'cc', 'clang']) {
    try {
      const text = execFileSync(command, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      return { command, version: text.split('\n')[0] ?? command };
    } catch {
      // Not installed; the next one may be.
    }
  }
  return undefined;
}

export function pinning(): string[] {
  if (process.platform !== 'linux' || availableParallelism() < 2) return [];
  try {
    const list = execFileSync('taskset', ['-pc', `${process.pid}`], { encoding: 'utf8' });
    const last = /(\d+)\s*$/.exec(list)?.[1];
    return last === undefined ? [] : ['taskset', '-c', last];
  } catch {
    return [];
  }
}
