/** Runs that end by a signal at a random moment. */

import { Attempt, UNGUARDED } from './attempt.ts';
import { forget, start } from './program.ts';
import { type Context, NotHere, type Scenario } from './scenario.ts';

/** How runs are ended, with the end of each one's share. All but the first are caught: nothing may be left even before `clean`. */
const SIGNALS: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGKILL', 0.8],
  ['SIGTERM', 0.88],
  ['SIGINT', 0.94],
  ['SIGHUP', 1],
];
const INTERRUPTED = 130;

/** One workload and few rounds, or a few starts: most of a short run is preparation, starts and ends, where much can be lost. */
const WORKLOADS = ['--blocks', '2', '--rounds', '2', '-w', 'fft', '--size', 'tiny', '--burst', '1ms'];
const STARTS = ['--measure', 'startup', '--no-cold', '--blocks', '3', '--rounds', '2'];
/** A run of workloads against one of starts, by their lengths. */
const LONGER = 1.6;

export const KILLED: readonly string[] = [
  ...['native', 'unshare', 'docker', 'docker/docker', 'lxc', 'podman', 'uml', 'crun', 'nspawn'],
];
/** The others take longer, or are the same to the harness. */
const IN_SHORT: Readonly<Record<string, number>> = { native: 1, unshare: 2, docker: 1 };

export function killScenario(engine: string): Scenario {
  let startsMs = 0;
  const environments = engine === 'native' ? 'native' : `native,${engine}`;
  return {
    name: `kill ${engine}`,
    tries: (kills, short) => (short ? (IN_SHORT[engine] ?? 0) : share(engine, kills)),
    run: async (context) => {
      if (startsMs === 0) startsMs = await undisturbedMs(environments, context.out);
      const isLong = context.attempt % 4 === 1;
      const lengthMs = startsMs * (isLong ? LONGER : 1);
      return kill(context, ['-e', environments, ...(isLong ? WORKLOADS : STARTS)], lengthMs);
    },
  };
}

/** Cheap ones get more of the kills. */
function share(engine: string, kills: number): number {
  const weight = ['native', 'unshare'].includes(engine) ? 2 : 1;
  return Math.round((kills * weight) / (KILLED.length + 2));
}

/** It also builds what later runs find in the store. */
async function undisturbedMs(environments: string, out: string): Promise<number> {
  const whole = await start(['run', '-e', environments, ...STARTS, ...UNGUARDED, '-q', '-o', out]).ended;
  forget(out);
  if (/no data from/.test(whole.stderr)) throw new NotHere(`${environments} can't run`);
  if (whole.code !== 0) throw new Error(`a run of ${environments} ended with ${whole.code}: ${whole.stderr}`);
  return whole.seconds * 1000;
}

function kill(context: Context, args: readonly string[], lengthMs: number) {
  const place = context.random();
  const signal = SIGNALS.find(([, end]) => place < end)?.[0] ?? 'SIGKILL';
  const atMs = context.random() * lengthMs;
  return new Attempt(context, {
    args,
    how: `${signal} at ${(atMs / 1000).toFixed(2)} s of ${(lengthMs / 1000).toFixed(1)} s`,
    disturb: async ({ child, ended }) => {
      const timer = setTimeout(() => child.kill(signal), atMs);
      await ended;
      clearTimeout(timer);
      return true;
    },
    missed: ({ code }) => code !== null && code !== INTERRUPTED,
    judge: ({ code, stderr }) =>
      code === null || [0, INTERRUPTED].includes(code) ? undefined : `ended with ${code}: ${stderr}`,
    tidy: ({ signal: by }) => by === null,
  }).run();
}
