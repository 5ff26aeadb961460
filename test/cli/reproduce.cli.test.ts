import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionInfo } from '../../bench/session/info.ts';
import { ensureImage, exportImage } from '../../runners/image/image.ts';
import { PAYLOAD } from '../bench/boxes.ts';
import { boxmark, rehearse, sessions } from './program.ts';
import { HARDWARE, STACK, writeSession } from './stored-session.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync('/var/tmp/boxmark-test-out-');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const infoOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'session.json'), 'utf8')) as SessionInfo;

/** Somebody else's session, on another machine, with an environment that nobody has here. */
async function otherSession(changes: { digest?: string; blocks?: number } = {}): Promise<string> {
  const { digest, nodeDigest: node, payloadDigest: payload } = await ensureImage(PAYLOAD);
  return writeSession({
    out: join(dir, 'theirs'),
    name: '20261101T000000Z-theirs',
    plan: {
      environments: [{ path: 'native' }, { path: 'unshare', alias: 'container' }, { path: 'hovercraft' }],
      contrasts: [{ env: 'hovercraft', baseline: 'unshare' }],
      size: 'tiny',
      blocks: changes.blocks ?? 2,
      rounds: 8,
      burstNs: 1e6,
      longNs: 2e6,
      seed: 4711,
    },
    truth: { ratios: { unshare: 1.004, hovercraft: 3 } },
    info: {
      image: { digest: changes.digest ?? digest, node, payload },
      work: { fft: 500, sor: 2000 },
      host: {
        name: 'theirs',
        fingerprint: 'e'.repeat(64),
        hardware: HARDWARE,
        stack: { ...STACK, kernelRelease: '5.10.0-theirs' },
      },
    },
  });
}

describe.skipIf(process.getuid?.() !== 0)('a reproduction', () => {
  it('of a session that was run here has the same plan, seed, work and image, and both sets of ratios', async () => {
    const run = ['--size', 'tiny', '--burst', '1ms', '--rounds', '4', '-w', 'fft', '--blocks', '2', '-q'];
    expect((await boxmark('run', '-e', 'native,unshare', ...run, '-o', join(dir, 'first'))).code).toBe(0);
    const [first = ''] = sessions(join(dir, 'first'));
    const ended = await boxmark('reproduce', first, '-o', join(dir, 'second'), '-q', '--json');
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    const [second = ''] = sessions(join(dir, 'second'));
    const [before, after] = [infoOf(first), infoOf(second)];
    expect(after.plan).toEqual(before.plan);
    expect(after.work).toEqual(before.work);
    expect(after.image).toEqual(before.image);
    const found = JSON.parse(ended.stdout);
    expect(found).toMatchObject({ schema: 1, original: before.session, session: after.session, otherBytes: null });
    expect(found.differences.filter(({ part }: { part: string }) => part !== 'stack')).toEqual([]);
    const [row] = found.rows;
    expect(row).toMatchObject({ env: 'unshare', baseline: 'native', workload: 'fft' });
    expect(row.difference.ratio).toBeCloseTo(row.after.timeRatio / row.before.timeRatio, 9);
    expect(row.before.blocks).toBe(2);
    expect((await boxmark('check', second)).code).toBe(0);
  });

  it('of another host names what differs and what can not run here, and prints no line beyond 80 columns', async () => {
    const ended = await rehearse('reproduce', await otherSession(), '-o', join(dir, 'ours'), '-q');
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    const text = ended.stdout.replace(/\s+/g, ' ');
    expect(text).toMatch(/hardware: CPU: Example CPU → /);
    expect(text).not.toMatch(/spectre_v1: not known/);
    expect(text).toMatch(/stack: kernel: 5\.10\.0-theirs → /);
    expect(text).toMatch(/Could not run hovercraft: There is no environment of this name/);
    expect(text).toMatch(/hovercraft against native fft 3\.\d\d\d \[[^\]]+\] –/);
    expect(text).not.toMatch(/OTHER BYTES/);
    expect(text).toMatch(/12 rounds a block instead of 8/);
    const lines = ended.stdout.split('\n').filter((line) => !/^(Files|Report): /.test(line));
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
    const [ours = ''] = sessions(join(dir, 'ours'));
    const info = infoOf(ours);
    expect(info.plan).toMatchObject({ seed: 4711, minBlocks: 2, maxBlocks: 2, contrasts: [], burstNs: 1e6 });
    expect(info.work).toEqual({ fft: 500, sor: 2000 });
    expect(info.plan.environments).toContainEqual({ path: 'unshare', alias: 'container' });
    expect(info.unavailable).toContainEqual(expect.objectContaining({ path: 'hovercraft' }));
  });

  it('runs the bytes of an exported image, and says loudly when they are not those of the session', async () => {
    const payload = join(dir, 'other.cjs');
    writeFileSync(payload, `${readFileSync(PAYLOAD, 'utf8')}\n// other bytes\n`);
    const other = await ensureImage(payload);
    const file = join(dir, 'image.tar');
    await exportImage(other, file);
    const session = await otherSession({ blocks: 1 });
    const ended = await rehearse('reproduce', session, '--image', file, '-o', join(dir, 'ours'), '-q', '--json');
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout).otherBytes).toMatch(/OTHER BYTES .*the payload/);
    expect(infoOf(sessions(join(dir, 'ours'))[0] ?? '').image.digest).toBe(other.digest);
  });

  it("runs this host's bytes, and says so, when the session's are nowhere", async () => {
    const session = await otherSession({ digest: 'c'.repeat(64), blocks: 1 });
    const ended = await rehearse('reproduce', session, '-o', join(dir, 'ours'));
    expect(ended.stderr).toMatch(/OTHER BYTES/);
    expect(ended.stdout).toMatch(/^OTHER BYTES than in the original ran here/m);
    expect(ended.code).toBe(0);
  });
});

describe('what can not be reproduced', () => {
  const refused = async (change: (info: { plan: Record<string, unknown> }) => void) => {
    const session = await otherSession();
    const info = infoOf(session);
    change(info as unknown as { plan: Record<string, unknown> });
    writeFileSync(join(session, 'session.json'), JSON.stringify(info));
    const ended = await rehearse('reproduce', session, '-o', join(dir, 'ours'), '-q');
    expect(ended.code).toBe(2);
    expect(sessions(join(dir, 'ours'))).toEqual([]);
    return ended.stderr;
  };

  it('is a plan with absurd numbers, or of a workload that is not there', async () => {
    expect(
      await refused(({ plan }) => {
        plan.rounds = 1e12;
      }),
    ).toMatch(/session\.json: plan\.rounds/);
    rmSync(join(dir, 'theirs'), { recursive: true });
    expect(
      await refused(({ plan }) => {
        plan.workloads = ['fft', 'luu'];
      }),
    ).toMatch(/did you mean "lu"/);
  });

  it('is a folder that is no session, and a file that is no image', async () => {
    expect((await rehearse('reproduce', dir, '-q')).stderr).toMatch(/not a session/);
    const file = join(dir, 'image.tar');
    writeFileSync(file, 'nonsense');
    const ended = await rehearse('reproduce', await otherSession(), '--image', file, '-o', join(dir, 'ours'), '-q');
    expect(ended.stderr).toMatch(/image file was refused/);
    expect(ended.code).toBe(2);
  });
});
