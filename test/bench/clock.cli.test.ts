/** Clocks: which ones can't be relied on, and a session with a guest whose clock is slow or coarse. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostTimedBoxes, timedTable } from '../../bench/analysis/contrast/clock.ts';
import { findSeries } from '../../bench/analysis/contrast/group.ts';
import { groupSession } from '../../bench/analysis/contrast/session-groups.ts';
import { clockFault, openClock, withPartners } from '../../bench/run/watch/clock.ts';
import { checkSession } from '../../bench/session/check.ts';
import { loadSession, wholeSamples } from '../../bench/session/load.ts';
import type { Environment, Plan, Sample } from '../../bench/types.ts';
import { median } from '../../bench/units.ts';
import { simulateSamples, testPlan } from './analysis/simulate.ts';
import { honest, runIn, tampered, tinyPlan } from './boxes.ts';

describe('a clock', () => {
  /** Read after so many seconds, of a box that is asked thrice at either end; `wayMs` is what an answer takes. */
  function clockAfter(ratio: number, seconds: number, stepNs = 100, wayMs: (answer: number) => number = () => 0) {
    const clock = openClock(stepNs);
    for (const [answer, second] of [0, 0.06, 0.12, seconds, seconds + 0.06, seconds + 0.12].entries()) {
      const boxNs = 5n + BigInt(Math.round(second * ratio * 1e9));
      clock.stamp({ boxNs, hostNs: 7n + BigInt(Math.round(second * 1e9 + wayMs(answer) * 1e6)) });
    }
    return clock.read();
  }

  it('is read from the first answer to the last one', () => {
    const { ratio, elapsedNs } = clockAfter(0.97, 20);
    expect(ratio).toBeCloseTo(0.97, 9);
    expect(elapsedNs / 1e9).toBeCloseTo(20, 1);
    expect(openClock(9).read()).toEqual({ ratio: null, elapsedNs: 0, stepNs: 9 });
  });

  it('is not blamed for answers that were late', () => {
    const late = clockAfter(1, 4, 100, (answer) => (answer % 3 === 1 ? 1 : 20 + 8 * answer));
    expect(late.ratio).toBe(1);
    expect(clockFault(late, 10e6)).toBeNull();
  });

  it('drifts from 0.5 % on, fast or slow, and not by the way of one answer in a short block', () => {
    expect(clockFault(clockAfter(0.994, 10), 10e6)).toMatch(/-0\.60 % off/);
    expect(clockFault(clockAfter(1.006, 10), 10e6)).toMatch(/0\.60 % off/);
    expect(clockFault(clockAfter(0.996, 10), 10e6)).toBeNull();
    expect(clockFault(clockAfter(0.985, 1), 10e6)).toBeNull();
    expect(clockFault(clockAfter(0.97, 1), 10e6)).not.toBeNull();
  });

  it('is too coarse from steps of 0.1 % of the shortest burst on', () => {
    expect(clockFault(clockAfter(1, 10, 4e6), 10e6)).toMatch(/steps of 4000000 ns/);
    expect(clockFault(clockAfter(1, 10, 9_000), 10e6)).toBeNull();
    expect(clockFault(clockAfter(1, 10, 4e6), null)).toBeNull();
  });

  it('that fails takes with it what its box is compared with, and nothing else', () => {
    const plan = testPlan({
      environments: [{ path: 'native' }, { path: 'docker' }, { path: 'uml' }],
      contrasts: [{ env: 'uml', baseline: 'docker' }],
    });
    expect([...withPartners(new Set(['uml']), { ...plan, contrasts: [] })].sort()).toEqual(
      ['native', 'native@control', 'uml'].sort(),
    );
    expect(withPartners(new Set(['uml']), plan).has('docker')).toBe(true);
    expect(withPartners(new Set(), plan).size).toBe(0);
  });
});

