import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../bench/run/client.ts';
import type { Started } from '../../bench/types.ts';
import { SYSTEM_WORKLOADS, systemChecksums, systemWorkload } from '../../system/index.ts';
import { scripted } from '../bench/boxes.ts';
import { makeRoot, type Root } from './root.ts';

const LIMIT_MS = 60_000;
const IDS = SYSTEM_WORKLOADS.map(({ id }) => id);

let root: Root;
beforeAll(() => {
  root = makeRoot();
});
afterAll(() => root.remove());

async function withPayload<T>(act: (client: Client, started: Started) => Promise<T>): Promise<T> {
  const { signal } = new AbortController();
  const environment = scripted('native', [
    process.execPath,
    root.payload,
    '--start=0a1b2c3d-b1-native',
    `--scratch=${root.scratch}`,
  ]);
  const started = await environment.start('b1-native', signal);
  try {
    return await act(await connect(started.process, LIMIT_MS, signal), started);
  } finally {
    await started.close();
  }
}

type Client = Awaited<ReturnType<typeof connect>>;

describe('a payload', () => {
  it('prepares kernels and workloads of the system together, in the order asked', async () => {
    const workloads = ['spawn', 'fft', ...IDS.filter((id) => id !== 'spawn'), 'lu'];
    const { body } = await withPayload(({ request }) => request('prepare', { size: 'tiny', workloads }, LIMIT_MS));
    expect(body.workloads.map(({ id }) => id)).toEqual(workloads);
    for (const { id, first, reference, flops, unit, perPass } of body.workloads) {
      expect(first).toBe(reference);
      const known = systemWorkload(id);
      expect(unit).toBe(known?.unit);
      expect(perPass).toBe(known?.sizes.tiny.perPass);
      expect(flops > 0).toBe(known === undefined);
    }
  });

  it('answers bursts of each with the state that is computed for as many passes, and replays it', async () => {
    await withPayload(async ({ request }) => {
      await request('prepare', { size: 'tiny', workloads: IDS }, LIMIT_MS);
      for (const workload of IDS) {
        const { bursts, passes, checksum } = (await request('visit', { workload, work: 3 }, LIMIT_MS)).body;
        expect([bursts.length, passes]).toEqual([2, 7]);
        for (const [, wallNs] of bursts) expect(wallNs).toBeGreaterThan(0);
        expect([checksum]).toEqual(systemChecksums(systemWorkload(workload)!, 'tiny', [7]));
        const short = (await request('visit', { workload, work: 3, lead: 1 }, LIMIT_MS)).body;
        expect([short.bursts.length, short.lead, short.passes]).toEqual([2, 1, 11]);
        expect([short.checksum]).toEqual(systemChecksums(systemWorkload(workload)!, 'tiny', [11]));
        const { checksums } = (await request('replay', { size: 'tiny', workload, passes: [1, 7] }, LIMIT_MS)).body;
        expect(checksums).toEqual(systemChecksums(systemWorkload(workload)!, 'tiny', [1, 7]));
      }
    });
  });

  it('replays without having prepared anything: a host need not be asked what a box must be answered', async () => {
    await withPayload(async ({ request }) => {
      const { body } = await request('replay', { size: 'tiny', workload: 'spawn', passes: [3] }, LIMIT_MS);
      expect(body.checksums).toEqual(systemChecksums(systemWorkload('spawn')!, 'tiny', [3]));
    });
  });

  it('ends on request, although a second thread waits', async () => {
    await withPayload(async ({ request }, started) => {
      await request('prepare', { size: 'tiny', workloads: ['context-switch'] }, LIMIT_MS);
      await request('visit', { workload: 'context-switch', work: 2 }, LIMIT_MS);
      await request('quit', {}, LIMIT_MS);
      expect(await started.process.exited).toEqual({ exitCode: 0, signal: null });
    });
  });

  it.each(IDS)('is idle between requests after %s', async (workload) => {
    await withPayload(async ({ request, hello }) => {
      await request('prepare', { size: 'tiny', workloads: [workload] }, LIMIT_MS);
      await request('visit', { workload, work: 5 }, LIMIT_MS);
      // V8 may still be sweeping.
      await sleep(500);
      const before = cpuMs(hello.pid);
      await sleep(1000);
      // A timer that fires every millisecond, or a thread that spins, takes more.
      expect(cpuMs(hello.pid) - before).toBeLessThan(5);
    });
  });
});

/** CPU time of all threads of a process so far, ms. */
function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce(
    (sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
    0,
  );
}
