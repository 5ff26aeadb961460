/** How often intervals and verdicts are right: thousands of simulated sessions with a known truth, per scenario. */

import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { logRatiosByRound } from '../../bench/analysis/contrast/pairing.ts';
import { isPrecise } from '../../bench/analysis/contrast/precise.ts';
import {
  type ContrastContext,
  type ContrastRow,
  type ContrastTable,
  contrastTable,
} from '../../bench/analysis/contrast/ratio.ts';
import { logInterval } from '../../bench/analysis/stats/interval.ts';
import { PROFILE_NUMBERS } from '../../bench/plan/profiles.ts';
import { PROFILES, type Verdict } from '../../bench/types.ts';
import { median } from '../../bench/units.ts';
import { type Design, ENV, NATIVE, type Noise, type Simulation, simulate, truthOf } from './simulated.ts';

const SESSIONS = 2000;
const MARGIN = 0.02;
const PLAN = {
  environments: [{ path: NATIVE }, { path: ENV }],
  baseline: NATIVE,
  workloads: ['w'],
  contrasts: [],
  margin: MARGIN,
};

/** Restless enough that ten blocks are not yet narrow, so that the adaptive stop has something to do. */
const PLAIN: Noise = {
  start: 0.012,
  burst: 0.01,
  hit: { chance: 0.01, mean: 0.05 },
  drift: 0,
  skew: 0,
  bad: { chance: 0, size: 0 },
};

const NOISES: Readonly<Record<string, Noise>> = {
  'no drift': PLAIN,
  drift: { ...PLAIN, drift: 0.01 },
  'skewed starts': { ...PLAIN, skew: 0.012 },
  'rare bad starts': { ...PLAIN, bad: { chance: 0.05, size: 0.15 } },
};

/** Stops at the width of the intervals from ten blocks on, as `standard` does; or after a fixed number. */
type Stop = number | 'adaptive';
const STOPS: readonly Stop[] = [PROFILE_NUMBERS.glance.minBlocks, 6, 10, 20, 'adaptive'];
const ADAPTIVE = { minBlocks: 10, maxBlocks: 30, target: 0.0099 };

interface Outcome {
  readonly truth: number;
  readonly log: { readonly mean: number; readonly halfWidth: number };
  readonly verdict: Verdict | null;
  readonly intermittent: boolean;
  readonly blocks: number;
}

export interface Scenario {
  readonly noise: Noise;
  readonly ratio: number;
  readonly stop: Stop;
  readonly order: Design['order'];
  /** In a block; 10 when left out. */
  readonly rounds?: number;
  readonly sessions?: number;
  /** Nothing is measured in long visits. Those of a profile where its number of blocks is the stop. */
  readonly onlyShortVisits?: boolean;
  /** Pool all rounds as if they were independent. */
  readonly pooled?: boolean;
}

/** What typical bursts don't show, on a quiet host: starts differ by 0.4 %, one burst in a hundred is delayed by 5 %. */
const QUIET: Noise = { ...PLAIN, start: 0.004, sustained: 1 };
const PATTERNS: Readonly<Record<string, Noise>> = {
  'no loss': QUIET,
  'no loss, drift': { ...QUIET, drift: 0.01 },
  '3 ms in 10 % of bursts': { ...QUIET, stall: { chance: 0.1, lengths: 0.3 } },
  '30 ms in 1 %': { ...QUIET, stall: { chance: 0.01, lengths: 3 } },
  '300 ms in 1 %': { ...QUIET, stall: { chance: 0.01, lengths: 30 } },
  '1 s in 0.5 %': { ...QUIET, stall: { chance: 0.005, lengths: 100 } },
  'half a CPU, in long visits': { ...QUIET, sustained: 1.9 },
  '5 % in long visits': { ...QUIET, sustained: 1.05 },
  '1.4 % of starts 7 % faster': { ...QUIET, bad: { chance: 0.014, size: -0.07 } },
};
const PATTERN_SESSIONS = 500;
/** Blocks and rounds; of those with a target the least. */
const PROFILE_SIZES = PROFILES.map((name) => ({ name, ...PROFILE_NUMBERS[name] }));

