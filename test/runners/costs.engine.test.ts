/** What runners report for the costs beside CPU time: memory held, disk, posture, and the parts for `explain`. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { Environment, Image } from '../../bench/types.ts';
import { dropPageCache } from '../../runners/host/page-cache.ts';
import { namespacesOf } from '../../runners/host/processes.ts';
import { RUNNERS } from '../../runners/index.ts';
import { hostSpawn } from '../../runners/kit/process.ts';
import { holdingsOf } from '../../runners/stack/holdings.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { prepareStack, UnavailableError } from '../../runners/stack/stack.ts';
import { type Lab, openLab } from '../lab.ts';

const TIMEOUT_MS = 120_000;
const MIB = 2 ** 20;

let lab: Lab;
let image: Image;
beforeAll(async () => {
  lab = await openLab();
  ({ image } = lab);
}, TIMEOUT_MS);
afterAll(async () => {
  expect(lab.leftovers()).toEqual([]);
  await lab.dispose();
}, TIMEOUT_MS);

async function prepared(path: string, ctx: TestContext): Promise<Environment> {
  const layers = parsePath(path, RUNNERS, () => '');
  try {
    return await prepareStack(path, layers, { runners: RUNNERS, image, workspace: lab.workspace });
  } catch (error) {
    if (error instanceof UnavailableError) ctx.skip(`${path}: ${error.message}`);
    throw error;
  }
}

describe.each(['native', 'unshare', 'docker', 'uml'])('the environment %s', (path) => {
  it('reports its image, its folders and its posture, and the memory of a started box', {
    timeout: TIMEOUT_MS,
  }, async (ctx) => {
    const environment = await prepared(path, ctx);
    try {
      expect(environment.disk?.imageBytes).toBeGreaterThan(50 * MIB);
      expect(environment.disk?.folders).toContain(lab.workspace.dir);
      expect(environment.engine).toEqual({ rootDaemon: path === 'docker', signedImage: false });
      const started = await environment.start('costs', lab.workspace.signal);
      try {
        await new Promise<void>((resolve) => started.process.onLine(() => resolve()));
        const { pssBytes, cgroupBytes } = started.holdings?.() ?? {};
        // Node.js alone is tens of MiB; the sum of all processes' resident sets would be hundreds.
        expect(pssBytes).toBeGreaterThan(10 * MIB);
        expect(pssBytes).toBeLessThan(1200 * MIB);
        if (cgroupBytes !== undefined) expect(cgroupBytes).toBeGreaterThan(MIB);
      } finally {
        await started.close();
      }
    } finally {
      await environment.dispose();
    }
  });
});

describe('memory held', () => {
  it('counts the processes that carry the token and their children, and no others', async () => {
    const token = `--start=boxmark-test-${process.pid}`;
    const child = await hostSpawn(['sh', '-c', 'sleep 60 & echo up; wait', 'sh', token]);
    try {
      await new Promise<void>((resolve) => child.onLine(() => resolve()));
      const none = { token, cgroup: undefined, cgroupBytes: undefined };
      const { pssBytes } = holdingsOf({ ...none, pid: child.pid });
      expect(holdingsOf({ ...none, pid: undefined })).toEqual({
        pssBytes: expect.any(Number),
        rssBytes: expect.any(Number),
      });
      expect(pssBytes).toBeGreaterThan(0);
      expect(pssBytes).toBeLessThan(20 * MIB);
      expect(holdingsOf({ ...none, token: 'nobody carries this one', pid: undefined })).toEqual({});
    } finally {
      child.kill();
      await child.exited;
    }
  });
});

describe('the page cache', () => {
  it('is dropped by a 1, after dirty pages were written; where it may not, the reason is given', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
    try {
      const file = join(folder, 'drop');
      writeFileSync(file, '');
      expect(await dropPageCache(file)).toBeNull();
      expect(readFileSync(file, 'utf8')).toBe('1');
      expect(await dropPageCache(join(folder, 'none', 'drop'))).toMatch(/can't be dropped: ENOENT/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the namespaces of a process', () => {
  it('are reported by kind and number, without those that only children will have', () => {
    const found = namespacesOf('self');
    expect(found.pid).toMatch(/^pid:\[\d+\]$/);
    expect(Object.keys(found)).toEqual(expect.arrayContaining(['mnt', 'net', 'user', 'uts', 'ipc']));
    expect(Object.keys(found).filter((kind) => kind.includes('children'))).toEqual([]);
  });
});