describe('the contrasts of a session', () => {
  const plan = testPlan({ environments: [{ path: 'native' }, { path: 'docker' }, { path: 'uml' }] });
  const own = [...simulateSamples(plan, { seed: 3, ratios: { docker: 1.05, uml: 0.97 } })];
  const host = [...simulateSamples(plan, { seed: 4, ratios: { docker: 1.05, uml: 1 } })]
    .filter(({ phase, round, env }) => phase === 'measure' && round <= 3 && env !== 'docker')
    .map((sample): Sample => ({ ...sample, phase: 'long', clock: 'host' }));
  const table = timedTable([...own, ...host], plan, {}, new Set(['uml']));
  const rowsOf = (env: string, rows = table.rows) => rows.filter((row) => row.env === env);

  it('are taken by the host where a clock failed, and by the boxes where none did', () => {
    const plain = timedTable(own, plan, {}, new Set());
    expect(rowsOf('docker')).toEqual(rowsOf('docker', plain.rows));
    expect(rowsOf('uml')).toHaveLength(plan.workloads.length + 1);
    for (const row of rowsOf('uml')) expect(Math.abs(Math.log(row.timeRatio))).toBeLessThan(0.01);
    for (const row of rowsOf('uml', plain.rows)) expect(row.timeRatio).toBeLessThan(0.98);
    expect(table.controlRows).toEqual(plain.controlRows);
  });

  it('leave rows timed by the host out where every clock can be relied on', () => {
    expect(timedTable([...own, ...host], plan, {}, new Set())).toEqual(timedTable(own, plan, {}, new Set()));
  });

  it('are all taken by the host when the baseline can not be relied on', () => {
    const all = timedTable([...own, ...host], plan, {}, new Set(['native']));
    expect(rowsOf('docker', all.rows)).toEqual([]);
    expect(rowsOf('uml', all.rows)).toEqual(rowsOf('uml'));
  });

  it('and the levels of each box rest on one clock', () => {
    const { levels, own: boxes } = groupSession([...own, ...host], new Set(['uml']));
    const inner = findSeries(levels, 'uml', 'fft')?.blocks.get(1);
    expect([...(inner?.measured.rounds ?? [])]).toEqual([1, 2, 3]);
    expect(inner?.leads.size).toBe(0);
    expect(levels.series.get('native')).toBe(boxes.series.get('native'));
    expect(levels.blocks).toEqual(boxes.blocks);
    const rounds = (env: string) => findSeries(boxes, env, 'fft')?.blocks.get(1)?.measured.size ?? 0;
    const perBlock = plan.workloads.length * (rounds('native') + rounds('native@control') + rounds('docker') + 3);
    expect(levels.bursts).toBe(plan.blocks * perBlock);
  });
});

describe('wall time over CPU time', () => {
  it('is the median over measured bursts with a right answer, null without CPU times', () => {
    const [base] = [...simulateSamples(testPlan(), { seed: 1 })].filter(({ phase }) => phase === 'measure');
    const of = (env: string, wallNs: number, cpuNs: number | null, more: Partial<Sample> = {}) =>
      ({ ...base, env, wallNs, cpuNs, ...more }) as Sample;
    const rows = [of('a', 10, 10), of('a', 12, 10), of('a', 30, 10), of('a', 99, 1, { ok: false }), of('b', 5, null)];
    rows.push(of('a', 99, 1, { phase: 'lead' }), of('c', 5, 0));
    expect(Object.fromEntries(groupSession(rows, new Set()).wallOverCpu)).toEqual({ a: 1.2, b: null, c: null });
  });
});

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const run = (plan: Plan, environments: readonly Environment[]) => runIn(out, plan, environments);

/** The real payload, whose answers are changed on their way as if its kernel counted `percent` of the time. */
function guestWithClock(path: string, percent: number): Environment {
  const edit = `
    const message = JSON.parse(line.slice(line.indexOf('{')));
    if (message.atNs !== undefined) {
      globalThis.first ??= BigInt(message.atNs);
      message.atNs = String(globalThis.first + ((BigInt(message.atNs) - globalThis.first) * ${percent}n) / 100n);
      const slow = (ns) => Math.round((ns * ${percent}) / 100);
      if (message.body.bursts) message.body.bursts = message.body.bursts.map(([at, wall, cpu]) => [slow(at), slow(wall), cpu]);
      line = '@boxmark ' + JSON.stringify(message);
    }`;
  return { ...tampered(path, edit), sharesClock: false, labels: ['guest kernel'] };
}

