/** Runs the built program in the lab, watches its memory from outside, and reads what its sessions hold on disk. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const MAIN = resolve('dist/cli/main.js');
/** Pictures of one point: what is tried here is not how charts are drawn, and that takes half of a short run. */
const PICTURES = resolve('test/cli/stand-ins/pictures.mjs');
const WATCH_MS = 100;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Largest resident memory of the program itself, without its children: VmHWM of proc(5). */
  readonly peakMiB: number;
  readonly seconds: number;
}

export interface Options {
  /** In front of the command. The program must keep the process id of what is started: each ends with `exec`. */
  readonly wrap?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Draws what a user's run draws. */
  readonly pictures?: boolean;
  /** How long it may take; then it is killed, and `seconds` says so. */
  readonly limitMs?: number;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export function start(args: readonly string[], options: Options = {}): Running {
  const { wrap = [], env = {}, pictures = false, limitMs = 180_000 } = options;
  const imports = pictures ? [] : ['--import', PICTURES];
  const [file = '', ...rest] = [...wrap, process.execPath, ...imports, MAIN, ...args];
  const begun = performance.now();
  const child = spawn(file, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A Ctrl-C is for the campaign.
    detached: true,
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  let stdout = '';
  let stderr = '';
  let peakKiB = 0;
  child.stdout?.on('data', (text) => {
    stdout += text;
  });
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  const look = () => {
    peakKiB = Math.max(peakKiB, highWaterKiB(child.pid));
  };
  const watch = setInterval(look, WATCH_MS);
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const ended = new Promise<Ended>((done) => {
    child.on('close', (code, signal) => {
      clearInterval(watch);
      clearTimeout(limit);
      const seconds = (performance.now() - begun) / 1000;
      done({ code, signal, stdout, stderr, peakMiB: peakKiB / 1024, seconds });
    });
  });
  return { child, ended };
}

export function boxmark(...args: readonly string[]): Promise<Ended> {
  return start(args).ended;
}

/** Of the program alone: until it runs, the process is a shell, another wrapper, or has the memory and words of this one. */
function highWaterKiB(pid: number | undefined): number {
  if (text(`/proc/${pid}/cmdline`) === text('/proc/self/cmdline')) return 0;
  const status = text(`/proc/${pid}/status`);
  return /^Name:\s+(?:node|MainThread)/.test(status) ? Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) : 0;
}

/** The only session below a folder of results; undefined when there is none. */
export function sessionIn(out: string): string | undefined {
  const [name] = existsSync(out) ? readdirSync(out).filter((it) => !it.startsWith('.')) : [];
  return name === undefined ? undefined : join(out, name);
}

export function forget(out: string): void {
  // It may be a small file system of its own.
  spawnSync('umount', [out], { stdio: 'ignore' });
  rmSync(out, { recursive: true, force: true });
}

export interface OnDisk {
  readonly blocksCompleted: number;
  /** Lines of the tables, by table and block. */
  readonly rows: ReadonlyMap<string, readonly string[]>;
}

const TABLES = ['samples.csv', 'starts.csv'];

/** What a session's folder holds of whole blocks at this moment. A line without its end is no row. */
export function onDisk(dir: string): OnDisk {
  const { blocksCompleted = 0 } = JSON.parse(text(join(dir, 'session.json')) || '{}') as { blocksCompleted?: number };
  const rows = new Map<string, string[]>();
  for (const table of TABLES) {
    for (const line of wholeLines(join(dir, table)).slice(1)) {
      const block = Number(line.split(',')[1]);
      // Reasons may have line breaks; what follows one has no number of a block.
      if (!Number.isInteger(block) || block < 1 || block > blocksCompleted) continue;
      const key = `${table} ${block}`;
      rows.set(key, [...(rows.get(key) ?? []), line]);
    }
  }
  return { blocksCompleted, rows };
}

/** Blocks of which a row is missing or changed. */
export function lostBlocks(before: OnDisk, after: OnDisk): number[] {
  const lost = new Set<number>();
  for (let block = after.blocksCompleted + 1; block <= before.blocksCompleted; block++) lost.add(block);
  for (const [key, rows] of before.rows) {
    if (rows.join('\n') !== (after.rows.get(key) ?? []).join('\n')) lost.add(Number(key.split(' ')[1]));
  }
  return [...lost];
}

function wholeLines(file: string): string[] {
  const all = text(file);
  return all
    .slice(0, all.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean);
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
