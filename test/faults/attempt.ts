/** One run that is disturbed, and what a user does afterwards: clean, resume, check. Collects what is not as promised. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { boxmark, type Ended, lostBlocks, type Options, onDisk, type Running, sessionIn, start } from './program.ts';
import type { Context, Finding } from './scenario.ts';

/** A run that was killed while it made its work folder is known as dead only after this time. */
const GRACE_MS = 62_000;
const EVERY_MS = 20;
/** What is tried must happen, also where the host is busy or the disk is nearly full. */
export const UNGUARDED = ['--no-guard'];

export interface Trial extends Options {
  readonly args: readonly string[];
  /** For messages: what is done to it. */
  readonly how: string;
  /** While it runs. False when the run had nothing to disturb, or ended before. */
  disturb?(running: Running): Promise<boolean>;
  /** What was prepared did not hinder it. */
  missed?(ended: Ended): boolean;
  /** Undoes what would also hinder `resume`. */
  repair?(): void;
  /** What is wrong with the way it ended; undefined when nothing is. */
  judge(ended: Ended): string | undefined;
  /** It had the chance to clean up itself. */
  tidy(ended: Ended): boolean;
}

export class Attempt {
  readonly #context: Context;
  readonly #trial: Trial;
  readonly #problems: string[] = [];
  readonly #leaked: string[] = [];
  #peakMiB = 0;
  #lost = 0;

  constructor(context: Context, trial: Trial) {
    this.#context = context;
    this.#trial = trial;
  }

  async run(): Promise<Finding> {
    const { out, field } = this.#context;
    const { args, disturb, missed, judge, tidy, how } = this.#trial;
    const running = start(['run', ...args, ...UNGUARDED, '-q', '-o', out], this.#trial);
    const [ended, hit = true] = await Promise.all([running.ended, disturb?.(running)]);
    this.#see(ended);
    this.#problem(judge(ended));
    const had = this.#onDisk();
    this.#trial.repair?.();
    if (tidy(ended)) this.#leak(await field.leaked(), 'before clean: ');
    await this.#clean();
    const dir = sessionIn(out);
    if (dir !== undefined && had !== undefined) await this.#continue(dir, had);
    const say = (text: string) => `${how}: ${args.slice(0, 4).join(' ')}: ${text}`;
    return {
      problems: this.#problems.map(say),
      leaked: this.#leaked.map(say),
      ...{ lostBlocks: this.#lost, peakMiB: this.#peakMiB, missed: !hit || missed?.(ended) === true },
    };
  }

  #onDisk() {
    const dir = sessionIn(this.#context.out);
    return dir !== undefined && existsSync(join(dir, 'session.json')) ? onDisk(dir) : undefined;
  }

  async #continue(dir: string, had: ReturnType<typeof onDisk>): Promise<void> {
    const { code, stderr } = this.#see(await boxmark('resume', dir, ...UNGUARDED, '-q', '--keep-going'));
    // It had nothing left to do.
    if (code !== 0 && !(code === 2 && /blocks of the session are measured/.test(stderr)))
      this.#problem(`resume ended with ${code}: ${stderr}`);
    this.#lost = lostBlocks(had, onDisk(dir)).length;
    const check = await boxmark('check', dir);
    if (check.code !== 0) this.#problem(`check ended with ${check.code}: ${check.stdout}${check.stderr}`);
    this.#leak(await this.#context.field.leaked(), 'after resume: ');
  }

  /** Twice, where the first time is too early. */
  async #clean(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const { code, stdout, stderr } = await boxmark('clean');
      if (code !== 0) this.#problem(`clean ended with ${code}: ${stdout}${stderr}`);
      const leaked = await this.#context.field.leaked();
      const isYoung = leaked.some((line) => /^(?:file \/var\/tmp\/boxmark-|cgroup )/.test(line));
      if (leaked.length === 0 || attempt === 1 || !isYoung) return this.#leak(leaked, '');
      await sleep(GRACE_MS);
    }
  }

  #leak(lines: readonly string[], when: string): void {
    this.#leaked.push(...lines.map((line) => `${when}${line}`));
    this.#context.field.accept(lines);
  }

  #see(ended: Ended): Ended {
    this.#peakMiB = Math.max(this.#peakMiB, ended.peakMiB);
    return ended;
  }

  #problem(text: string | undefined): void {
    if (text !== undefined) this.#problems.push(text.trim().slice(0, 1500));
  }
}

/** Waits until `find` gives something; undefined when the run ends before. */
export async function during<T>({ child, ended }: Running, find: () => T | undefined): Promise<T | undefined> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver && child.exitCode === null) {
    const found = find();
    if (found !== undefined) return found;
    await sleep(EVERY_MS);
  }
  return undefined;
}