export async function benchCalibration(print: (line: string) => void): Promise<void> {
  print(
    `${SESSIONS} simulated sessions a row, one workload, 10 rounds; a 95 % interval should cover 95 % (±1.0 by chance).`,
  );
  print('');
  print('scenario          design            blocks   covers   half-width   A/A false alarms');
  const run = newPool(availableParallelism());
  const coverage = Object.entries(NOISES).flatMap(([name, noise]) => {
    const line = (design: string, change: Partial<Scenario>) =>
      coverageLine(run, name, design, { noise, ratio: 1.03, stop: 10, order: 'rounds', ...change });
    return [
      ...STOPS.map((stop) => line('paired blocks', { stop })),
      line('pooled rounds', { pooled: true }),
      line('box after box', { order: 'boxes' }),
      line('the same, pooled', { order: 'boxes', pooled: true }),
    ];
  });
  const verdicts = [0.004, 0.012].flatMap((start) =>
    [1, 1.01, 1.02, 1.05].flatMap((ratio) =>
      STOPS.map((stop) => verdictLine(run, { noise: { ...PLAIN, start }, ratio, stop, order: 'rounds' })),
    ),
  );
  for (const line of coverage) print(await line);
  print('');
  print(`Verdicts at a margin of ${100 * MARGIN} %, per cent of sessions; "shown" is an interval that excludes 1.`);
  print('truth     starts    blocks    shown   slower  equivalent  inconclusive  faster  untrusted');
  for (const line of verdicts) print(await line);
}

/** What a session of each profile says of two equal environments, of which one loses time in a way that typical bursts don't show. */
export async function benchPatterns(print: (line: string) => void): Promise<void> {
  const run = newPool(availableParallelism());
  print(`Rare losses and other patterns, ${PATTERN_SESSIONS} sessions each: per cent called equivalent / marked.`);
  const head = PROFILE_SIZES.map(({ name, minBlocks, rounds }) => `${name} ${minBlocks} × ${rounds}`.padStart(20));
  print(`${'true ratio 1, and'.padEnd(28)}${head.join('')}`);
  for (const line of Object.entries(PATTERNS).map(([name, noise]) => patternLine(run, name, noise))) print(await line);
}

type Run = (scenario: Scenario) => Promise<Outcome[]>;

