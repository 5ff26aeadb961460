/** Real payloads that do extra work on purpose, in a session with honest ones. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realisedRatio } from '../../bench/payload/known-truth.ts';
import { honest, PAYLOAD, runIn, scripted, tinyPlan } from './boxes.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

describe('a payload that does half as many passes again', () => {
  it('takes about half as long again, and is in the very states of the honest ones throughout', async () => {
    const workloads = ['fft', 'sor', 'monte-carlo', 'sparse', 'lu'];
    const environments = [{ path: 'native' }, { path: 'slow:50%' }];
    const plan = tinyPlan({ environments, workloads, size: 'small', rounds: 12, burstNs: 2e6, timeoutMs: 20_000 });
    const slow = scripted('slow:50%', [process.execPath, PAYLOAD, '--slow=0.5']);
    const boxes = [honest('native'), slow];
    const { outcome } = await runIn(out, plan, boxes);
    expect(outcome.failure).toBeNull();
    // Every state was compared with the others after each request, and with a replay at the end of the block.
    expect(outcome.events.filter(({ kind }) => kind === 'checksum-mismatch')).toEqual([]);
    expect(outcome.starts.filter(({ env, status }) => env === 'slow:50%' && status === 'completed')).toHaveLength(2);
    const statesOf = (env: string) =>
      outcome.samples
        .filter((row) => row.env === env && row.phase === 'measure')
        .map(({ block, round, workload, checksum }) => `${block} ${round} ${workload} ${checksum}`)
        .sort();
    expect(statesOf('slow:50%')).toHaveLength(2 * 12 * 5);
    expect(statesOf('slow:50%')).toEqual(statesOf('native'));
    // What is true depends on the passes of a burst, of which half are a whole number. Compared with CPU time, because the
    // tests may share their CPU with others.
    for (const workload of workloads) {
      const cpuOf = (env: string) =>
        outcome.samples
          .filter((row) => row.env === env && row.workload === workload && row.phase === 'measure')
          .reduce((sum, { cpuNs }) => sum + (cpuNs ?? Number.NaN), 0);
      const truth = realisedRatio(outcome.info.work[workload] ?? 1, 0.5);
      const ratio = cpuOf('slow:50%') / cpuOf('native');
      expect(ratio / truth, workload).toBeGreaterThan(0.7);
      expect(ratio / truth, workload).toBeLessThan(1.4);
    }
    expect(outcome.info.environments.find(({ path }) => path === 'slow:50%')?.facts).toMatchObject({
      known_slowdown: 0.5,
    });
  }, 120_000);
});
