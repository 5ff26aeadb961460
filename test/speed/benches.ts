/** The benches, by name: those of a whole run, in the form that fits half an hour, and those that only run by name. */

import type { KernelEngine, Size } from '../../bench/types.ts';
import { benchCalibration, benchPatterns } from './calibration.ts';
import { benchCli } from './cli.ts';
import { benchCompany } from './company.ts';
import { benchCompare } from './compare.ts';
import { benchCompilers } from './compilers.ts';
import { benchDesign } from './design.ts';
import { benchDisk } from './disk.ts';
import { benchDuet } from './duet.ts';
import { benchEfficiency } from './efficiency.ts';
import { benchExec } from './exec.ts';
import { benchFleet } from './fleet.ts';
import { benchFleetScale } from './fleet-scale.ts';
import { benchHistory } from './history.ts';
import { benchKernels } from './kernels.ts';
import { benchPage } from './page.ts';
import type { Recorder } from './record/figure.ts';
import { benchReport } from './report.ts';
import { benchRoofline } from './roofline.ts';
import { benchSchedules } from './schedules.ts';
import { benchStarts } from './starts.ts';
import { benchStartup } from './startup.ts';
import { benchStopped } from './stopped.ts';
import { benchTrials } from './trials.ts';
import { benchTruths } from './truths.ts';
import { benchWarmup } from './warmup.ts';

export interface Options {
  readonly size?: Size;
  readonly processes?: number;
  readonly bursts?: number;
  readonly sessions?: number;
  readonly starts?: number;
  readonly turns?: number;
  readonly environments?: readonly string[];
  readonly kernels?: readonly string[];
  readonly engines?: readonly KernelEngine[];
  /** Executables of Node.js. */
  readonly nodes?: readonly string[];
}

interface Bench {
  readonly run: (print: (line: string) => void, options: Options, record: Recorder) => Promise<void>;
  readonly title: string;
  /** Options that it does not ignore, besides `turns`. */
  readonly takes?: readonly Exclude<keyof Options, 'turns'>[];
  /** How a whole run calls it, once for each, or in several `turns`; without them it runs by name only: it takes long. */
  readonly forms?: readonly Options[];
}

export const BENCHES: Readonly<Record<string, Bench>> = {
  kernels: {
    run: benchKernels,
    title: 'kernels against the same algorithms in C',
    takes: ['size', 'processes', 'bursts'],
    forms: [{}, { size: 'large', processes: 3 }],
  },
  compilers: {
    run: benchCompilers,
    title: 'the yardstick itself: other compilers and flags, and Java',
    takes: ['size', 'processes', 'bursts'],
    forms: [{}],
  },
  startup: {
    run: benchStartup,
    title: "a start through Boxmark against the bare engine's own command",
    takes: ['environments', 'starts'],
    forms: [{}],
  },
  efficiency: {
    run: benchEfficiency,
    title: 'time inside timed windows over the time of a session',
    forms: [{}],
  },
  exec: {
    run: benchExec,
    title: 'a program that does nothing: the resident shell against hyperfine and a loop of sh',
    forms: [{}],
  },
  cli: { run: benchCli, title: 'commands that only look something up, against Node.js doing nothing', forms: [{}] },
  report: { run: benchReport, title: 'a report by the number of rows: time, memory, size', forms: [{ turns: 3 }] },
  history: {
    run: benchHistory,
    title: 'boxmark history over 1,000 and 5,000 sessions, first and again: time and memory',
    forms: [{ turns: 3 }],
  },
  compare: {
    run: benchCompare,
    title: 'boxmark compare with 5,000 stored sessions, first and again',
    takes: ['sessions'],
    forms: [{}],
  },
  page: {
    run: benchPage,
    title: 'a report in a browser: until it is loaded, and until its charts are drawn',
    forms: [{}],
  },
  disk: { run: benchDisk, title: 'what sessions take up on disk, as they are written and compressed', forms: [{}] },
  company: {
    run: benchCompany,
    title: 'each kernel alone against in company',
    takes: ['size', 'processes', 'bursts'],
    forms: [{ processes: 3 }],
  },
  fleet: {
    run: benchFleet,
    title: 'a session by fleet run against the same session alone',
    forms: [{}],
  },
  roofline: {
    run: benchRoofline,
    title: 'kernels under versions of Node.js against what the processor can do; writes docs/kernels.json',
    takes: ['nodes', 'processes', 'bursts'],
  },
  warmup: { run: benchWarmup, title: 'speed of cold processes over time', takes: ['size', 'processes'] },
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
  starts: {
    run: benchStarts,
    title: 'odd starts: fresh processes that run a kernel faster or slower for life',
    takes: ['size', 'starts', 'kernels', 'engines'],
  },
  stopped: {
    run: benchStopped,
    title: 'real sessions whose box is stopped for 300 ms in 1 % of bursts: how many are called equivalent',
    takes: ['sessions'],
  },
  simulated: { run: benchTrials, title: 'the simulations of the tests, with all their trials' },
  'fleet-scale': {
    run: benchFleetScale,
    title: 'what a manager of a fleet stores, reads and computes for 3 to 1,000 hosts',
  },
  schedules: { run: benchSchedules, title: 'interleaved against sequential: half-widths in the same time' },
};
