import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionOutcome } from '../../bench/run/session.ts';
import { HostAtLimit } from '../../bench/run/watch/host-gauges.ts';
import { Patience } from '../../bench/run/watch/patience.ts';
import { checkSession } from '../../bench/session/check.ts';
import type { Environment, Plan, Sample } from '../../bench/types.ts';
import { honest, PAYLOAD, runIn, scripted, tampered, tinyPlan } from './boxes.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

interface RunOptions {
  readonly signal?: AbortSignal;
  readonly control?: Environment;
  readonly patience?: Patience;
  onRound?(at: { block: number; round: number }): void;
}

function run(
  plan: Plan,
  environments: readonly Environment[],
  { signal, control, patience, onRound }: RunOptions = {},
) {
  return runIn(out, plan, environments, {
    ...(control && { control }),
    ...(signal && { signal }),
    ...(patience && { patience }),
    notices: (tell) => tell({ kind: 'harness-not-pinned', reason: 'one CPU' }),
    progress: { phase: () => {}, block: () => {}, round: (at) => onRound?.(at) },
  });
}

function readRows(dir: string): Record<string, string>[] {
  return parse(readFileSync(join(dir, 'samples.csv')), { columns: true }) as Record<string, string>[];
}

/** Rows of an environment that a ratio rests on. */
function measured(outcome: SessionOutcome, env: string): Sample[] {
  return outcome.samples.filter((row) => row.env === env && row.phase === 'measure' && row.ok);
}

const native = { path: 'native' };
const wholeRows = 2 * 4 * 3; // blocks × rounds × workloads

describe('a session of healthy boxes', () => {
  it('records every burst in order, agreeing states, and a folder that verifies', async () => {
    const plan = tinyPlan({ environments: [native, { path: 'twin' }] });
    const { outcome, dir } = await run(plan, [honest('native'), honest('twin')]);
    expect(outcome.failure).toBeNull();
    expect(outcome.info.stopReason).toBe('blocks');
    expect(outcome.events.map(({ kind }) => kind)).toContain('harness-not-pinned');
    for (const env of ['native', 'twin', 'native@control']) expect(measured(outcome, env)).toHaveLength(wholeRows);
    const warmups = outcome.samples.filter(({ env, phase }) => env === 'twin' && phase === 'warmup');
    expect(warmups).toHaveLength(2 * 3 * plan.pilotBursts);
    expect(outcome.samples.some(({ phase }) => phase === 'long')).toBe(true);
    expect(outcome.contrasts.map(({ workload }) => workload)).toEqual(['fft', 'sor', 'monte-carlo', 'suite']);
    const check = await checkSession(dir);
    expect(check.findings).toEqual([]);
    expect(check.samples).toBe(outcome.samples.length);
    expect(readdirSync(dir).sort()).toEqual(
      ['contrasts.csv', 'events.jsonl', 'manifest.json', 'samples.csv', 'session.json', 'starts.csv'].sort(),
    );
  });

  it('visits one box at a time in both schedules, with the same number of bursts', async () => {
    const plan = tinyPlan({ environments: [native, { path: 'twin' }], schedule: 'sequential', blocks: 1 });
    const { outcome } = await run(plan, [honest('native'), honest('twin')]);
    const order = outcome.samples.map(({ env }) => env).filter((env, index, all) => env !== all[index - 1]);
    expect(order).toHaveLength(3);
    expect(measured(outcome, 'twin')).toHaveLength(wholeRows / 2);
  });

  it('gives two boxes with the same seed the same states after every round', async () => {
    const plan = tinyPlan({ environments: [native], blocks: 1 });
    const { outcome } = await run(plan, [honest('native')]);
    const states = (env: string) =>
      measured(outcome, env).map(({ round, workload, checksum }) => `${round} ${workload} ${checksum}`);
    expect(states('native').sort()).toEqual(states('native@control').sort());
    expect(states('native')).toHaveLength(4 * 3);
  });
});

