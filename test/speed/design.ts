/** What the schedule should be: burst length, lead-in, rounds, estimator, company, by the spread of identical boxes. */

import { tQuantile } from '../../bench/analysis/stats/distributions.ts';
import { median } from '../../bench/units.ts';
import { type BenchSession, type Row, runnable, runSession } from './session.ts';

/** Sessions of a configuration, run in turns with the others', so that none has all the luck of one minute. */
const TURNS = 2;
const BLOCKS = 5;
const MINUTES = 5;
/** Of bursts of 10 ms. A multiple of 6, so that no session of three boxes rounds it, nor the numbers made of it, up. */
const ROUNDS = 36;

interface Config {
  readonly name: string;
  readonly environments: readonly string[];
  readonly burst: string;
  readonly rounds: number;
  readonly leadIn?: string;
}

type Phase = 'lead' | 'measure';
type Estimator = (logs: readonly number[]) => number;

const mean: Estimator = (logs) => logs.reduce((sum, log) => sum + log, 0) / logs.length;
const trimmed: Estimator = (logs) => {
  const cut = Math.floor(logs.length / 5);
  return mean(logs.toSorted((a, b) => a - b).slice(cut, logs.length - cut));
};
const walsh: Estimator = (logs) => median(logs.flatMap((a, i) => logs.slice(i).map((b) => (a + b) / 2)));
const ESTIMATORS: Readonly<Record<string, Estimator>> = {
  'median of rounds': (logs) => median([...logs]),
  'Hodges–Lehmann of rounds': walsh,
  'trimmed mean (20 %)': trimmed,
  'mean of rounds': mean,
};

export async function benchDesign(print: (line: string) => void): Promise<void> {
  const few = await runnable(['native', 'unshare']);
  const all = await runnable(['native', 'unshare', 'docker', 'docker/docker', 'uml']);
  const configs: Config[] = [
    { name: '3 ms', environments: few, burst: '3ms', rounds: (ROUNDS * 10) / 3 },
    { name: '10 ms', environments: few, burst: '10ms', rounds: ROUNDS },
    { name: '30 ms', environments: few, burst: '30ms', rounds: ROUNDS / 3 },
    { name: 'as long', environments: few, burst: '10ms', rounds: ROUNDS, leadIn: '100%' },
    { name: 'all resident', environments: all, burst: '10ms', rounds: ROUNDS },
  ];
  const sessions = new Map<string, BenchSession[]>(configs.map(({ name }) => [name, []]));
  for (let turn = 0; turn < TURNS; turn++) {
    for (const { name, environments, burst, rounds, leadIn } of turn % 2 === 0 ? configs : configs.toReversed()) {
      const shape = ['--burst', burst, '--rounds', String(rounds), '--blocks', String(BLOCKS)];
      if (leadIn !== undefined) shape.push('--lead-in', leadIn);
      sessions.get(name)?.push(await runSession(['-e', environments.join(','), '-w', 'fft,sor,sparse', ...shape]));
    }
  }
  const of = (name: string) => sessions.get(name) ?? [];
  print(
    `spread between blocks of log ratios of boxes that are all but the same (second native, ${few.slice(1).join(', ')}`,
  );
  print(
    `against native), over 3 workloads and ${TURNS * BLOCKS} blocks; half-width: of one interval after ${MINUTES} min`,
  );
  const row = (name: string, { spread, seconds }: Design) =>
    print(
      `  ${name.padEnd(44)} ${percent(spread)}  ${seconds.toFixed(1).padStart(6)} s/block  ${percent(halfWidth(spread, seconds))}`,
    );
  print(
    `\n  ${'burst length, the same time in rounds'.padEnd(44)} ${'spread'.padStart(8)}  ${''.padStart(14)}  half-width`,
  );
  for (const name of ['3 ms', '10 ms', '30 ms']) row(name, design(of(name), {}));
  print('\n  lead-in (bursts of 10 ms)');
  row('lead-in of a quarter of the passes', design(of('10 ms'), {}));
  row('lead-in as long as the measured burst', design(of('as long'), {}));
  row('one burst, no lead-in', design(of('as long'), { phase: 'lead', visitShare: 0.5 }));
  print('\n  rounds in a block (bursts of 10 ms)');
  for (const rounds of [5, 10, 20, 30, ROUNDS]) row(`${rounds} rounds`, design(of('10 ms'), { rounds }));
  print(`\n  estimator over ${ROUNDS} rounds, and over 10`);
  for (const rounds of [ROUNDS, 10]) {
    for (const [name, estimator] of Object.entries(ESTIMATORS))
      row(`${name}, ${rounds}`, design(of('10 ms'), { rounds, estimator }));
  }
  print('\n  company: the same pairs with others resident');
  row(`${few.length + 1} boxes resident`, design(of('10 ms'), {}));
  row(`${all.length + 1} boxes resident`, design(of('all resident'), {}));
  print('\n  CPU time of idle boxes outside their own requests, median share of the time they are resident');
  for (const [env, share] of idleShares(of('all resident')))
    print(`  ${env.padEnd(44)} ${(100 * share).toFixed(3).padStart(7)} %`);
}

