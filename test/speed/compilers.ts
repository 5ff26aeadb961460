/** What the yardstick is worth: the kernels in C by other compilers and flags, and in Java, against those that engines are measured with. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compositeScore, mflops } from '../../bench/analysis/score.ts';
import type { Size } from '../../bench/types.ts';
import { median } from '../../bench/units.ts';
import { findCommand } from '../../runners/kit/commands.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import type { Recorder } from './record/figure.ts';
import { C_FLAGS, findRoot, startWorker, type Worker, warmUp } from './worker-process.ts';

export interface CompilersOptions {
  readonly size?: Size;
  readonly processes?: number;
  readonly bursts?: number;
}

const BURST_NS = 10e6;
/** With fused operations, results differ in their last bits: there, the answer isn't compared. */
const NATIVE_FLAGS = ['-O3', '-march=native', '-falign-functions=64', '-falign-loops=64'];
const YARDSTICK = 'gcc';

interface Peer {
  readonly id: string;
  readonly text: string;
  readonly argv: readonly string[];
  readonly sameBits: boolean;
}

export async function benchCompilers(
  print: (line: string) => void,
  { size = 'small', processes = 4, bursts = 15 }: CompilersOptions,
  record: Recorder,
): Promise<void> {
  const target = mkdtempSync(join(tmpdir(), 'boxmark-compilers-'));
  try {
    const peers = makePeers(target, print);
    if (peers[0]?.id !== YARDSTICK) return print('  gcc, which the others are measured against, is not installed');
    print(`speed as a share of ${YARDSTICK} ${C_FLAGS.join(' ')}: median of ${processes} processes, size ${size}`);
    const shares = new Map(peers.map(({ id }) => [id, new Map<string, number[]>()]));
    const best = new Map<string, number>();
    for (let process = 0; process < processes; process++) await round(peers, { size, bursts }, shares, best);
    const ids = WORKLOADS.map(({ id }) => id);
    print(`  ${''.padEnd(14)}${[...ids, 'composite'].map((id) => id.padStart(12)).join('')}`);
    for (const { id: peer, text } of peers.slice(1)) {
      const of = shares.get(peer) ?? new Map<string, number[]>();
      const cells = ids.map((id) => median(of.get(id) ?? []));
      const composites = Array.from({ length: processes }, (_, at) => compositeOf(size, best, of, at));
      record(`compilers.${size}.${peer}`, 'ratio', composites);
      print(
        `  ${peer.padEnd(14)}${[...cells, median(composites)].map((it) => it.toFixed(2).padStart(12)).join('')}  ${text}`,
      );
    }
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

/** The yardstick first; a line for each that is missing. */
function makePeers(target: string, print: (line: string) => void): Peer[] {
  const folder = join(findRoot(), 'test', 'speed');
  const sources = readdirSync(join(folder, 'c')).filter((name) => name.endsWith('.c'));
  const cPeer = (id: string, command: string, flags: readonly string[], sameBits: boolean) => () => {
    const argv = [join(target, id)];
    execFileSync(command, [...flags, ...sources, '-lm', '-o', argv[0] as string], { cwd: join(folder, 'c') });
    return { id, text: `${versionOf(command)}, ${flags.join(' ')}`, argv, sameBits };
  };
  const javaPeer = () => {
    execFileSync('javac', ['-d', target, join(folder, 'java', 'Kernels.java')]);
    return { id: 'java', text: versionOf('java'), argv: ['java', '-cp', target, 'Kernels'], sameBits: false };
  };
  const known = [
    ['gcc', cPeer(YARDSTICK, 'gcc', C_FLAGS, true)],
    ['gcc', cPeer('gcc-native', 'gcc', NATIVE_FLAGS, false)],
    ['clang', cPeer('clang', 'clang', ['-O3', '-ffp-contract=off'], true)],
    ['javac', javaPeer],
  ] as const;
  return known.flatMap(([command, make]) => {
    if (findCommand(command) !== undefined) return [make()];
    print(`  left out: ${command} is not installed`);
    return [];
  });
}

function versionOf(command: string): string {
  const text = execFileSync(command, ['--version'], { encoding: 'utf8' });
  return text.split('\n')[0] ?? command;
}

/** One process of each, bursts in turns. */
async function round(
  peers: readonly Peer[],
  { size, bursts }: Required<Omit<CompilersOptions, 'processes'>>,
  shares: ReadonlyMap<string, Map<string, number[]>>,
  best: Map<string, number>,
): Promise<void> {
  const workers: Worker[] = [];
  try {
    for (const { argv } of peers) workers.push(await startWorker(argv, size, []));
    for (const { id } of WORKLOADS) {
      await assertSameAnswer(id, peers, workers);
      const passes: number[] = [];
      for (const worker of workers) passes.push(await warmUp(worker, id, BURST_NS, 200e6));
      const times = workers.map((): number[] => []);
      for (let burst = 0; burst < bursts; burst++) {
        for (const [at, worker] of workers.entries()) {
          const count = passes[at] ?? 1;
          times[at]?.push((await worker.burst(id, count)) / count);
        }
      }
      best.set(id, Math.min(best.get(id) ?? Number.POSITIVE_INFINITY, ...(times[0] ?? [])));
      for (const [at, { id: peer }] of peers.entries()) {
        const own = (times[at] ?? []).map((time, burst) => (times[0]?.[burst] ?? Number.NaN) / time);
        const of = shares.get(peer);
        of?.set(id, [...(of.get(id) ?? []), median(own)]);
      }
    }
  } finally {
    for (const worker of workers) await worker.close();
  }
}

/** After one pass: those with the same operations in the same order give the same bits. Java's sines need not. */
async function assertSameAnswer(id: string, peers: readonly Peer[], workers: readonly Worker[]): Promise<void> {
  let expected: string | undefined;
  for (const [at, { id: peer, sameBits }] of peers.entries()) {
    await workers[at]?.burst(id, 1);
    const sum = await workers[at]?.checksum(id);
    expected ??= sum;
    if (sum !== expected && (sameBits || (peer === 'java' && id !== 'fft'))) {
      throw new Error(`${id}: ${YARDSTICK} gives ${expected} after one pass, ${peer} ${sum}`);
    }
  }
}

/** As SciMark's: of speeds, so kernels that are fast in C weigh more. */
function compositeOf(
  size: Size,
  best: ReadonlyMap<string, number>,
  shares: ReadonlyMap<string, readonly number[]>,
  at: number,
): number {
  const speed = (share: (id: string) => number) =>
    compositeScore(
      new Map(
        WORKLOADS.map(({ id, sizes }) => [
          id,
          (mflops(sizes[size].flops, 1, (best.get(id) ?? Number.NaN) * 1e-9) ?? Number.NaN) * share(id),
        ]),
      ),
    ) ?? Number.NaN;
  return speed((id) => shares.get(id)?.[at] ?? Number.NaN) / speed(() => 1);
}
