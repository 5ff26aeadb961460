/** The real payload as a leader of copies, each pinned to a CPU of its own. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recheck } from '../../bench/kinds/recheck.ts';
import { PIN_PATH } from '../../bench/payload/image-files.ts';
import { connect } from '../../bench/run/client.ts';
import { checkSession } from '../../bench/session/check.ts';
import { loadSession } from '../../bench/session/load.ts';
import { allowedCpus } from '../../runners/host/cpus.ts';
import { listProcesses } from '../../runners/host/processes.ts';
import { staticPrograms } from '../../runners/image/static-programs.ts';
import { SYSTEM_WORKLOADS, systemWorkload } from '../../system/index.ts';
import { makeRoot, type Root } from '../system/root.ts';
import { runIn, scripted, tinyPlan } from './boxes.ts';

const LIMIT_MS = 60_000;
const TOKEN = '--start=0a1b2c3d-b1-copies';
const canRun = allowedCpus().length >= 2 && staticPrograms(process.arch)[PIN_PATH] !== undefined;

let root: Root;
beforeAll(() => {
  root = makeRoot();
});
afterAll(() => root.remove());

type Client = Awaited<ReturnType<typeof connect>>;

async function withLeader<T>(act: (client: Client) => Promise<T>, threads = 2): Promise<T> {
  const { signal } = new AbortController();
  const argv = [process.execPath, root.payload, TOKEN, `--threads=${threads}`, `--scratch=${root.scratch}`];
  const started = await scripted('native', argv).start('b1-copies', signal);
  try {
    return await act(await connect(started.process, LIMIT_MS, signal));
  } finally {
    await started.close();
  }
}

describe.skipIf(!canRun)('a payload with two copies', () => {
  it('answers every request as one does, with the makespan and both copies', async () => {
    const workloads = ['sor', ...SYSTEM_WORKLOADS.map(({ id }) => id)];
    await withLeader(async ({ request }) => {
      const prepared = (await request('prepare', { size: 'tiny', workloads }, LIMIT_MS)).body;
      expect(prepared.workloads.map(({ id }) => id)).toEqual(workloads);
      for (const { first, reference } of prepared.workloads) expect(first).toBe(reference);
      for (const workload of workloads) {
        await request('warmup', { workload, work: 2, bursts: 3 }, LIMIT_MS);
        const { body } = await request('visit', { workload, work: 2 }, LIMIT_MS);
        expect([body.lead, body.passes]).toEqual([undefined, 1 + 2 * 3 + 2 * 2]);
        expect(body.copies?.wallNs.map((each) => each.length)).toEqual([2, 2]);
        for (const [at, [, wallNs]] of body.bursts.entries()) {
          expect(wallNs).toBeGreaterThanOrEqual(Math.max(...(body.copies?.wallNs[at] ?? [])));
        }
        const next = (await request('visit', { workload, work: 3, lead: 1 }, LIMIT_MS)).body;
        expect([next.lead, next.passes]).toEqual([1, body.passes + 1 + 3]);
        const state = (await request('checksum', { workload }, LIMIT_MS)).body;
        expect(state).toEqual({ passes: next.passes, checksum: next.checksum });
        const replayed = await request('replay', { size: 'tiny', workload, passes: [1, next.passes] }, LIMIT_MS);
        expect(replayed.body.checksums[1]).toBe(next.checksum);
      }
    });
  });

  it('lasts at least as long as a long visit must, with as many passes in both', async () => {
    await withLeader(async ({ request }) => {
      await request('prepare', { size: 'tiny', workloads: ['sor'] }, LIMIT_MS);
      const { bursts } = (await request('long', { workload: 'sor', work: 50, leastNs: 30e6 }, LIMIT_MS)).body;
      expect(bursts.reduce((sum, [, wallNs]) => sum + wallNs, 0)).toBeGreaterThanOrEqual(30e6);
      const { passes } = (await request('checksum', { workload: 'sor' }, LIMIT_MS)).body;
      expect(passes).toBe(1 + 50 * bursts.length);
      // However short the bursts are, the answer fits into one line.
      const short = await request('long', { workload: 'sor', work: 1, leastNs: 60e9 }, LIMIT_MS);
      expect(short.body.bursts.length).toBe(10_000);
    });
  });

  it('pins each to a CPU of its own, and leaves none behind', async () => {
    await withLeader(async ({ request }) => {
      await request('prepare', { size: 'tiny', workloads: ['sor'] }, LIMIT_MS);
      const copies = running();
      expect(copies.map(({ argv }) => argv.find((word) => word.startsWith('--copy='))).sort()).toEqual([
        '--copy=1',
        '--copy=2',
      ]);
      const cpus = copies.map(({ pid }) => statusField(pid, 'Cpus_allowed_list'));
      expect(cpus.sort()).toEqual(allowedCpus().slice(0, 2).map(String).sort());
      await request('quit', {}, LIMIT_MS);
    });
    expect(running()).toEqual([]);
  });

  it('says why when the box has too few CPUs, or the image no program that pins', async () => {
    const few = withLeader(({ request }) => request('prepare', { size: 'tiny', workloads: ['sor'] }, LIMIT_MS), 4096);
    await expect(few).rejects.toThrow(/this box may use \d+ CPUs \(.*\), and 4096 copies need one each/);
    const pin = join(root.dir, PIN_PATH);
    const program = staticPrograms(process.arch)[PIN_PATH] as Buffer;
    try {
      // A program that is there and can't be run is reported as what it ended with.
      writeFileSync(pin, '#!/bin/sh\nexit 22\n');
      const broken = withLeader(({ request }) => request('prepare', { size: 'tiny', workloads: ['sor'] }, LIMIT_MS));
      await expect(broken).rejects.toThrow(/copy 1 \(CPU \d+\) ended with code 22/);
    } finally {
      writeFileSync(pin, program);
    }
  });

  it('runs by itself what is not to be copied', async () => {
    await withLeader(async ({ request }) => {
      const workloads = ['sor', 'lu', 'syscall'];
      const threads = { lu: 1 };
      const prepared = (await request('prepare', { size: 'tiny', workloads, threads }, LIMIT_MS)).body;
      expect(prepared.workloads.map(({ id }) => id)).toEqual(workloads);
      const copies: unknown[] = [];
      for (const workload of workloads) {
        await request('warmup', { workload, work: 2, bursts: 3 }, LIMIT_MS);
        const { body } = await request('visit', { workload, work: 2 }, LIMIT_MS);
        expect(body.passes).toBe(1 + 2 * 3 + 2 * 2);
        copies.push(body.copies?.wallNs.map((each) => each.length));
        const replayed = await request('replay', { size: 'tiny', workload, passes: [body.passes] }, LIMIT_MS);
        expect(replayed.body.checksums).toEqual([body.checksum]);
      }
      expect(copies).toEqual([[2, 2], undefined, [2, 2]]);
    });
    expect(running()).toEqual([]);
  });

  it('fails with the name of the copy when one is ended', async () => {
    await withLeader(async ({ request }) => {
      await request('prepare', { size: 'tiny', workloads: ['sor'] }, LIMIT_MS);
      const second = running().find(({ argv }) => argv.includes('--copy=2'));
      process.kill(second?.pid as number, 'SIGKILL');
      const visit = request('visit', { workload: 'sor', work: 2 }, LIMIT_MS);
      await expect(visit).rejects.toThrow(/copy 2 \(CPU \d+\) ended by SIGKILL/);
    });
  });
});

describe.skipIf(!canRun)('a session of two copies', () => {
  let out: string;
  beforeEach(() => {
    out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  });
  afterEach(() => rmSync(out, { recursive: true, force: true }));

  const leading = (path: string, ...argv: string[]) => scripted(path, [process.execPath, root.payload, ...argv]);
  const plan = tinyPlan({
    ...{ blocks: 1, threads: 2, workloads: ['sor', 'syscall'], suite: ['sor'], timeoutMs: 20_000 },
    environments: [{ path: 'native' }, { path: 'other' }],
  });
  const crew = () => ({ control: leading('native', '--threads=2'), verifier: leading('native') });

  it('records makespans, sums and how far the copies lie apart, and adds up', async () => {
    const both = ['native', 'other'].map((path) => leading(path, '--threads=2'));
    const { dir, outcome } = await runIn(out, plan, both, crew());
    expect((await checkSession(dir)).findings).toEqual([]);
    const session = await loadSession(dir);
    expect(recheck(session)).toEqual([]);
    const measured = session.samples.filter(({ phase }) => phase === 'measure');
    expect(measured).toHaveLength(3 * 2 * plan.rounds);
    for (const { work, workload, wallNs, rate, threads, spread, lateNs, cpuNs } of measured) {
      expect([threads, work]).toEqual([2, 2 * (outcome.info.work[workload] ?? 0)]);
      expect(spread).toBeGreaterThanOrEqual(1);
      expect(lateNs).toBeGreaterThanOrEqual(0);
      expect(cpuNs).toBeGreaterThanOrEqual(0);
      // Each copy is done within the makespan, so the sum of the rates is that of the whole at least.
      const perPass = (rate ?? 0) * (wallNs / 1e9 / work);
      const known = workload === 'sor' ? 0 : (systemWorkload('syscall')?.sizes.tiny.perPass ?? Number.NaN);
      expect(perPass).toBeGreaterThanOrEqual(known * (1 - 1e-6));
    }
    expect(outcome.contrasts.map(({ env, workload }) => `${env} ${workload}`)).toContain('other sor');
  });

  it('fails a box whose payload knows no copies, and keeps the others', async () => {
    const { outcome } = await runIn(out, plan, [leading('native', '--threads=2'), leading('other')], crew());
    const [failed] = outcome.starts.filter(({ env }) => env === 'other');
    expect(failed).toMatchObject({ status: 'failed', reason: expect.stringMatching(/ran 1 of 2 copies/) });
    expect(outcome.starts.find(({ env }) => env === 'native')?.status).toBe('completed');
  });
});

function running() {
  return listProcesses().filter(({ argv }) => argv.includes(TOKEN) && argv.some((word) => word.startsWith('--copy=')));
}

function statusField(pid: number, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
}