const plan = tinyPlan({
  environments: [{ path: 'native' }, { path: 'twin' }, { path: 'guest' }],
  workloads: ['fft'],
  longNs: 300_000_000,
  longVisits: 1,
});
const hostRows = (samples: readonly Sample[], env?: string) =>
  samples.filter((row) => row.clock === 'host' && (env === undefined || row.env === env));

describe('a session with a guest', () => {
  it('whose clock runs 3 % slow finds out, times it by the host with its baseline, and says so', async () => {
    const { outcome, dir } = await run(plan, [honest('native'), honest('twin'), guestWithClock('guest', 97)]);
    expect(outcome.failure).toBeNull();
    const drifts = outcome.events.filter((event) => event.kind === 'clock-drift');
    expect(drifts).toHaveLength(1);
    expect(drifts[0]).toMatchObject({ env: 'guest', block: 1, reason: expect.stringMatching(/-\d\.\d\d % off/) });
    expect(Math.abs((drifts[0]?.clockRatio as number) - 0.97)).toBeLessThan(0.01);
    // Three visits in each block, from the block on in which it was found.
    for (const env of ['native', 'native@control', 'guest']) expect(hostRows(outcome.samples, env)).toHaveLength(2 * 3);
    expect(hostRows(outcome.samples, 'twin')).toEqual([]);
    for (const row of hostRows(outcome.samples)) {
      expect(row).toMatchObject({ phase: 'long', ok: true, checksum: expect.stringMatching(/^[0-9a-f]{16}$/) });
      expect(row.wallNs).toBeLessThan(row.hostNs as number);
    }
    const perPass = (env: string, block: number) =>
      hostRows(outcome.samples, env)
        .filter((row) => row.block === block)
        .sort((a, b) => a.round - b.round)
        .map(({ wallNs, work }) => wallNs / work);
    const logs = [1, 2].map((block) => {
      const guest = perPass('guest', block);
      const against = (env: string) =>
        median(perPass(env, block).map((time, index) => Math.log((guest[index] as number) / time)));
      return (against('native') + against('native@control')) / 2;
    });
    const expected = Math.exp(((logs[0] as number) + (logs[1] as number)) / 2);
    const row = outcome.contrasts.find(({ env, workload }) => env === 'guest' && workload === 'fft');
    expect(row?.timeRatio).toBeCloseTo(expected, 9);
    expect(row?.blocks).toBe(2);

    expect((await checkSession(dir)).findings).toEqual([]);
    const loaded = await loadSession(dir);
    expect([...hostTimedBoxes(loaded.events)]).toEqual(['guest']);
    const again = timedTable(wholeSamples(loaded), loaded.info.plan, {}, hostTimedBoxes(loaded.events));
    expect(again.rows.find(({ env }) => env === 'guest')?.timeRatio).toBeCloseTo(expected, 6);
    expect(readFileSync(join(dir, 'samples.csv'), 'utf8')).toMatch(/,host,reference/);
  });

  it('whose clock has steps of 4 ms is timed by the host as well', async () => {
    const coarse = tampered('guest', `line = line.replace(/"clockStepNs":\\d+/, '"clockStepNs":4000000');`);
    const { outcome } = await run(plan, [honest('native'), honest('twin'), { ...coarse, sharesClock: false }]);
    expect(outcome.events.find(({ kind }) => kind === 'clock-drift')).toMatchObject({
      env: 'guest',
      reason: expect.stringContaining('steps of 4000000 ns'),
    });
    expect(outcome.failure).toBeNull();
    expect(outcome.starts.filter(({ status }) => status !== 'completed')).toEqual([]);
    expect(hostRows(outcome.samples, 'guest')).toHaveLength(2 * 3);
  });

  it('whose clock is right is timed by itself', async () => {
    const long = { ...plan, burstNs: 5_000_000 };
    const { outcome } = await run(long, [honest('native'), honest('twin'), guestWithClock('guest', 100)]);
    expect(outcome.events.filter(({ kind }) => kind === 'clock-drift')).toEqual([]);
    expect(hostRows(outcome.samples)).toEqual([]);
    expect(outcome.contrasts.some(({ env }) => env === 'guest')).toBe(true);
  });
});
