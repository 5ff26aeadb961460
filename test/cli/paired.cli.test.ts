import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionInfo } from '../../bench/session/info.ts';
import type { Image, Plan } from '../../bench/types.ts';
import { ensureImage } from '../../runners/image/image.ts';
import { PAYLOAD } from '../bench/boxes.ts';
import { boxmark, sessions } from './program.ts';
import { writeSession } from './stored-session.ts';

/** As little as distinguishes twice the time from the same. */
const PLAN: Partial<Plan> & { blocks: number } = {
  size: 'tiny',
  blocks: 6,
  rounds: 10,
  burstNs: 1e6,
  longNs: 2e6,
  margin: 0.02,
};

let dir: string;
let plain: Image;
let slow: Image;
beforeAll(async () => {
  dir = mkdtempSync('/var/tmp/boxmark-test-out-');
  // Every burst does as many passes again on a scratch copy: twice the time, the same answers, other bytes.
  const file = join(dir, 'slow.cjs');
  writeFileSync(file, `process.argv.push('--slow=1');\n${readFileSync(PAYLOAD, 'utf8')}`);
  [plain, slow] = [await ensureImage(PAYLOAD), await ensureImage(file)];
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function session(name: string, image: Image, more: { path: string }[] = []): string {
  return writeSession({
    out: join(dir, 'stored'),
    name,
    plan: { ...PLAN, environments: [{ path: 'native' }, { path: 'unshare' }, ...more] },
    info: {
      image: { digest: image.digest, node: image.nodeDigest, payload: image.payloadDigest },
      work: { fft: 500, sor: 2000 },
    },
  });
}

const infoOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'session.json'), 'utf8')) as SessionInfo;

describe.skipIf(process.getuid?.() !== 0)('a paired comparison', () => {
  it('runs both images side by side and finds a payload that takes twice the time', { timeout: 400_000 }, async () => {
    const [before, after] = [session('plain', plain, [{ path: 'docker' }]), session('slow', slow)];
    const out = join(dir, 'results');
    const ended = await boxmark('compare', before, after, '-o', out, '-q', '--json');
    expect(ended.stderr).toBe('');
    const found = JSON.parse(ended.stdout);
    expect(found).toMatchObject({ mode: 'paired', baseline: ['plain'], candidate: ['slow'] });
    expect(found.remarks).toEqual(['Only the baseline has docker: not compared.']);
    const native = found.rows.filter(({ env }: { env: string }) => env === 'native');
    expect(native.map(({ workload }: { workload: string }) => workload)).toEqual(['fft', 'sor', 'suite']);
    for (const { change, workload } of native) {
      expect(change.ratio, workload).toBeGreaterThan(1.2);
      expect(change.ratio, workload).toBeLessThan(5);
    }
    // How sure it is depends on the host; what follows from a regression does not.
    const first = found.rows.filter(({ confirmation }: { confirmation: unknown }) => confirmation !== null);
    expect(found.dirs).toHaveLength(first.length === 0 ? 1 : 2);
    for (const { change, confirmation } of first) {
      expect(change.interval.low).toBeGreaterThan(1.02);
      expect(confirmation.blocks).toBe(10);
    }
    const regressed = found.rows.some(({ verdict }: { verdict: string }) => verdict === 'regressed');
    expect(ended.code).toBe(regressed ? 3 : 4);

    const info = infoOf(found.dirs[0]);
    expect(info.plan.environments.map(({ path }) => path)).toContain('native@candidate');
    expect(info.work).toEqual({ fft: 500, sor: 2000 });
    expect(info.image.digest).toBe(plain.digest);
    const candidate = info.environments.find(({ path }) => path === 'native@candidate');
    expect(candidate?.image?.digest).toBe(slow.digest);
    expect(candidate?.facts?.payload_sha256).toBe(slow.payloadDigest);
    expect(info.environments.find(({ path }) => path === 'native')?.facts?.payload_sha256).toBe(plain.payloadDigest);
    // Different bytes are compared: no reason for distrust.
    const bytes = candidate?.inequalities?.find(({ fact }) => fact === 'payload_sha256');
    expect(bytes).toMatchObject({ avoidable: false });
    for (const folder of sessions(out)) expect((await boxmark('check', folder)).code, folder).toBe(0);
  });

  it('in an environment that can not run here falls back on what is stored, and says why', async () => {
    const folders = [
      ['one', plain],
      ['two', slow],
    ].map(([name, image]) => {
      const environments = [{ path: 'native' }, { path: 'native/docker' }];
      const { digest, nodeDigest: node, payloadDigest: payload } = image as Image;
      return writeSession({
        out: join(dir, 'stored'),
        name: name as string,
        plan: { ...PLAN, environments },
        info: { image: { digest, node, payload } },
      });
    });
    const ended = await boxmark('compare', ...folders, '-o', join(dir, 'none'), '-q');
    expect(ended.stdout).toMatch(/Stored sessions are compared, because The layer native can't hold/);
    expect(ended.code).toBe(4);
    expect(sessions(join(dir, 'none'))).toEqual([]);
  });
});
