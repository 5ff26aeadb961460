/** What a program costs that does nothing, started by the resident shell, against the other ways to time one, taking turns. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Launcher } from '../../bench/payload/commands/launcher.ts';
import { median } from '../../bench/units.ts';
import { findCommand } from '../../runners/kit/commands.ts';
import type { Recorder } from './record/figure.ts';

const TURNS = 20;
const RUNS = 100;
const GOAL = 1.1;
const ENV = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' };

/** Times of one turn's runs, ms. */
type Way = () => Promise<readonly number[]>;

export async function benchExec(print: (line: string) => void, _: object, record: Recorder): Promise<void> {
  const nothing = findCommand('true');
  const shell = findCommand('sh');
  const hyperfine = findCommand('hyperfine');
  if (nothing === undefined || shell === undefined) return print('  true or sh is not installed');
  const dir = mkdtempSync(join(tmpdir(), 'boxmark-bench-'));
  const launchers = [true, false].map(
    (keepsOutput) =>
      new Launcher({ shell: [shell], argv: [nothing], env: ENV, cwd: dir, stdin: '/dev/null', keepsOutput }),
  );
  const [keeping, dropping] = launchers as [Launcher, Launcher];
  const ways: Record<string, Way> = {
    'resident shell': () => byLauncher(keeping),
    'the same, output not kept': () => byLauncher(dropping),
    'loop of sh': async () => byLoop(shell, nothing),
    'spawn of Node.js': () => bySpawn(nothing),
    ...(hyperfine === undefined ? {} : { 'hyperfine -N': async () => byHyperfine(hyperfine, nothing, dir) }),
  };
  try {
    const names = Object.keys(ways);
    const turns: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
    const around: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
    for (let turn = 0; turn < TURNS; turn++) {
      for (const name of names) {
        const begun = performance.now();
        const times = (await ways[name]?.()) ?? [];
        const wall = performance.now() - begun;
        turns[name]?.push(median([...times]));
        around[name]?.push((wall - (RUNS / times.length) * sum(times)) / RUNS);
      }
    }
    show(turns, around, print);
    keep(turns, around, record);
  } finally {
    for (const launcher of launchers) launcher.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

type Turns = Readonly<Record<string, readonly number[]>>;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** `around`: what a way takes beside the times that it gives, for each run; hyperfine's own start and its file are in it. */
function show(turns: Turns, around: Turns, print: (line: string) => void): void {
  const own = turns['resident shell'] ?? [];
  print(`  median of ${TURNS} turns of ${RUNS} runs of true      a run   resident shell ÷ it   goal   around it`);
  for (const [name, times] of Object.entries(turns)) {
    const ratio = median(own.map((ms, turn) => ms / (times[turn] ?? ms)));
    const goal = /^(loop|hyperfine)/.test(name) ? `≤ ${GOAL}` : '–';
    const figures = `${median(times).toFixed(3).padStart(8)} ms${ratio.toFixed(2).padStart(22)}`;
    const rest = `${median([...(around[name] ?? [])]).toFixed(3)} ms`;
    print(`  ${name.padEnd(37)} ${figures}   ${goal.padEnd(5)} ${rest.padStart(11)}`);
  }
  if (turns['hyperfine -N'] === undefined) print('  hyperfine is not installed');
}

/** Over the ways that others time a program; and what the harness takes around a run, over what hyperfine does. */
function keep(turns: Turns, around: Turns, record: Recorder): void {
  const own = turns['resident shell'] ?? [];
  const over = (name: string, mine: readonly number[], all: Turns) =>
    mine.map((ms, turn) => ms / (all[name]?.[turn] ?? ms));
  record('exec.loop', 'ratio', over('loop of sh', own, turns));
  record('exec.spawn', 'ratio', over('spawn of Node.js', own, turns));
  if (turns['hyperfine -N'] === undefined) return;
  record('exec.hyperfine', 'ratio', over('hyperfine -N', own, turns));
  record('exec.harness', 'ratio', over('hyperfine -N', around['resident shell'] ?? [], around));
}

async function byLauncher(launcher: Launcher): Promise<readonly number[]> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) times.push((await launcher.run()).wallNs / 1e6);
  return times;
}

/** The least that a shell needs: one time for all runs, its own start included. */
function byLoop(shell: string, program: string): readonly number[] {
  const text = 'count=0; while [ $count -lt "$1" ]; do "$0"; count=$((count + 1)); done';
  const begun = performance.now();
  spawnSync(shell, ['-c', text, program, String(RUNS)], { env: ENV });
  return [(performance.now() - begun) / RUNS];
}

async function bySpawn(program: string): Promise<readonly number[]> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const begun = performance.now();
    await once(spawn(program, { env: ENV, stdio: ['ignore', 'pipe', 'pipe'] }), 'exit');
    times.push(performance.now() - begun);
  }
  return times;
}

function byHyperfine(hyperfine: string, program: string, dir: string): readonly number[] {
  const file = join(dir, 'hyperfine.json');
  const args = ['-N', '--style', 'none', '--runs', String(RUNS), '--export-json', file, program];
  const { status, stderr } = spawnSync(hyperfine, args, { env: { ...process.env, ...ENV }, encoding: 'utf8' });
  if (status !== 0) throw new Error(`hyperfine failed: ${stderr}`);
  const { results } = JSON.parse(readFileSync(file, 'utf8')) as { results: { times: number[] }[] };
  return (results[0]?.times ?? []).map((seconds) => seconds * 1e3);
}