describe('a box that falls silent after its pilot block', () => {
  it('ends after what its own answers promise, not after the limit of the plan, and is started afresh in the next block', async () => {
    const plan = tinyPlan({
      environments: [native, { path: 'bad' }],
      workloads: ['fft'],
      blocks: 3,
      timeoutMs: 60_000,
    });
    const calls = join(out, 'starts');
    // The second start is silent from its second visit on.
    const bad = tampered(
      'bad',
      `const fs = require('node:fs');
       if (seen === 1) fs.appendFileSync(${JSON.stringify(calls)}, 'x');
       if (seen > 5 && fs.readFileSync(${JSON.stringify(calls)}).length === 2) line = null;`,
    );
    const { outcome } = await run(plan, [honest('native'), bad], { patience: new Patience(500) });
    const statuses = outcome.starts.filter(({ env }) => env === 'bad').map(({ status }) => status);
    expect(statuses).toEqual(['completed', 'timed-out', 'completed']);
    const [silent] = outcome.events.filter(({ kind }) => kind === 'timed-out');
    expect(silent).toMatchObject({
      env: 'bad',
      reason: expect.stringMatching(/silent for .* was due, which took .* at most before/),
    });
    expect(measured(outcome, 'native')).toHaveLength(3 * 4);
    expect(measured(outcome, 'bad').length).toBeGreaterThan(2 * 4);
  });
});

describe('a host without room', () => {
  it('ends the session with its whole blocks, and blames no box', async () => {
    const plan = tinyPlan({ environments: [native, { path: 'twin' }], workloads: ['fft'], blocks: 3 });
    let starts = 0;
    const admit = async () => {
      starts += 1;
      if (starts > 6) throw new HostAtLimit({ what: 'The host has no room for a further box.' }, 'memory');
    };
    const { outcome, dir } = await runIn(out, plan, [honest('native'), honest('twin')], {
      gauges: { availableMemoryBytes: () => null, stealMs: () => null, admit },
    });
    expect(outcome.info).toMatchObject({ stopReason: 'failed', blocksCompleted: 1 });
    expect(outcome.failure).toBeInstanceOf(HostAtLimit);
    // Boxes that were open are closed with the block; none is said to be the cause.
    const reasons = outcome.events.flatMap((event) => (event.kind === 'failed' ? [[event.env, event.reason]] : []));
    expect(reasons.filter(([env]) => env !== undefined).map(([, reason]) => reason)).toEqual(
      Array(2).fill('the block was given up'),
    );
    expect(reasons.filter(([env]) => env === undefined)).toEqual([
      [undefined, expect.stringContaining('no room for a further box')],
    ]);
    expect((await checkSession(dir)).findings).toEqual([]);
  });
});