interface Options {
  readonly phase?: Phase;
  readonly rounds?: number;
  readonly estimator?: Estimator;
  /** Share of a round's time that is needed. */
  readonly visitShare?: number;
}

interface Design {
  /** Standard deviation of a block's log ratio, pooled over workloads and pairs. */
  readonly spread: number;
  readonly seconds: number;
}

function design(sessions: readonly BenchSession[], options: Options): Design {
  const {
    phase = 'measure',
    rounds = Number.POSITIVE_INFINITY,
    estimator = ESTIMATORS['median of rounds'] as Estimator,
  } = options;
  const variances: number[] = [];
  const seconds: number[] = [];
  for (const session of sessions) {
    const times = timesOf(session, phase, rounds);
    for (const pair of [
      ['native@control', 'native'],
      ['unshare', 'native'],
      ['unshare', 'native@control'],
    ] as const) {
      const byWorkload = new Map<string, number[]>();
      for (const [key, logs] of logRatios(times, pair)) {
        const workload = key.split(' ')[1] as string;
        byWorkload.set(workload, [...(byWorkload.get(workload) ?? []), estimator(logs)]);
      }
      for (const values of byWorkload.values()) {
        // Within a session only: blocks of one session share work and warm-up.
        const centre = mean(values);
        variances.push(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
      }
    }
    seconds.push(secondsPerBlock(session, rounds, options.visitShare ?? 1));
  }
  return { spread: Math.sqrt(mean(variances)), seconds: mean(seconds) };
}

/** Wall ns per pass by `block workload round`, by environment. */
function timesOf(session: BenchSession, phase: Phase, rounds: number): Map<string, Map<string, number>> {
  const times = new Map<string, Map<string, number>>();
  for (const row of session.samples) {
    if (row.phase !== phase || Number(row.round) > rounds) continue;
    const own = times.get(row.env as string) ?? new Map<string, number>();
    times.set(row.env as string, own);
    own.set(`${row.block} ${row.workload} ${row.round}`, Number(row.wall_ns) / Number(row.work));
  }
  return times;
}

function logRatios(
  times: Map<string, Map<string, number>>,
  [env, baseline]: readonly [string, string],
): Map<string, number[]> {
  const logs = new Map<string, number[]>();
  for (const [key, time] of times.get(env) ?? []) {
    const other = times.get(baseline)?.get(key);
    if (other === undefined) continue;
    const cell = key.split(' ').slice(0, 2).join(' ');
    logs.set(cell, [...(logs.get(cell) ?? []), Math.log(time / other)]);
  }
  return logs;
}

/** What a block with so many rounds would take: all but the rounds stays, rounds cost what they took. */
function secondsPerBlock(session: BenchSession, rounds: number, visitShare: number): number {
  const at = (row: Row | undefined) => Date.parse(row?.started_at ?? '') / 1000;
  const blocks = [...new Set(session.samples.map((row) => row.block as string))].filter((block) => block !== '1');
  const figures = blocks.map((block) => {
    const own = session.samples.filter((row) => row.block === block);
    const visits = own.filter((row) => row.phase === 'lead');
    const done = Math.max(...visits.map((row) => Number(row.round)));
    const last = own.filter((row) => row.phase === 'measure').at(-1);
    const inRounds = at(last) - at(visits[0]);
    const starts = session.starts.filter((row) => row.block === block);
    const outside = starts.reduce((sum, row) => sum + Number(row.ready_ms) + Number(row.teardown_ms), 0) / 1000;
    const whole = at(own.at(-1)) - at(own[0]) + outside;
    return whole - inRounds + (inRounds * visitShare * Math.min(rounds, done)) / done;
  });
  return mean(figures);
}

function halfWidth(spread: number, seconds: number): number {
  const blocks = Math.max(2, Math.floor((MINUTES * 60) / seconds));
  return (tQuantile(0.975, blocks - 1) * spread) / Math.sqrt(blocks);
}

function idleShares(sessions: readonly BenchSession[]): Map<string, number> {
  const shares = new Map<string, number[]>();
  for (const row of sessions.flatMap(({ starts }) => [...starts])) {
    if (row.idle_cpu_ms === '' || Number(row.run_ms) === 0) continue;
    const env = row.env as string;
    shares.set(env, [...(shares.get(env) ?? []), Number(row.idle_cpu_ms) / Number(row.run_ms)]);
  }
  return new Map([...shares].map(([env, values]) => [env, median(values)]));
}

function percent(value: number): string {
  return `${(100 * value).toFixed(3)} %`.padStart(9);
}
