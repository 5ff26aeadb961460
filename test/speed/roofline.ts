/** Kernels under several versions of Node.js against what this processor can do: the figures of docs/kernels.md. */

import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Size } from '../../bench/types.ts';
import { type Figures, measureKernels } from './kernels.ts';
import type { Measured, Roofs, Run } from './roofline-figures.ts';
import { buildPrograms, C_FLAGS, findCompiler, findRoot, pinning } from './worker-process.ts';

export interface RooflineOptions {
  /** Executables of Node.js that run the engines, the one of this process by default. */
  readonly nodes?: readonly string[];
  readonly processes?: number;
  readonly bursts?: number;
}

const FILE = 'docs/kernels.json';
const SIZES_MEASURED = ['small', 'large'] as const satisfies readonly Size[];

export async function benchRoofline(print: (line: string) => void, options: RooflineOptions = {}): Promise<void> {
  const { nodes = [process.execPath], processes = 4, bursts } = options;
  const programs = await buildPrograms(true);
  try {
    const before = loadavg()[0]!;
    const roofs = await measureRoofs();
    const runs: Run[] = [];
    for (const node of nodes) {
      for (const size of SIZES_MEASURED) {
        const few = size === 'large' ? { processes: Math.ceil(processes / 2), bursts: 4 } : {};
        const figures = await measureKernels(programs, {
          processes,
          bursts: bursts ?? 15,
          ...few,
          size,
          node,
          clock: 'cpu',
        });
        runs.push({ ...versionsOf(node), size, kernels: figures.map(rounded) });
        print(
          `  ${runs.at(-1)!.node} ${size}: ${figures.map(({ id, best }) => `${id} ${best.wasm.toFixed(0)}`).join(', ')}`,
        );
      }
    }
    const measured: Measured = {
      measured: new Date().toISOString().slice(0, 10),
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cpus: cpus().length,
      load: [before, loadavg()[0]!].map((load) => Number(load.toFixed(1))),
      compiler: programs.compiler ?? 'unknown',
      flags: C_FLAGS.join(' '),
      roofs,
      runs,
    };
    await writeFile(join(findRoot(), FILE), `${JSON.stringify(measured, null, 2)}\n`);
    print(`  written: ${FILE}; the page follows with npx vitest run test/docs/kernels.test.ts -u`);
  } finally {
    await programs.dispose();
  }
}

/** Rates in GFLOPS and GB/s, latencies in ns, each the best of many short repeats. */
async function measureRoofs(): Promise<Roofs> {
  const folder = await mkdtemp(join(tmpdir(), 'boxmark-roof-'));
  try {
    const binary = join(folder, 'roof');
    const source = join(findRoot(), 'test', 'speed', 'roof', 'roof.c');
    execFileSync(findCompiler()!.command, ['-O3', '-ffp-contract=off', source, '-o', binary]);
    const argv = [...pinning(), binary];
    const lines = execFileSync(argv[0]!, argv.slice(1), { encoding: 'utf8' }).trim().split('\n');
    return Object.fromEntries(
      lines.map((line) => {
        const [name, value] = line.split(' ');
        return [name, Number(value)];
      }),
    ) as unknown as Roofs;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function versionsOf(node: string): { node: string; v8: string } {
  const text = execFileSync(node, ['-p', 'process.version + " " + process.versions.v8'], { encoding: 'utf8' });
  const [version = '', v8 = ''] = text.trim().split(' ');
  return { node: version, v8 };
}

function rounded({ id, best, typical }: Figures): Figures {
  const each = (figures: Figures['best'], digits: number) =>
    Object.fromEntries(
      Object.entries(figures).map(([side, value]) => [side, Number(value.toFixed(digits))]),
    ) as unknown as Figures['best'];
  return { id, best: each(best, 0), typical: each(typical, 3) };
}
