/** A user's program in its box: started again and again, timed from its start to its exit, its output compared. */

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fnv1a64 } from '../../../scimark/fnv.ts';
import { memoryFolder } from '../../../system/file-write.ts';
import { median } from '../../units.ts';
import { spinUntil } from '../copies/barrier.ts';
import {
  IMAGE_MARK,
  LAUNCHER_PATH,
  MEMORY_FOLDERS,
  memoryFolderName,
  NODE_PATH,
  PROGRAM_PATH,
  type RootFacts,
  workPath,
} from '../image-files.ts';
import type { CommandBursts } from '../measure.ts';
import { type Burst, type CommandRequest, NOTHING_COMPARED } from '../protocol.ts';
import { Launcher, type Run } from './launcher.ts';
import { newcomers, processesNow } from './leftovers.ts';
import { meanOf, quoted, readMetric } from './metrics.ts';
import { asOwner, rootFacts } from './root-facts.ts';

/** Where a payload is. */
export interface Surroundings {
  /** Root folder of the image. */
  readonly root: string;
  /** Name of the start. */
  readonly start: string;
  /** Share of work that a program is asked to add, in a self-test; 0 else. */
  readonly slowdown: number;
  /** Which of several copies that run at once, from 1; undefined for the only one. */
  readonly copy: number | undefined;
}

/** What is known after the first runs. */
export interface FirstRuns {
  readonly checksum: string;
  /** `varied`: the runs printed different things; `long`: too much to compare by default. */
  readonly output: 'same' | 'varied' | 'long';
  readonly runNs: number;
  /** Of a program that does nothing; absent where it was not asked for, or the image has none. */
  readonly startNs?: number;
  /** The beginning of what it printed. */
  readonly excerpt: string;
}

interface Bursts {
  readonly bursts: Burst[];
  /** Spent on waiting for the time to begin. */
  readonly spunNs: number;
  readonly metrics: Record<string, number[]>;
}

/** Outputs up to this are compared unless the user says otherwise. */
const SHORT_BYTES = 1 << 20;
/** What programs print differs from run to run, or does not: three runs of a trial show it, two of a long one. */
const TRIAL_RUNS = 3;
const LONG_TRIAL_NS = 5_000_000_000n;
const STEP_LIMIT_MS = 600_000;
/** Runs of a program that does nothing. */
const START_RUNS = 9;

export class Command {
  readonly id: string;
  passes = 0;
  readonly #request: CommandRequest;
  readonly #surroundings: Surroundings;
  /** Where the root of the image is one that the user brought. */
  readonly #rooted: RootFacts | undefined;
  readonly #folder: string;
  readonly #launcher: Launcher;
  readonly #before = processesNow();
  #checksum = NOTHING_COMPARED;
  #isArmed = false;

  /** Makes its working folder, and runs `setup`. Throws with the reason where that fails. */
  constructor(request: CommandRequest, surroundings: Surroundings) {
    this.id = request.id;
    this.#request = request;
    this.#surroundings = surroundings;
    this.#rooted = rootFacts(surroundings.root);
    this.#folder = asOwner(this.#rooted, () => this.#makeFolder());
    try {
      if (request.setup !== undefined) this.#step('setup', request.setup);
    } catch (error) {
      this.#removeFolder();
      throw error;
    }
    this.#launcher = this.#launch(this.#argv());
  }