/** Scenarios share nothing, so that each CPU takes the next one; `main.ts` answers in the thread. */
function newPool(lanes: number): Run {
  const waiting: (() => void)[] = [];
  let free = lanes;
  return async (scenario) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      const thread = new Worker(process.argv[1] as string, { workerData: scenario });
      const [outcomes] = await once(thread, 'message');
      return outcomes as Outcome[];
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

async function coverageLine(run: Run, name: string, design: string, scenario: Scenario): Promise<string> {
  // Skewed and bad starts are the environment's own, so two equal ones differ by no more than chance.
  const { noise } = scenario;
  const equal = { ...scenario, ratio: 1, noise: { ...noise, skew: 0, bad: { chance: 0, size: 0 } } };
  const [outcomes, equals] = await Promise.all([run(scenario), run(equal)]);
  const covers = share(outcomes, ({ log, truth }) => Math.abs(log.mean - truth) <= log.halfWidth);
  const width = median(outcomes.map(({ log }) => log.halfWidth));
  const alarms = share(equals, ({ log }) => Math.abs(log.mean) > log.halfWidth);
  const blocks = scenario.stop === 'adaptive' ? `10–30` : String(scenario.stop);
  return [
    name.padEnd(16),
    design.padEnd(16),
    blocks.padStart(7),
    percent(covers).padStart(7),
    `±${percent(width, 2)}`.padStart(11),
    percent(alarms).padStart(17),
  ].join('  ');
}

async function verdictLine(run: Run, scenario: Scenario): Promise<string> {
  const outcomes = await run(scenario);
  const shown = share(outcomes, ({ log }) => Math.abs(log.mean) > log.halfWidth);
  const of = (verdict: Verdict) => percent(share(outcomes, (outcome) => outcome.verdict === verdict));
  return [
    `+${percent(scenario.ratio - 1, 0)}`.padEnd(8),
    `±${percent(scenario.noise.start)}`.padEnd(8),
    (scenario.stop === 'adaptive' ? '10–30' : String(scenario.stop)).padStart(6),
    percent(shown).padStart(7),
    of('slower').padStart(7),
    of('equivalent').padStart(10),
    of('inconclusive').padStart(12),
    of('faster').padStart(6),
    of('untrusted').padStart(9),
  ].join('  ');
}

async function patternLine(run: Run, name: string, noise: Noise): Promise<string> {
  const cells = PROFILE_SIZES.map(async ({ minBlocks, rounds, longVisits }) => {
    const size = { stop: minBlocks, rounds, sessions: PATTERN_SESSIONS, onlyShortVisits: longVisits === 0 };
    const outcomes = await run({ noise, ratio: 1, order: 'rounds', ...size });
    const equivalent = percent(share(outcomes, ({ verdict }) => verdict === 'equivalent'));
    return `${equivalent} / ${percent(share(outcomes, ({ intermittent }) => intermittent))}`.padStart(20);
  });
  return `${name.padEnd(28)}${(await Promise.all(cells)).join('')}`;
}

/** All sessions of a scenario, in the thread that it is called in. */
export function runScenario(scenario: Scenario): Outcome[] {
  return Array.from({ length: scenario.sessions ?? SESSIONS }, (_, index) => run(index + 1, scenario));
}

function run(seed: number, scenario: Scenario): Outcome {
  const { noise, ratio, stop, order, rounds = 10, pooled } = scenario;
  const { onlyShortVisits = stop === PROFILE_NUMBERS.glance.minBlocks } = scenario;
  const { sustained: _, ...short } = noise;
  const simulation = simulate(seed, ratio, onlyShortVisits ? short : noise, { rounds, order });
  const truth = truthOf(ratio, noise);
  const table = stop === 'adaptive' ? untilPrecise(simulation) : afterBlocks(simulation, stop, { onlyShortVisits });
  const { blocks } = simulation.groups;
  const row = table.rows[0] as ContrastRow;
  const log = pooled ? pooledInterval(simulation) : rowInterval(row);
  return { truth, log, verdict: row.verdict, intermittent: row.intermittent, blocks: blocks.length };
}

function afterBlocks(simulation: Simulation, blocks: number, context: ContrastContext = {}): ContrastTable {
  for (let block = 1; block <= blocks; block++) simulation.addBlock();
  // Block values are kept for groups, which grow here.
  return contrastTable({ ...simulation.groups }, PLAN, context);
}

function untilPrecise(simulation: Simulation): ContrastTable {
  let table = afterBlocks(simulation, ADAPTIVE.minBlocks);
  while (simulation.groups.blocks.length < ADAPTIVE.maxBlocks && !isPrecise(table, ADAPTIVE, () => true)) {
    table = afterBlocks(simulation, 1);
  }
  return table;
}

function rowInterval({ timeRatio, interval }: ContrastRow): Outcome['log'] {
  const halfWidth = interval === null ? Number.POSITIVE_INFINITY : Math.log(interval.high / interval.low) / 2;
  return { mean: Math.log(timeRatio), halfWidth };
}

function pooledInterval({ groups }: Simulation): Outcome['log'] {
  const cells = (box: string) => groups.series.get(box)?.get('w')?.blocks;
  const logs = groups.blocks.flatMap((block) => {
    const [a, b] = [cells(ENV)?.get(block), cells(NATIVE)?.get(block)];
    return a && b ? [...logRatiosByRound([a, b]).logs] : [];
  });
  const { mean, halfWidth } = logInterval(logs);
  return { mean, halfWidth: halfWidth ?? Number.POSITIVE_INFINITY };
}

function share<T>(items: readonly T[], is: (item: T) => boolean): number {
  return items.filter(is).length / items.length;
}

function percent(value: number, digits = 1): string {
  return `${(100 * value).toFixed(digits)} %`;
}
