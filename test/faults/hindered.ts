/** A run that something hinders, and how it has to end: what scenarios other than kills are made of. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Attempt, during, type Trial } from './attempt.ts';
import { type Ended, type Running, sessionIn } from './program.ts';
import type { Context, Scenario } from './scenario.ts';

export const WORK = [
  '--blocks',
  '2',
  '--rounds',
  '6',
  '-w',
  'fft',
  '--size',
  'tiny',
  '--burst',
  '1ms',
  '--timeout',
  '5s',
];
export const TWO = ['-e', 'native,unshare', ...WORK];
/** However a run is hindered, it has ended by then. */
const LIMIT_MS = 150_000;

export type Plan = Omit<Trial, 'tidy' | 'judge'> & {
  /** Exit codes that are right. */
  readonly codes: readonly (number | null)[];
  /** What it says when it fails. */
  readonly says?: RegExp;
  also?(ended: Ended): string | undefined;
  /** It could not clean up, and says so. */
  isLeft?(ended: Ended): boolean;
};

export function scenario(
  name: string,
  tries: number,
  shortTries: number,
  plan: (context: Context) => Plan,
  missing?: () => string | undefined,
): Scenario {
  return {
    name,
    tries: (kills, short) => (kills === 0 ? 0 : short ? shortTries : tries),
    run: (context) => {
      const trial = plan(context);
      const { codes, says, also } = trial;
      const judge = (ended: Ended) => {
        if (ended.seconds * 1000 >= LIMIT_MS) return `did not end within ${LIMIT_MS / 1000} s: ${ended.stderr}`;
        if (!codes.includes(ended.code)) return `ended with ${ended.code ?? ended.signal}: ${ended.stderr}`;
        if (ended.code !== 0 && ended.code !== null && says !== undefined && !says.test(ended.stderr))
          return `ended with ${ended.code} and does not say why: ${ended.stderr}`;
        return also?.(ended);
      };
      const tidy = (ended: Ended) => ended.signal === null && trial.isLeft?.(ended) !== true;
      return new Attempt(context, { limitMs: LIMIT_MS, ...trial, judge, tidy }).run();
    },
    ...(missing === undefined ? {} : { missing }),
  };
}

/** Once a block has rows. */
export const measuring = (running: Running, out: string) =>
  during(running, () => (rowsIn(out) > 10 ? true : undefined));

function rowsIn(out: string): number {
  try {
    return readFileSync(join(sessionIn(out) ?? out, 'samples.csv'), 'utf8').split('\n').length;
  } catch {
    return 0;
  }
}