  /** Runs it once, in a trial some more times, before anything is timed. */
  async first(): Promise<FirstRuns> {
    const { expect } = this.#request;
    const runs: Run[] = [];
    const begunNs = process.hrtime.bigint();
    const isEnough = () =>
      expect !== 'unknown'
        ? runs.length === 1
        : runs.length >= TRIAL_RUNS || (runs.length === 2 && process.hrtime.bigint() - begunNs > LONG_TRIAL_NS);
    while (!isEnough()) {
      this.#prepareBurst();
      runs.push(await this.#run());
    }
    this.assertAlone();
    const checksums = new Set(runs.map((run) => checksumOf(run)));
    const [first] = runs as [Run];
    const isLong = runs.some(({ output }) => output.length > SHORT_BYTES);
    if (expect !== 'any') this.#checksum = checksumOf(first);
    for (const metric of this.#metrics) readMetric(metric, textOf(first));
    return {
      checksum: this.#checksum,
      output: checksums.size > 1 ? 'varied' : isLong ? 'long' : 'same',
      // The first one reads the program from the disk.
      runNs: Math.min(...runs.map(({ wallNs }) => wallNs)),
      excerpt: first.output.toString('utf8', 0, 400),
      ...(await this.#startTime()),
    };
  }

  /** What every run spends on starting and ending a process. */
  async #startTime(): Promise<{ startNs?: number }> {
    const program = join(this.#surroundings.root, PROGRAM_PATH);
    if (this.#request.timesStart !== true || !existsSync(program)) return {};
    const launcher = this.#launch([program]);
    try {
      const runs: number[] = [];
      while (runs.length < START_RUNS) runs.push((await launcher.run()).wallNs);
      return { startNs: median(runs) };
    } finally {
      launcher.close();
    }
  }

  /** Does what stands before a burst, for the next one. */
  arm(): void {
    this.#prepareBurst();
    this.#isArmed = true;
  }

  /**
   * Bursts of so many runs, back to back, and more of them until `leastNs` have gone by. The first one begins at `atNs`, from
   * which offsets count then.
   */
  async measure({ work, lead = work, bursts: count, leastNs = 0, atNs }: CommandBursts): Promise<Bursts> {
    const beganNs = atNs ?? process.hrtime.bigint();
    let spunNs = 0;
    const bursts: Burst[] = [];
    const metrics = Object.fromEntries(this.#metrics.map(({ id }): [string, number[]] => [id, []]));
    let timedNs = 0;
    while (bursts.length < count || timedNs < leastNs) {
      if (!this.#isArmed) this.#prepareBurst();
      this.#isArmed = false;
      if (atNs !== undefined && bursts.length === 0) spunNs = spinUntil(atNs);
      const runs: Run[] = [];
      const passes = bursts.length === 0 ? lead : work;
      for (let pass = 0; pass < passes; pass++) runs.push(await this.#run());
      const [first] = runs as [Run];
      const last = runs.at(-1) as Run;
      const wallNs = Number(last.startNs - first.startNs) + last.wallNs;
      timedNs += wallNs;
      // The host's account has its CPU time: what a program's own children use is not in this process's.
      bursts.push([Number(first.startNs - beganNs), wallNs, 0]);
      this.#compare(runs);
      for (const metric of this.#metrics) {
        const values = runs.map((run) => readMetric(metric, textOf(run)));
        metrics[metric.id]?.push(meanOf(values, metric.better));
      }
      this.passes += passes;
    }
    return { bursts, metrics, spunNs };
  }

  /** The state that boxes must agree on: what it prints. */
  get checksum(): string {
    return this.#checksum;
  }

  /** Throws when it left processes behind, which would run beside what is measured next. */
  assertAlone(): void {
    const { pid = 0 } = this.#launcher;
    launcherPids.add(pid);
    const left = newcomers(this.#before, launcherPids, this.#surroundings.copy !== undefined);
    if (left.length === 0) return;
    throw new Error(`${this.id} leaves processes behind when it ends: ${left.slice(0, 3).join(', ')}`);
  }

  /** Runs `cleanup`, and removes the working folder. */
  close(): void {
    const { cleanup } = this.#request;
    try {
      if (cleanup !== undefined) this.#step('cleanup', cleanup);
    } finally {
      this.#launcher.close();
      this.#removeFolder();
    }
  }

  /** With the files that the program finds where it runs. */
  #makeFolder(): string {
    const { root, start } = this.#surroundings;
    const folder = mkdtempSync(join(memoryFolder() ?? MEMORY_FOLDERS[0], memoryFolderName(start, process.pid)));
    // Root without its rights enters no closed folder of another user's, and starts the program in it.
    if (this.#identity !== undefined) chmodSync(folder, 0o755);
    const files = join(root, workPath(this.id));
    if (existsSync(files)) cpSync(files, folder, { recursive: true });
    return folder;
  }

  #removeFolder(): void {
    asOwner(this.#rooted, () => rmSync(this.#folder, { recursive: true, force: true }));
  }

  get #metrics() {
    return this.#request.metrics ?? [];
  }

  get #keepsOutput(): boolean {
    return this.#request.expect !== 'any' || this.#metrics.length > 0;
  }

  get #launcherWords(): readonly string[] {
    return this.#rooted?.launcher ?? [join(this.#surroundings.root, LAUNCHER_PATH)];
  }

  /** Runs the shell texts of the user: a shell of the root's own, where the user brought one. */
  get #shell(): string {
    return this.#rooted === undefined ? join(this.#surroundings.root, LAUNCHER_PATH) : '/bin/sh';
  }

  /** Who the program runs as; undefined where that is root, as the payload does. */
  get #identity(): { readonly uid: number; readonly gid: number } | undefined {
    const { uid = 0, gid = 0 } = this.#rooted ?? {};
    return uid === 0 && gid === 0 ? undefined : { uid, gid };
  }

  get #cwd(): string {
    return this.#request.workdir ?? this.#rooted?.workdir ?? this.#folder;
  }

  get #env(): Readonly<Record<string, string>> {
    const { slowdown, copy } = this.#surroundings;
    return {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: this.#folder,
      LANG: 'C.UTF-8',
      ...this.#rooted?.env,
      ...(slowdown === 0 ? {} : { BOXMARK_SLOWDOWN: String(slowdown) }),
      ...(copy === undefined ? {} : { BOXMARK_COPY: String(copy) }),
      ...this.#request.env,
    };
  }

  #launch(argv: readonly string[]): Launcher {
    const { stdin } = this.#request;
    return new Launcher({
      shell: this.#launcherWords,
      identity: this.#identity,
      argv,
      env: this.#env,
      cwd: this.#cwd,
      stdin: stdin === undefined ? '/dev/null' : resolve(this.#cwd, stdin),
      keepsOutput: this.#keepsOutput,
    });
  }

  /** The words as paths of this box; through the image's own loader where this payload runs through it. */
  #argv(): string[] {
    const { root } = this.#surroundings;
    const words = this.#request.argv.map((word) =>
      word.startsWith(IMAGE_MARK) ? join(root, word.slice(IMAGE_MARK.length)) : word,
    );
    return [...loaderOf(root), ...words];
  }

  async #run(): Promise<Run> {
    const { exit = [0], timeoutMs } = this.#request;
    const run = await this.#launcher.run(timeoutMs);
    if (exit.includes(run.status)) return run;
    const errors = await this.#launcher.errorTail();
    const said = errors === '' ? textOf(run).slice(-400) : errors.slice(-400);
    throw new Error(`${this.id} ${endingOf(run.status)}${said.trim() === '' ? '' : `: ${quoted(said)}`}`);
  }

  #compare(runs: readonly Run[]): void {
    if (this.#request.expect !== 'same-output') return;
    for (const run of runs) {
      if (checksumOf(run) === this.#checksum) continue;
      throw new Error(
        `${this.id} prints something else than in its first run: ${quoted(textOf(run))}; where outputs may differ: expect any`,
      );
    }
  }

  #prepareBurst(): void {
    const { prepare } = this.#request;
    if (prepare !== undefined) this.#step('prepare', prepare);
  }

  /** A shell text of the user's, to its end. */
  #step(name: string, text: string): void {
    const { status, signal, stderr, error } = spawnSync(this.#shell, ['-c', text], {
      argv0: 'sh',
      cwd: this.#cwd,
      env: this.#env,
      ...this.#identity,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: STEP_LIMIT_MS,
    });
    if (status === 0) return;
    const how = error?.message ?? `ended with ${signal ?? `code ${status}`}`;
    throw new Error(`${this.id}: its ${name} ${how}: ${quoted(String(stderr ?? '').slice(-400))}`);
  }
}

/** The resident shells of all commands. */
const launcherPids = new Set<number>();

function checksumOf({ output, status }: Run): string {
  return fnv1a64([output, Uint8Array.of(status)]);
}

function textOf({ output }: Run): string {
  return output.toString('utf8');
}

function endingOf(status: number): string {
  if (status === 127) return 'was not found (exit code 127)';
  if (status === 126) return "can't be run (exit code 126)";
  return status > 128 && status < 193 ? `was ended by signal ${status - 128}` : `ended with exit code ${status}`;
}

/** What stands before Node.js on this process's own command line: the image's loader, where the host's libraries are others. */
function loaderOf(root: string): string[] {
  const words = readFileSync('/proc/self/cmdline', 'utf8').split('\0');
  const at = words.indexOf(join(root, NODE_PATH));
  const isLoader = at > 0 && basename(words[0] ?? '').startsWith('ld-');
  return isLoader ? words.slice(0, at) : [];
}
