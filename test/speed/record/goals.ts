/** What each figure should be, and why one is not: the only place that says so. */

import { WORKLOADS } from '../../../scimark/index.ts';

/** `ratio` and `share` have no unit: a quotient of two sides that took turns, and a part of a whole from 0 to 1. */
export const UNITS = ['ratio', 'share', 's', 'ms', 'MB', 'GB'] as const;
export type Unit = (typeof UNITS)[number];

export interface Goal {
  readonly is: '≤' | '≥';
  readonly value: number;
  readonly unit: Unit;
  /** What the figure is, for a reader of the page. */
  readonly what: string;
}

const atMost = (value: number, what: string, unit: Unit = 'ratio'): Goal => ({ is: '≤', value, unit, what });
const atLeast = (value: number, what: string, unit: Unit = 'ratio'): Goal => ({ is: '≥', value, unit, what });

/** By the id of the figure, in the order of the page. */
export const GOALS: Readonly<Record<string, Goal>> = {
  'kernels.small.tuned': atLeast(1.25, 'composite of `tuned` over C, size small'),
  'kernels.small.wasm': atLeast(2, 'composite of `wasm` over C, size small'),
  'kernels.large.wasm': atLeast(2.5, 'composite of `wasm` over C, size large'),
  ...Object.fromEntries(
    WORKLOADS.map(({ id }) => [`kernels.small.wasm.${id}`, atLeast(1.1, `${id} of \`wasm\` over C, size small`)]),
  ),
  'startup.native': atMost(1.1, 'a start of `native` over Node.js alone'),
  'startup.unshare': atMost(1.1, 'a start of `unshare` over the same command'),
  'startup.bwrap': atMost(1.1, 'a start of `bwrap` over the same command'),
  'startup.docker-docker': atMost(1.05, 'a start of `docker/docker` over the same by hand'),
  'exec.loop': atMost(1.1, '`true` by the resident shell over a loop of sh'),
  'exec.hyperfine': atMost(1.1, '`true` by the resident shell over hyperfine -N'),
  'cli.version': atMost(1.5, '`boxmark --version` over Node.js doing nothing'),
  'cli.help': atMost(1.5, '`boxmark --help` over Node.js doing nothing'),
  'cli.run-help': atMost(1.5, '`boxmark run --help` over Node.js doing nothing'),
  'efficiency.timed': atLeast(0.8, 'timed bursts as a share of a quick session', 'share'),
  'efficiency.preparation': atMost(10, 'preparation of that session, warm', 's'),
  'efficiency.start': atMost(150, '`npm start` to the printed answer', 's'),
  'efficiency.glance': atMost(45, 'profile `glance` to the printed answer', 's'),
  'fleet.session': atMost(1.1, 'a session by `fleet run` over the same alone'),
  'report.million': atMost(3, 'a page of 10⁶ rows', 's'),
  'report.million.peak': atMost(250, 'memory of that, at its peak', 'MB'),
  'report.million.markdown': atMost(3, 'Markdown of 10⁶ rows', 's'),
  'history.5000': atMost(3, '`history` of 5,000 sessions that it knows, noise alone', 's'),
  'history.5000.steps': atMost(3, 'the same, two steps in every ratio', 's'),
  'compare.5000': atMost(3, '`compare` with 5,000 stored sessions that it knows', 's'),
  'page.opens': atMost(1, 'the page of 17 environments opens in Chromium', 's'),
  'disk.ten-thousand': atMost(5, '10,000 sessions on disk', 'GB'),
  'bench.whole': atMost(1800, '`npm run bench` as a whole', 's'),
};

/** For goals that are not met: what stands in the way, with the figures that show it. */
export const REASONS: Readonly<Record<string, string>> = {
  'startup.docker-docker':
    'by less than the spread of ten pairs. It was 1.03 in the run before (1.01 to 1.07), of the same steps.',
  'efficiency.timed':
    'bursts themselves got shorter: 112 s where they took 140, and 192 at first. What stands around them shrank less, to 31 s ' +
    'from 35. 14 of these are starts and ends of boxes, which the engines take themselves (`startup.*`); 10 are 4500 requests and ' +
    'answers, 2.3 ms each, through Docker’s client and daemons, a guest’s console, and two virtual CPUs that wake up; 6 are what ' +
    'boxes report, prepare and are checked for ([ADR 28](adr/0028-shorter-bursts-and-long-visits.md)). With long visits as ' +
    'they were, it would be 79 %, and `npm start` 157 s.',
};

export function goalOf(id: string): Goal | undefined {
  return Object.hasOwn(GOALS, id) ? GOALS[id] : undefined;
}
