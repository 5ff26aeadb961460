/** The tables of a session: what is written is read back, and a cell that can't be is named by whoever reads it. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSession } from '../../bench/session/check.ts';
import { CONTRASTS, STARTUP } from '../../bench/session/figure-tables.ts';
import { KIND_TABLES } from '../../bench/session/kind-tables.ts';
import { rowsOf } from '../../bench/session/load.ts';
import { scanTable } from '../../bench/session/scan.ts';
import { createStore } from '../../bench/session/store.ts';
import { text } from '../../bench/session/table.ts';
import { SAMPLES, STARTS, TABLES } from '../../bench/session/tables.ts';
import type {
  ContrastResult,
  DensityRow,
  FootprintRow,
  LoadRow,
  NeighbourRow,
  ScaleRow,
  StartupRow,
  StormRow,
} from '../../bench/types.ts';
import { testSample, testStart } from './analysis/simulate.ts';
import { infoFor, tinyPlan } from './boxes.ts';

const CONTRAST: ContrastResult = {
  env: 'docker',
  baseline: 'native',
  workload: 'fft',
  blocks: 6,
  timeRatio: 1.01,
  interval: { low: 1.005, high: 1.015 },
  throughputChangePercent: -0.99,
  hodgesLehmann: null,
  controlRatio: 1,
  controlInterval: null,
  verdict: null,
  total: { ratio: 1.02, interval: null, blocks: 6 },
  sustained: null,
  wakeupRatio: 1.1,
  intermittent: true,
  nsPerPass: 26_000,
  baselineNsPerPass: null,
  stalledBursts: 3,
  baselineStalledBursts: 0,
};
const STARTED: StartupRow = {
  env: 'docker',
  baseline: 'native',
  temperature: 'warm',
  figure: 'first-instruction',
  starts: 12,
  medianMs: 300,
  interval: { low: 290, high: 310 },
  ratio: null,
};
const HELD: FootprintRow = {
  block: 1,
  position: 2,
  env: '=docker',
  instances: 4,
  hostDeltaBytes: -4096,
  pssBytes: 1e9,
  cgroupBytes: null,
  diskBytes: -1,
  imageBytes: 5,
};

const WORKED: ScaleRow = {
  block: 1,
  position: 2,
  env: '=docker',
  workload: 'fft',
  instances: 4,
  instance: 2,
  startId: 'b1-docker-n4-2',
  status: 'failed',
  reason: 'the box ended, by "SIGKILL"',
  beginNs: 12_000,
  endNs: null,
  cpuNs: null,
  stealMs: -10,
  hostDeltaBytes: -4096,
  availableBytes: 2 ** 32,
};
const DENSE: DensityRow = {
  ...{ block: 1, position: 2, env: 'docker', instances: 3, startId: 'b1-docker-n9-3', status: 'stopped' },
  ...{ endedBy: 'memory', reason: '=1 MiB left', readyMs: null, hostDeltaBytes: -1, pssBytes: 1, rssBytes: null },
  ...{ cgroupBytes: 2, diskBytes: -3, slabBytes: -4, ksmBytes: null },
};
const STORMY: StormRow = {
  ...{ block: 1, position: 2, env: 'docker', instances: 50, order: 'staggered', share: 'quota', instance: 7 },
  ...{ startId: 'b1-docker-p2-7', status: 'failed', reason: '=broken', startMs: null, readyMs: 1.5 },
  ...{ victimBeforeNs: 1, victimDuringNs: null, victimP99Ns: 3, victimBursts: 4, longestGapMs: 12.5, missedBeats: 0 },
};
const REQUEST: LoadRow = {
  block: 1,
  position: 3,
  env: '=docker',
  startId: 'b1-docker',
  workload: 'lu',
  rate: 0.5,
  arrival: 1,
  intendedNs: 12_345_678_901,
  sentNs: 12_345_679_000,
  doneNs: 12_350_000_000,
  serviceNs: 4_000_000,
  status: 'answered',
};
const WITHOUT_ANSWER: LoadRow = { ...REQUEST, arrival: 2, doneNs: null, serviceNs: null, status: 'dropped' };

const VISITED: NeighbourRow = {
  block: 1,
  position: 2,
  env: '=docker',
  workload: 'fft',
  aggressor: 'cpu',
  round: 3,
  beside: true,
  turn: 0,
  startId: 'b1-docker-victim',
  status: 'uncovered',
  reason: 'the neighbour, "late"',
  work: null,
  meanPassNs: 0,
  medianPassNs: 12.5,
  longestPassNs: null,
  copies: 2,
  aggressorPasses: 400,
  leadNs: -12_000,
  tailNs: 5,
  stealMs: null,
};

let out: string;
let dir: string;
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  const info = infoFor(tinyPlan({ environments: [{ path: 'native' }] }), []);
  const store = createStore(out, info);
  store.session(info);
  store.samples([testSample()]);
  store.start(testStart({ round: 0, temperature: 'dropped' }));
  store.startup([STARTED]);
  store.rows('footprint', [HELD]);
  store.rows('scale', [WORKED]);
  store.rows('density', [DENSE]);
  store.rows('storm', [STORMY]);
  store.rows('load', [REQUEST, WITHOUT_ANSWER]);
  store.rows('neighbour', [VISITED]);
  store.finish([CONTRAST], 'precision');
  store.close();
  dir = store.dir;
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe('a table of a session', () => {
  it('is read to what it was written from', () => {
    expect([...rowsOf(dir, SAMPLES)]).toEqual([testSample()]);
    expect([...rowsOf(dir, STARTS)]).toEqual([testStart({ round: 0, temperature: 'dropped' })]);
    expect([...rowsOf(dir, KIND_TABLES.footprint)]).toEqual([HELD]);
    expect([...rowsOf(dir, KIND_TABLES.scale)]).toEqual([WORKED]);
    expect([...rowsOf(dir, KIND_TABLES.density)]).toEqual([DENSE]);
    expect([...rowsOf(dir, KIND_TABLES.storm)]).toEqual([STORMY]);
    expect([...rowsOf(dir, KIND_TABLES.load)]).toEqual([REQUEST, WITHOUT_ANSWER]);
    expect([...rowsOf(dir, KIND_TABLES.neighbour)]).toEqual([VISITED]);
    expect([...rowsOf(dir, CONTRASTS)]).toEqual([
      expect.objectContaining({
        ...{ env: 'docker', time_ratio: 1.01, ratio_low: 1.005, hodges_lehmann: null, verdict: null },
        ...{ stop_reason: 'precision', total_ratio: 1.02, total_low: null, intermittent: true },
      }),
    ]);
    expect([...rowsOf(dir, STARTUP)]).toEqual([
      expect.objectContaining({ figure: 'first-instruction', median_ms: 300, median_high_ms: 310, time_ratio: null }),
    ]);
  });

  it('takes an empty cell in every column that older sessions do not have', () => {
    const appended = TABLES.flatMap(({ columns }) => columns.filter((column) => column.appended));
    expect(appended.length).toBeGreaterThan(2);
    for (const { type } of appended) expect(type.read('')).toBeDefined();
  });

  it('has no more instances than a plan can ask for, in any table', () => {
    const columns = TABLES.flatMap((table) => table.columns.filter(({ name }) => name === 'instances'));
    expect(columns.length).toBeGreaterThanOrEqual(4);
    for (const { type } of columns) {
      expect(type.read('1024')).toBe(1024);
      expect(type.read('1025')).toBeUndefined();
    }
  });

  it('is found to be right as it was written', async () => {
    expect((await checkSession(dir)).findings).toEqual([]);
  });

  it.each(TABLES.flatMap(({ file, columns }) => columns.map((column) => ({ file, column }))))(
    'with a cell of $column.name in $file that can not be is refused, and the cell named',
    async ({ file, column: { name, type } }) => {
      const path = join(dir, file);
      const whole = readFileSync(path, 'utf8');
      const [header = [], row = []] = [...scanTable(path)];
      const at = header.indexOf(name);
      const changed = (cell: string) => stringify([header, row.map((old, index) => (index === at ? cell : old))]);
      const read = () => [...rowsOf(dir, TABLES.find((table) => table.file === file) as typeof SAMPLES)];
      try {
        writeFileSync(path, changed('?!'));
        const problem = `row 1: ${name} is "?!", not ${type.expected}`;
        const { findings } = await checkSession(dir);
        if (type === text) {
          const changedAfter = { problem: expect.stringMatching(/changed after the session/) };
          const foreign = { file, problem: 'row 1: is of the session ?!' };
          expect(findings).toMatchObject(name === 'session' ? [changedAfter, foreign] : [changedAfter]);
          expect(read()).toHaveLength(1);
        } else {
          expect(findings).toContainEqual({ file, problem });
          expect(read).toThrow(problem);
        }
      } finally {
        writeFileSync(path, whole);
      }
    },
  );

  it.each([
    ['a number below its range', 'samples.csv', ',10000000,', ',-1,', 'wall_ns is "-1", not a whole number'],
    ['a number in another notation', 'samples.csv', ',10000000,', ',1e7,', 'wall_ns is "1e7", not a whole number'],
    ['a place before the first', 'samples.csv', ',1,1,1,', ',0,1,1,', 'block is "0", not a whole number from 1 on'],
    ['a ratio that is none', 'contrasts.csv', ',6,1.01,', ',6,0,', 'time_ratio is "0", not a number above 0'],
    ['a reason that is none', 'contrasts.csv', ',precision,', ',bored,', 'stop_reason is "bored", not running'],
  ])('with %s is found in it', async (_, file, before, after, problem) => {
    const path = join(dir, file);
    const whole = readFileSync(path, 'utf8');
    try {
      expect(whole).toContain(before);
      writeFileSync(path, whole.replace(before, after));
      const found = (await checkSession(dir)).findings.map((finding) => finding.problem);
      expect(found).toContainEqual(expect.stringContaining(problem));
    } finally {
      writeFileSync(path, whole);
    }
  });
});
