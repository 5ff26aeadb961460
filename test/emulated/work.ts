/** One temporary folder and the commands that are run for it, each with a time limit; nothing of either outlives it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TAIL_CHARS = 1500;

/** Why a step did not end well: the reason that the user sees. */
export class StepFailed extends Error {}

export interface CallOptions {
  readonly limitMs: number;
  readonly cwd?: string;
  /** Exit codes that are an answer and no failure. */
  readonly codes?: readonly number[];
}

export interface StartOptions {
  readonly cwd?: string;
  readonly stdin: 'ignore' | 'pipe';
}

export class Work {
  readonly dir = mkdtempSync(join(tmpdir(), 'boxmark-emulated-'));
  readonly #running = new Set<ChildProcess>();
  #interrupted = false;

  /** Its standard output. @throws StepFailed with the end of what it printed. */
  async call(file: string, args: readonly string[], { limitMs, cwd, codes = [0] }: CallOptions): Promise<string> {
    const child = this.start(file, args, { cwd: cwd ?? this.dir, stdin: 'ignore' });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      kill(child);
    }, limitMs);
    const ended = await exitOf(child);
    clearTimeout(timer);
    this.assertGoing();
    const code = typeof ended === 'number' ? ended : null;
    if (code !== null && codes.includes(code) && !late) return stdout;
    const how = late ? `no end within ${Math.round(limitMs / 60_000)} min` : `ended with ${ended}`;
    throw new StepFailed(`${file} ${args.slice(0, 3).join(' ')}: ${how}\n${`${stdout}${stderr}`.slice(-TAIL_CHARS)}`);
  }

  /** In a process group of its own: a Ctrl-C of the terminal is for this program, which then ends them all. */
  start(file: string, args: readonly string[], { cwd = this.dir, stdin }: StartOptions): ChildProcess {
    this.assertGoing();
    const env = { ...process.env, TMPDIR: this.dir, LC_ALL: 'C' };
    const child = spawn(file, args, { cwd, env, stdio: [stdin, 'pipe', 'pipe'], detached: true });
    this.#running.add(child);
    void exitOf(child).then(() => this.#running.delete(child));
    return child;
  }

  interrupt(): void {
    this.#interrupted = true;
    for (const child of this.#running) kill(child);
  }

  assertGoing(): void {
    if (this.#interrupted) throw new StepFailed('interrupted');
  }

  /** After everything has ended. */
  async end({ keep }: { keep: boolean }): Promise<void> {
    const left = [...this.#running];
    for (const child of left) kill(child);
    await Promise.all(left.map(exitOf));
    if (!keep) rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Its exit code, or what ended it. */
export function exitOf(child: ChildProcess): Promise<number | string> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  if (child.signalCode !== null) return Promise.resolve(child.signalCode);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'no exit code'));
  });
}

export function kill(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
