/** Runs that end by a signal at a random moment; then clean, resume and check, as a user would. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { boxmark, type Ended, forget, lostBlocks, onDisk, sessionIn, start } from './program.ts';
import type { Context, Finding, Scenario } from './scenario.ts';

/** How runs are ended, with the end of each one's share. All but the first are caught: nothing may be left even before `clean`. */
const SIGNALS: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGKILL', 0.8],
  ['SIGTERM', 0.88],
  ['SIGINT', 0.94],
  ['SIGHUP', 1],
];
/** A run that was killed while it made its work folder is known as dead only after this time. */
const GRACE_MS = 62_000;
const INTERRUPTED = 130;

/** One workload and few rounds, or a few starts: most of a short run is preparation, starts and ends, where much can be lost. */
const WORKLOADS = ['--blocks', '2', '--rounds', '2', '-w', 'fft', '--size', 'tiny', '--burst', '1ms'];
const STARTS = ['--measure', 'startup', '--no-cold', '--blocks', '3', '--rounds', '2'];

export const KILLED: readonly string[] = [
  ...['native', 'unshare', 'docker', 'docker/docker', 'lxc', 'podman', 'uml', 'crun', 'nspawn'],
];

export function killScenario(engine: string): Scenario {
  let typicalMs = 0;
  return {
    name: `kill ${engine}`,
    tries: (kills, short) =>
      short ? (['native', 'unshare', 'docker'].includes(engine) ? 2 : 0) : share(engine, kills),
    run: async (context) => {
      const kind = context.attempt % 4 === 1 ? WORKLOADS : STARTS;
      const environments = engine === 'native' ? 'native' : `native,${engine}`;
      const args = ['run', '-e', environments, ...kind, '-q', '-o', context.out];
      if (typicalMs === 0) {
        // How long is one that nobody disturbs? It also builds what later ones find in the store.
        const whole = await start(args).ended;
        if (whole.code !== 0) throw new Error(`${args.join(' ')} ended with ${whole.code}: ${whole.stderr}`);
        typicalMs = whole.seconds * 1000 * (kind === STARTS ? 1 : 0.6);
        forget(context.out);
      }
      return new Kill(context).run(args, typicalMs * (kind === STARTS ? 1 : 1.6));
    },
  };
}

/** Cheap ones get more of the kills. */
function share(engine: string, kills: number): number {
  const weight = ['native', 'unshare'].includes(engine) ? 2 : 1;
  return Math.round((kills * weight) / (KILLED.length + 2));
}

class Kill {
  readonly #context: Context;
  readonly #problems: string[] = [];
  #peakMiB = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  async run(args: readonly string[], lengthMs: number): Promise<Finding> {
    const { random, out, field } = this.#context;
    const signal = this.#signal();
    const atMs = random() * lengthMs;
    const running = start(args);
    const timer = setTimeout(() => running.child.kill(signal), atMs);
    const ended = this.#seen(await running.ended);
    clearTimeout(timer);
    const missed = ended.code !== null && ended.code !== INTERRUPTED;
    if (missed && ended.code !== 0) this.#problem(`ended with ${ended.code} by itself: ${ended.stderr}`);
    const wasCaught = signal !== 'SIGKILL' && ended.signal === null;
    const before = wasCaught ? await field.leaked() : [];
    const dir = sessionIn(out);
    const had = dir === undefined ? undefined : onDisk(dir);
    const leaked = [...before, ...(await this.#clean())];
    let lost = 0;
    if (dir !== undefined && had !== undefined && existsSync(join(dir, 'session.json'))) {
      if (!missed) await this.#resume(dir);
      lost = lostBlocks(had, onDisk(dir)).length;
      await this.#check(dir);
      leaked.push(...(await field.leaked()).map((line) => `after resume: ${line}`));
    }
    const when = `${signal} at ${(atMs / 1000).toFixed(2)} s of ${(lengthMs / 1000).toFixed(1)} s: ${args.slice(2, 6).join(' ')}`;
    const problems = this.#problems.map((problem) => `${when}: ${problem}`);
    return {
      problems,
      lostBlocks: lost,
      leaked: leaked.map((line) => `${when}: ${line}`),
      peakMiB: this.#peakMiB,
      missed,
    };
  }

  #signal(): NodeJS.Signals {
    const place = this.#context.random();
    return SIGNALS.find(([, end]) => place < end)?.[0] ?? 'SIGKILL';
  }

  /** What is left after `clean`; twice, where the first time is too early. */
  async #clean(): Promise<string[]> {
    for (let attempt = 0; ; attempt++) {
      const { code, stdout, stderr } = await boxmark('clean');
      if (code !== 0) this.#problem(`clean ended with ${code}: ${stdout}${stderr}`);
      const leaked = await this.#context.field.leaked();
      const isYoung = leaked.some((line) => /^(?:file \/var\/tmp\/boxmark-|cgroup )/.test(line));
      if (leaked.length === 0 || attempt === 1 || !isYoung) return leaked;
      await sleep(GRACE_MS);
    }
  }

  async #resume(dir: string): Promise<void> {
    const { code, stderr } = this.#seen(await boxmark('resume', dir, '-q'));
    // Killed between its last word and its end, it has nothing left to do.
    if (code === 0 || (code === 2 && /blocks of the session are measured/.test(stderr))) return;
    this.#problem(`resume ended with ${code}: ${stderr}`);
  }

  async #check(dir: string): Promise<void> {
    const { code, stdout, stderr } = await boxmark('check', dir);
    if (code !== 0) this.#problem(`check ended with ${code}: ${stdout}${stderr}`);
  }

  #seen(ended: Ended): Ended {
    this.#peakMiB = Math.max(this.#peakMiB, ended.peakMiB);
    return ended;
  }

  #problem(text: string): void {
    this.#problems.push(text.trim().slice(0, 1000));
  }
}
