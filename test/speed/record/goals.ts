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
  'kernels.large.wasm':
    'by 0.4 %, less than the spread, before `lu` gained 5 % by another order of its stores; medians in CPU time have since ' +
    'reached 2.58. `sparse` is the weakest, at 1.09: [kernels.md](kernels.md#sparse).',
  'startup.docker-docker':
    'the figure is older than the start of the inner daemon by the outer container itself, which is entered once, meanwhile: ' +
    'since then 14 pairs on a busy host gave 1.05 (1.00 to 1.27; least 589 ms over 554), and 16 to 24 pairs while it was ' +
    'busier 1.16 to 1.45. Why load costs this side more is not known: the daemon alone starts sooner on the one CPU that ' +
    'Boxmark gives it than on both (175 ms to its first answer against 247, medians of 6).',
  'efficiency.start':
    'measuring fills 85 % of it: 37 s of warm-up, 55 s of lead-ins, 54 s of paired bursts, 46 s of long visits. Fewer of any of ' +
    'them make intervals wider, or leave out what they show ([method.md](method.md)).',
  'efficiency.glance': 'by 2 %; preparation takes 7 s of it.',
  'report.million':
    'the run was before reports took half the CPU time: 3.2 s since, in one thread, where the version before took 6.5 in ' +
    'turns with it. Reading and checking is 45 % of that, grouping 10 %, contrasts and claims 25 %. SHA-256 of the ' +
    '183 MB takes 0.11 s, and a loop over their bytes 0.18 s, so no physical bound is near: what is left is work for a second thread.',
  'report.million.markdown': 'the same: the page itself takes 0.1 s of it.',
  'history.5000':
    'the run was before `history` kept what it takes from a session: each was read and checked again, 0.9 ms for two files of 34 KB.',
  'history.5000.steps': 'the same; the search for changes takes 0.2 s more.',
  'kernels.small.tuned':
    'measured before `sparse` gained 30 %, `sor` 13 % and `lu` 10 %: in CPU time, medians have since reached 1.34. JavaScript ' +
    'has no vectors, and V8 checks every access; what was tried, with figures, is in [kernels.md](kernels.md#lu).',
  'startup.unshare':
    'the figure is older than the program that makes the box by a list of system calls, in place of six programs of util-linux: ' +
    'since then 30 pairs on a busy host gave 1.00 (0.98 to 1.04), and the commands alone take 1.9 ms of CPU time, where ' +
    'they took 9.8, and `taskset` and `unshare` as typed take 2.1 (medians of 300).',
};

export function goalOf(id: string): Goal | undefined {
  return Object.hasOwn(GOALS, id) ? GOALS[id] : undefined;
}
