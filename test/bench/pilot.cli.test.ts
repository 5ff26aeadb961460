import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionInfo } from '../../bench/session/info.ts';
import type { Environment, Plan, Sample } from '../../bench/types.ts';
import { honest, infoFor, runIn, tampered, tinyPlan } from './boxes.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

/** The real payload, whose times of the pilot's 30 warm-up bursts are replaced by `time`, in ns by burst. */
function paced(path: string, time: string): Environment {
  return tampered(
    path,
    `const bursts = /"bursts":(\\[\\[.*?\\]\\])/.exec(line)?.[1];
      if (bursts !== undefined && JSON.parse(bursts).length === 30) {
        const slow = JSON.parse(bursts).map(([at, wall, cpu], i) => [at, (${time}) + (i * 7919 % 13) * 100, cpu]);
        line = line.replace(bursts, JSON.stringify(slow));
      }`,
  );
}

const steady = '1e6';

async function run(
  plan: Plan,
  environments: readonly Environment[],
  change: Partial<SessionInfo> = {},
  control = paced('native', steady),
) {
  const info = { ...infoFor(plan, environments), ...change };
  const { outcome, dir } = await runIn(out, plan, environments, { info, control });
  return { ...outcome, written: JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8')) as SessionInfo };
}

/** Warm-up bursts by block and box, over all workloads. */
function warmups(samples: readonly Sample[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { block, env, phase } of samples) {
    if (phase === 'warmup') counts.set(`${block} ${env}`, (counts.get(`${block} ${env}`) ?? 0) + 1);
  }
  return counts;
}

describe('the pilot block', () => {
  const environments = [{ path: 'native' }, { path: 'late' }];

  it('decides one warm-up for every box of all later blocks: that of the slowest to settle', async () => {
    const plan = tinyPlan({ environments, workloads: ['fft', 'sor'], pilotBursts: 30, blocks: 3 });
    const late = paced('late', 'i < 12 ? 3e6 : 1e6');
    const { samples, info, written, failure } = await run(plan, [paced('native', steady), late]);
    expect(failure).toBeNull();
    expect(written.warmup).toEqual(info.warmup);
    expect(info.warmup).toMatchObject({ length: 12 });
    expect(info.warmup?.series.map((it) => `${it.env} ${it.workload} ${it.class} ${it.length}`).sort()).toEqual([
      'late fft warm-up 12',
      'late sor warm-up 12',
      'native fft flat 0',
      'native sor flat 0',
      'native@control fft flat 0',
      'native@control sor flat 0',
    ]);
    const boxes = ['native', 'late', 'native@control'];
    const expected = [1, 2, 3].flatMap((block) => boxes.map((box) => [`${block} ${box}`, 2 * (block === 1 ? 30 : 12)]));
    expect(warmups(samples)).toEqual(new Map(expected as [string, number][]));
    // The pilot is measured like any other block.
    const measured = samples.filter(({ block, phase, env }) => block === 1 && phase === 'measure' && env === 'late');
    expect(measured).toHaveLength(2 * plan.rounds);
  });

  it('reports a series without steady state and does not follow it', async () => {
    const plan = tinyPlan({ environments, workloads: ['fft', 'sor'], pilotBursts: 30, blocks: 2 });
    const restless = paced('late', 'i < 24 ? 1e6 : 2e6');
    const { info, events, samples } = await run(plan, [paced('native', steady), restless]);
    expect(info.warmup?.length).toBe(5);
    const reported = events.filter((event) => event.kind === 'no-steady-state');
    expect(reported.map(({ env, workload, block, bursts }) => [env, workload, block, bursts])).toEqual([
      ['late', 'fft', 1, 30],
      ['late', 'sor', 1, 30],
    ]);
    expect(warmups(samples).get('2 late')).toBe(2 * 5);
  });

  it('is not held again when the session knows its warm-up', async () => {
    const plan = tinyPlan({ environments, workloads: ['fft'], pilotBursts: 30, blocks: 1 });
    const known = { length: 7, series: [] };
    const { samples, info } = await run(plan, [honest('native'), honest('late')], { warmup: known });
    expect(info.warmup).toEqual(known);
    expect(warmups(samples).get('1 late')).toBe(7);
  });

  it('is the next block when no box came through the first', async () => {
    const plan = tinyPlan({ environments: [{ path: 'native' }], workloads: ['fft'], pilotBursts: 30, blocks: 2 });
    // Calibration and first block: the box stops answering before its warm-up is reported. Counted by a file, as starts are fresh.
    const mark = join(out, 'starts');
    const edit = `if (seen === 1) require('node:fs').appendFileSync(${JSON.stringify(mark)}, 'x');
      if (seen === 4 && require('node:fs').readFileSync(${JSON.stringify(mark)}).length === 2) process.exit(9);`;
    const control = tampered('native', 'if (seen === 4) process.exit(9);');
    const outcome = await run(plan, [tampered('native', edit)], {}, control);
    expect(outcome.info.warmup?.series.map(({ env, bursts }) => `${env} ${bursts}`)).toEqual(['native 30']);
    expect(outcome.samples.filter(({ phase }) => phase === 'warmup').map(({ block }) => block)).toEqual(
      new Array(30).fill(2),
    );
  });
});
