import { describe, expect, it } from 'vitest';
import { startupRows } from '../../../bench/analysis/startup.ts';
import { randomStream } from '../../../bench/random.ts';
import type { Start } from '../../../bench/types.ts';
import { testStart } from './simulate.ts';

const plan = { environments: [{ path: 'native' }, { path: 'docker' }], baseline: 'native' };

function start(env: string, block: number, round: number, readyMs: number, more: Partial<Start> = {}): Start {
  return testStart({
    env,
    block,
    startId: `b${block}-${env}-${round}`,
    readyMs,
    ...{ round, temperature: 'warm', ...more },
  } as never);
}

function readyRow(starts: readonly Start[], env = 'docker', temperature = 'warm') {
  return startupRows(starts, plan).find(
    (row) => row.env === env && row.figure === 'ready' && row.temperature === temperature,
  );
}

describe('starts compared', () => {
  it('pairs by round, takes the median of a block, and the mean of baseline and control', () => {
    const starts = [1, 2].flatMap((block) =>
      [1, 2, 3].flatMap((round) => {
        const weather = 10 ** round; // Cancels only when rounds are paired.
        const docker = weather * (round === 3 ? 50 : 4);
        return [
          start('native', block, round, weather),
          start('native@control', block, round, weather * 2),
          start('docker', block, round, docker),
        ];
      }),
    );
    const row = readyRow(starts);
    // 4 against the baseline and 2 against the control: their geometric mean.
    expect(row?.ratio?.ratio).toBeCloseTo(Math.sqrt(8), 10);
    expect(row?.ratio?.blocks).toBe(2);
    expect(row?.starts).toBe(6);
    expect(row?.medianMs).toBe(400);
    expect(readyRow(starts, 'native')?.ratio).toBeNull();
    expect(readyRow(starts, 'native@control')?.ratio?.ratio).toBeCloseTo(2, 10);
  });

  it('keeps cold starts apart from warm ones, dropped cache and first start alike', () => {
    const starts = [
      start('native', 1, 0, 100, { temperature: 'dropped' }),
      start('docker', 1, 0, 900, { temperature: 'dropped' }),
      start('native', 1, 1, 10),
      start('docker', 1, 1, 20),
      start('native', 2, 0, 100, { temperature: 'first' }),
      start('docker', 2, 0, 900, { temperature: 'first' }),
    ];
    expect(readyRow(starts, 'docker', 'cold')).toMatchObject({ starts: 2, medianMs: 900 });
    expect(readyRow(starts, 'docker', 'cold')?.ratio?.ratio).toBeCloseTo(9, 10);
    expect(readyRow(starts, 'docker', 'warm')?.ratio?.ratio).toBeCloseTo(2, 10);
    expect(readyRow(starts, 'docker', 'warm')?.ratio?.interval).toBeNull();
  });

  it('has no figure from starts that failed, and no ratio without the baseline in the same round', () => {
    const failed = { status: 'failed', reason: 'gone' } as Partial<Start>;
    const starts = [start('docker', 1, 1, 20), start('native', 1, 2, 10), start('native', 1, 1, 10, failed)];
    expect(readyRow(starts)).toMatchObject({ starts: 1, ratio: null });
    expect(readyRow([start('docker', 1, 1, 20, failed)])).toBeUndefined();
  });

  it('gives intervals that contain the truth in about 95 % of simulated sessions', () => {
    const stream = randomStream(20261125, 1, 'startup');
    const normal = () => {
      const uniform = () => (stream.nextUint32() + 0.5) / 2 ** 32;
      return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    };
    const sessions = 200;
    let contained = 0;
    for (let session = 0; session < sessions; session++) {
      const starts: Start[] = [];
      for (let block = 1; block <= 6; block++) {
        const blockEffect = 0.05 * normal();
        for (let round = 1; round <= 4; round++) {
          const weather = 0.3 * normal();
          const time = (log: number) => 100 * Math.exp(log + weather + 0.05 * normal());
          starts.push(start('native', block, round, time(0)));
          starts.push(start('native@control', block, round, time(0)));
          starts.push(start('docker', block, round, time(Math.log(3) + blockEffect)));
        }
      }
      const interval = readyRow(starts)?.ratio?.interval;
      if (interval && interval.low <= 3 && interval.high >= 3) contained++;
    }
    // Four standard errors of a binomial share of 95 %.
    expect(contained / sessions).toBeGreaterThan(0.95 - 4 * Math.sqrt((0.95 * 0.05) / sessions));
    expect(contained / sessions).toBeLessThan(0.995);
  });
});