describe('a box that fails costs its own data only', () => {
  const faults: [string, Environment, { status: string; reason: RegExp }][] = [
    [
      'hangs from the start',
      scripted('bad', ['sleep', '60']),
      { status: 'timed-out', reason: /silent for 2 s while its first line/ },
    ],
    [
      'prints garbage without end',
      scripted('bad', ['yes', 'segfault at 0000']),
      { status: 'failed', reason: /characters that are not an answer/ },
    ],
    ['is not there', scripted('bad', ['no-such-program']), { status: 'failed', reason: /the box ended/ }],
    [
      'falls silent in a round',
      tampered('bad', 'if (seen > 8) line = null;'),
      { status: 'timed-out', reason: /silent for 2 s while the answer to "visit"/ },
    ],
    [
      'dies in a round',
      tampered('bad', 'if (seen > 8) process.exit(9);'),
      { status: 'failed', reason: /the box ended with code 9/ },
    ],
    [
      'answers with half a line',
      tampered('bad', 'if (seen > 8) line = line.slice(0, 40);'),
      { status: 'failed', reason: /not an answer of this version/ },
    ],
    [
      'speaks another version',
      tampered('bad', `line = line.replace('"v":1', '"v":99');`),
      { status: 'failed', reason: /not an answer of this version/ },
    ],
  ];
  it.each(faults)('one that %s', async (_, bad, { status, reason }) => {
    const plan = tinyPlan({ environments: [native, { path: 'bad' }], workloads: ['fft', 'sor', 'monte-carlo'] });
    const { outcome, dir } = await run(plan, [honest('native'), bad]);
    expect(outcome.failure).toBeNull();
    expect(outcome.info.stopReason).toBe('blocks');
    expect(measured(outcome, 'native')).toHaveLength(wholeRows);
    expect(measured(outcome, 'native@control')).toHaveLength(wholeRows);
    const starts = outcome.starts.filter(({ env }) => env === 'bad');
    expect(starts.map((start) => start.status)).toEqual([status, status]);
    expect(starts.every((start) => 'reason' in start && reason.test(start.reason))).toBe(true);
    expect(outcome.events.filter(({ env }) => env === 'bad').map(({ kind }) => kind)).toEqual([
      status,
      status,
      'given-up',
    ]);
    expect((await checkSession(dir)).findings).toEqual([]);
  });

  it('one that computes something else: its answers become failed samples with an event, never numbers', async () => {
    const plan = tinyPlan({ environments: [native, { path: 'bad' }], blocks: 1 });
    const wrong = tampered('bad', `if (seen > 8) line = line.replace(/"checksum":"[0-9a-f]{4}/, '"checksum":"dead');`);
    const { outcome, dir } = await run(plan, [honest('native'), wrong]);
    const refuted = readRows(dir).filter(({ ok }) => ok === 'false');
    expect(new Set(refuted.map(({ env }) => env))).toEqual(new Set(['bad']));
    expect(refuted.every(({ mflops }) => mflops === '')).toBe(true);
    expect(outcome.events.map(({ kind }) => kind)).toContain('checksum-mismatch');
    expect(measured(outcome, 'native')).toHaveLength(wholeRows / 2);
  });

  it('one whose very first pass is wrong is not measured at all', async () => {
    const plan = tinyPlan({ environments: [native, { path: 'bad' }], blocks: 1 });
    const wrong = tampered('bad', `line = line.replace(/"first":"[0-9a-f]{4}/, '"first":"dead');`);
    const { outcome } = await run(plan, [honest('native'), wrong]);
    expect(outcome.samples.filter(({ env }) => env === 'bad')).toEqual([]);
    expect(outcome.starts.find(({ env }) => env === 'bad')).toMatchObject({ status: 'failed' });
  });

  it('all boxes agreeing on something wrong are caught by the replay at the end of the block', async () => {
    const lie = `line = line.replace(/"checksum":"[0-9a-f]{4}/, '"checksum":"beef');`;
    const plan = tinyPlan({ environments: [native], blocks: 1 });
    const { outcome } = await run(plan, [tampered('native', lie)], { control: tampered('native', lie) });
    expect(outcome.events.filter(({ kind }) => kind === 'checksum-mismatch').length).toBeGreaterThanOrEqual(2);
    expect(outcome.starts.every(({ status }) => status === 'failed')).toBe(true);
    expect(outcome.samples).toEqual([]);
  });
});

describe('the end of a session', () => {
  it('is orderly after an interrupt: whole blocks are kept, and the incomplete one is marked', async () => {
    const controller = new AbortController();
    const plan = tinyPlan({ environments: [native, { path: 'twin' }], blocks: 3 });
    const { outcome, dir } = await run(plan, [honest('native'), honest('twin')], {
      signal: controller.signal,
      onRound: ({ block, round }) => {
        if (block === 2 && round === 2) controller.abort();
      },
    });
    expect(outcome.info.stopReason).toBe('interrupted');
    expect(outcome.info.blocksCompleted).toBe(1);
    expect(new Set(outcome.samples.map(({ block }) => block))).toEqual(new Set([1]));
    expect(existsSync(join(dir, 'manifest.json'))).toBe(true);
    expect((await checkSession(dir)).findings).toEqual([]);
    expect(JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8'))).toMatchObject({ stopReason: 'interrupted' });
  });

  it('comes when the baseline has failed twice in a row', async () => {
    const plan = tinyPlan({ environments: [native, { path: 'twin' }], blocks: 4 });
    // Good for the calibration and its goodbye, then gone: the count is kept by a file, because every start is fresh.
    const mark = join(out, 'started');
    const once = scripted('native', [
      'sh',
      '-c',
      `[ -e ${mark} ] && exit 3; : > ${mark}; exec "$0" "$1"`,
      process.execPath,
      PAYLOAD,
    ]);
    const { outcome } = await run(plan, [once, honest('twin')]);
    expect(String(outcome.failure)).toMatch(/baseline failed in two blocks/);
    expect(outcome.info).toMatchObject({ stopReason: 'failed', blocksCompleted: 2 });
  });

  it('says why when the baseline does not even start for the calibration', async () => {
    const plan = tinyPlan({ environments: [native] });
    const { outcome } = await run(plan, [scripted('native', ['false'])]);
    expect(String(outcome.failure)).toMatch(/The baseline did not start: the box ended with code 1/);
  });
});
