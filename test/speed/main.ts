/**
 * `npm run bench [-- NAME … --size SIZE --processes N --bursts N --starts N --kernels LIST --engines LIST --sessions N]`: speed
 * as ratios within one run. Never asserted on; shared machines are noisy. The options are for the benches of kernels, of starts
 * and of sessions.
 */

import { parseArgs } from 'node:util';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { KERNEL_ENGINES, type KernelEngine, SIZES, type Size } from '../../bench/types.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import { benchCalibration, benchPatterns, runScenario, type Scenario } from './calibration.ts';
import { benchCli } from './cli.ts';
import { benchCompany } from './company.ts';
import { benchDesign } from './design.ts';
import { benchDuet } from './duet.ts';
import { benchEfficiency } from './efficiency.ts';
import { benchExec } from './exec.ts';
import { benchFleet } from './fleet.ts';
import { benchFleetScale } from './fleet-scale.ts';
import { benchHistory } from './history.ts';
import { benchKernels } from './kernels.ts';
import { benchReport } from './report.ts';
import { benchSchedules } from './schedules.ts';
import { benchStarts } from './starts.ts';
import { benchStartup } from './startup.ts';
import { benchStopped } from './stopped.ts';
import { benchTrials } from './trials.ts';
import { benchTruths } from './truths.ts';
import { benchWarmup } from './warmup.ts';

interface Options {
  readonly size?: Size;
  readonly processes?: number;
  readonly bursts?: number;
  readonly sessions?: number;
  readonly starts?: number;
  readonly kernels?: readonly string[];
  readonly engines?: readonly KernelEngine[];
}
type Bench = (print: (line: string) => void, options: Options) => Promise<void>;

const BENCHES: Readonly<Record<string, { readonly run: Bench; readonly title: string }>> = {
  kernels: { run: benchKernels, title: 'kernels against the same algorithms in C' },
  warmup: { run: benchWarmup, title: 'speed of cold processes over time' },
  company: { run: benchCompany, title: 'each kernel alone against in company' },
  efficiency: { run: benchEfficiency, title: 'time inside timed windows over the time of a session' },
  exec: { run: benchExec, title: 'a program that does nothing: the resident shell against hyperfine and a loop of sh' },
  fleet: { run: benchFleet, title: 'a session by fleet run against the same session alone' },
  startup: { run: benchStartup, title: "a start through Boxmark against the bare engine's own command" },
  calibration: { run: benchCalibration, title: 'coverage and verdicts over simulated sessions with a known truth' },
  patterns: {
    run: benchPatterns,
    title: 'rare stalls, quotas and odd starts over simulated sessions: verdicts and marks',
  },
  design: {
    run: benchDesign,
    title: 'burst length, lead-in, rounds, estimator and company, by the spread of like boxes',
  },
  duet: { run: benchDuet, title: 'two boxes at once on two CPUs against taking turns on one' },
  truths: {
    run: benchTruths,
    title: 'known truths, twenty times over: intervals that hold them, copies that seem to differ',
  },
  starts: { run: benchStarts, title: 'odd starts: fresh processes that run a kernel faster or slower for life' },
  stopped: {
    run: benchStopped,
    title: 'real sessions whose box is stopped for 300 ms in 1 % of bursts: how many are called equivalent',
  },
  simulated: { run: benchTrials, title: 'the simulations of the tests, with all their trials' },
  history: { run: benchHistory, title: 'boxmark history over 1,000 and 5,000 sessions: time and memory' },
  'fleet-scale': {
    run: benchFleetScale,
    title: 'what a manager of a fleet stores, reads and computes for 3 to 1,000 hosts',
  },
  cli: { run: benchCli, title: 'commands that only look something up, against Node.js doing nothing' },
  schedules: { run: benchSchedules, title: 'interleaved against sequential: half-widths in the same time' },
  report: { run: benchReport, title: 'a report by the number of rows: time, memory, size' },
};

const COUNTS = ['processes', 'bursts', 'sessions', 'starts'] as const;
const LISTS = { kernels: WORKLOADS.map(({ id }) => id), engines: KERNEL_ENGINES };
const count = (text: string | undefined) => (text === undefined ? undefined : Number(text));

function readArguments(): { wanted: string[]; options: Options } {
  const { values, positionals: wanted } = parseArgs({
    allowPositionals: true,
    options: Object.fromEntries(
      ['size', ...COUNTS, ...Object.keys(LISTS)].map((name) => [name, { type: 'string' as const }]),
    ),
  });
  const size = SIZES.find((one) => one === values.size);
  const counts = Object.fromEntries(COUNTS.map((name) => [name, count(values[name])]));
  const lists = Object.entries(LISTS).map(([name, known]) => [name, listed(name, values[name], known)] as const);
  const unknown = wanted.filter((name) => BENCHES[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`there is no ${unknown.join(', ')}\n  try: ${Object.keys(BENCHES).join(', ')}`);
  if (values.size !== undefined && size === undefined)
    throw new Error(`no size: ${values.size}\n  try: ${SIZES.join(', ')}`);
  for (const [name, value] of Object.entries(counts)) {
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw new Error(`--${name} takes a number above 0`);
  }
  const given = Object.entries({ size, ...counts, ...Object.fromEntries(lists) }).filter(
    ([, value]) => value !== undefined,
  );
  return { wanted, options: Object.fromEntries(given) };
}

function listed(name: string, text: string | undefined, known: readonly string[]): readonly string[] | undefined {
  const unknown = text?.split(',').filter((one) => !known.includes(one)) ?? [];
  if (unknown.length > 0) throw new Error(`--${name}: there is no ${unknown.join(', ')}\n  try: ${known.join(',')}`);
  return text?.split(',');
}

async function main(): Promise<void> {
  let read: ReturnType<typeof readArguments>;
  try {
    read = readArguments();
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 2;
    return;
  }
  for (const name of read.wanted.length > 0 ? read.wanted : Object.keys(BENCHES)) {
    const bench = BENCHES[name];
    process.stdout.write(`\n== ${name}: ${bench?.title}\n`);
    await bench?.run((line) => process.stdout.write(`${line}\n`), read.options);
  }
}

if (isMainThread) await main();
else parentPort?.postMessage(runScenario(workerData as Scenario));
