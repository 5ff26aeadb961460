/** Real sessions whose box a process from outside stops for 300 ms in one of a hundred bursts: none may be called equivalent. */

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { boxmark } from './session.ts';

const SESSIONS = 20;
const SHAPE = ['-e', 'native,unshare', '-w', 'sor', '--profile', 'quick', '--no-guard'];
const STOP_MS = 300;
/** A visit is two bursts, the lead-in, a quarter as long, and the measured one of 10 ms. */
const VISITS = 50;
const VISIT_MS = 12.5;
/** Every so many sessions, one is left alone: were none of these equivalent, the others would show nothing. */
const LEFT_ALONE_EVERY = 5;

export interface StoppedOptions {
  readonly sessions?: number;
}

interface Verdict {
  readonly verdict: string;
  readonly stops: number;
  readonly timeRatio: number;
  readonly totalRatio: number | undefined;
}

export async function benchStopped(print: (line: string) => void, { sessions = SESSIONS }: StoppedOptions = {}) {
  print(`boxmark run ${SHAPE.join(' ')}: a SIGSTOP of ${STOP_MS} ms to the payload in unshare, in 1 % of its bursts`);
  print(`  ${'session'.padEnd(14)}stops  verdict        typical    total`);
  const found: Record<'stopped' | 'alone', Verdict[]> = { stopped: [], alone: [] };
  for (let count = 1; found.stopped.length < sessions; count++) {
    const kind = count % (LEFT_ALONE_EVERY + 1) === 0 ? 'alone' : 'stopped';
    const verdict = await session(kind === 'stopped');
    found[kind].push(verdict);
    const { stops, timeRatio, totalRatio } = verdict;
    const ratios = `${timeRatio.toFixed(4).padStart(8)} ${(totalRatio ?? Number.NaN).toFixed(4).padStart(8)}`;
    const name = `${count}${kind === 'alone' ? ' left alone' : ''}`;
    print(`  ${name.padEnd(14)}${String(stops).padStart(5)}  ${verdict.verdict.padEnd(13)} ${ratios}`);
  }
  for (const [kind, verdicts] of Object.entries(found)) {
    const equivalent = verdicts.filter(({ verdict }) => verdict === 'equivalent').length;
    const name = kind === 'stopped' ? 'stopped' : 'left alone';
    print(`  called equivalent, of sessions that were ${name}: ${equivalent} of ${verdicts.length}`);
  }
}

async function session(isStopped: boolean): Promise<Verdict> {
  const out = mkdtempSync('/var/tmp/boxmark-bench-');
  try {
    const pictures = resolve('test/cli/stand-ins/pictures.mjs');
    const args = ['--import', pictures, resolve('dist/cli/main.js'), 'run', ...SHAPE, '-q', '-o', out];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = new Promise<number | null>((done) => child.on('close', done));
    const disturber = new Disturber(child.pid ?? 0);
    const stopping = isStopped ? disturber.run() : Promise.resolve();
    const code = await ended;
    disturber.end();
    await stopping;
    if (code !== 0) throw new Error(`a session ended with ${code}`);
    const [name = ''] = readdirSync(out).filter((entry) => existsSync(join(out, entry, 'session.json')));
    return { ...(await verdictOf(join(out, name))), stops: disturber.stops };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

interface Row {
  readonly verdict: string;
  readonly timeRatio: number;
  readonly total?: { readonly ratio: number } | null;
}

async function verdictOf(dir: string): Promise<Omit<Verdict, 'stops'>> {
  const { stdout } = await boxmark(['report', dir, '--format', 'json', '-o', '-']);
  const { contrasts } = JSON.parse(stdout) as { contrasts: Row[] };
  const [row] = contrasts;
  if (row === undefined) throw new Error('a session without a contrast');
  return { verdict: row.verdict, timeRatio: row.timeRatio, totalRatio: row.total?.ratio };
}

/** Sees from outside when the payload begins to run: with the box's next visit. */
class Disturber {
  readonly #root: number;
  #isOver = false;
  stops = 0;

  constructor(root: number) {
    this.#root = root;
  }

  end(): void {
    this.#isOver = true;
  }

  async run(): Promise<void> {
    let untilStop = Math.ceil(Math.random() * VISITS);
    let wasRunning = false;
    let pid: number | undefined;
    while (!this.#isOver) {
      pid = pid !== undefined && stateOf(pid) !== undefined ? pid : payloadBelow(this.#root);
      const isRunning = pid !== undefined && stateOf(pid) === 'R';
      if (pid !== undefined && isRunning && !wasRunning && --untilStop === 0) {
        untilStop = VISITS;
        await sleep(Math.random() * VISIT_MS);
        await this.#stop(pid);
      }
      wasRunning = isRunning;
      await sleep(pid === undefined ? 20 : 2);
    }
  }

  async #stop(pid: number): Promise<void> {
    try {
      process.kill(pid, 'SIGSTOP');
      await sleep(STOP_MS);
      process.kill(pid, 'SIGCONT');
      this.stops++;
    } catch {
      // Its block has ended.
    }
  }
}

/** The program in the box that is compared with the baseline, of one run among others on this host. */
function payloadBelow(root: number): number | undefined {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).find((pid) => {
    const argv = text(`/proc/${pid}/cmdline`).split('\0').filter(Boolean);
    const isPayload = argv[0]?.endsWith('node') === true && argv.some((word) => /-b\d+-unshare$/.test(word));
    return isPayload && isBelow(pid, root);
  });
}

function isBelow(pid: number, root: number): boolean {
  for (let at = pid; at > 1; at = parentOf(at)) if (at === root) return true;
  return false;
}

function stateOf(pid: number): string | undefined {
  return fieldsOf(pid)[0];
}

function parentOf(pid: number): number {
  return Number(fieldsOf(pid)[1] ?? 0);
}

/** From the state on: the name before it may hold anything. */
function fieldsOf(pid: number): string[] {
  const stat = text(`/proc/${pid}/stat`);
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
