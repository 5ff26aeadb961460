/** Sessions of many hosts from logs, archives and folders: whole ones arrive, once, and of the others the reason is said. */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readFleet, writeFleet } from '../../bench/fleet/info.ts';
import { digestOfText } from '../../bench/fleet/job.ts';
import { sealOf } from '../../bench/session/seal.ts';
import { archiveOf, linesFor, PLAN_DIGEST } from '../fleet/host-stream.ts';
import { boxmark, MAIN } from './program.ts';
import { writeSession } from './stored-session.ts';

const NAMES = ['20261123T170000Z-aaaaaa', '20261123T170000Z-bbbbbb', '20261123T170000Z-cccccc'];
let kept: string;
let sessions: string[];
let archives: Buffer[];
beforeAll(async () => {
  kept = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  sessions = NAMES.map((name) => writeSession({ out: join(kept, 'results'), name, plan: { rounds: 40, blocks: 6 } }));
  archives = await Promise.all(sessions.map(archiveOf));
  // Cuts in the middle of an archive need one.
  for (const archive of archives) expect(archive.length).toBeGreaterThan(3 * 6144);
});
afterAll(() => rmSync(kept, { recursive: true, force: true }));

let dir: string;
let out: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  out = join(dir, 'fleet');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const lines = (index: number, said?: Parameters<typeof linesFor>[2]) =>
  linesFor(sessions[index] ?? '', archives[index] ?? Buffer.alloc(0), said);

function write(name: string, content: string): string {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
}

const collect = (...words: readonly string[]) => boxmark('fleet', 'collect', ...words, '-o', out);
const hosts = () => Object.fromEntries(readFleet(out).hosts.map((host) => [host.name, host]));
/** Nothing is left of what was unpacked on the way. */
const foldersIn = (folder: string) => readdirSync(join(out, folder)).sort();

describe('fleet collect', () => {
  it('takes one log a host, and knows what each host said of itself', async () => {
    const files = [write('node1.log', lines(0).join('')), write('b.log', lines(1, { host: 'worker-7' }).join(''))];
    const { code, stdout, stderr } = await collect(...files);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe(`2 sessions arrived, 0 did not\nFleet: ${out}\n`);
    const fleet = readFleet(out);
    expect(fleet).toMatchObject({ fleet: 'fleet', transport: 'collected', planDigest: PLAN_DIGEST });
    expect(fleet.finishedAt).not.toBeNull();
    expect(hosts()).toMatchObject({
      node1: { state: 'measured', footing: 'container', architecture: 'arm64', session: `hosts/node1/${NAMES[0]}` },
      'worker-7': { state: 'measured', seal: sealOf(sessions[1] ?? ''), attempts: 1 },
    });
    expect(foldersIn('hosts')).toEqual(['node1', 'worker-7']);
    expect(foldersIn('.')).toEqual(['fleet.json', 'hosts']);
    expect((await boxmark('check', join(out, `hosts/worker-7/${NAMES[1]}`))).code).toBe(0);
  });

  it.each([
    ['kubectl logs --prefix', (pod: string) => `[pod/${pod}/measure] `],
    ['kubectl logs --prefix --timestamps', (pod: string) => `[pod/${pod}/measure] 2026-11-29T20:00:00.123456789Z `],
  ])('splits the output of %s by pod, in whatever order its lines come', async (_, prefix) => {
    const [a, b] = [lines(0), lines(1)].map((said, pod) => said.map((line) => `${prefix(`x-${pod}`)}${line}`));
    const mixed = Array.from({ length: Math.max(a?.length ?? 0, b?.length ?? 0) }, (_, at) => [a?.[at], b?.[at]]);
    const text = `${prefix('x-2')}exec format error\n${mixed.flat().join('')}`;
    const { status, stdout } = spawnSync(process.execPath, [MAIN, 'fleet', 'collect', '-', '-o', out], {
      ...{ input: text, encoding: 'utf8' },
    });
    expect(stdout).toBe(`x-2: lost: exec format error\n2 sessions arrived, 1 did not\nFleet: ${out}\n`);
    expect(status).toBe(1);
    expect(hosts()).toMatchObject({
      'x-0': { state: 'measured' },
      'x-1': { state: 'measured' },
      'x-2': { state: 'lost' },
    });
  });

  it('lets a log speak for pods only where its first line is of one', async () => {
    const forged = lines(0).map((line) => `[pod/m-0/measure] ${line}`);
    const files = [write('evil.log', ['hello\n', ...forged].join('')), write('m-0.log', lines(1).join(''))];
    expect(await collect(...files)).toMatchObject({ code: 0 });
    expect(hosts()).toMatchObject({
      evil: { state: 'measured', session: `hosts/evil/${NAMES[0]}` },
      'm-0': { state: 'measured', session: `hosts/m-0/${NAMES[1]}` },
    });
    // Nor does one that the user has named.
    const named = write(
      'b.log',
      lines(2)
        .map((line) => `[pod/m-0/measure] ${line}`)
        .join(''),
    );
    expect(await collect(named, '--name', 'evil-2')).toMatchObject({ code: 0 });
    expect(hosts()).toMatchObject({ 'evil-2': { state: 'measured' }, 'm-0': { session: `hosts/m-0/${NAMES[1]}` } });
  });

  it.each(['hosts', 'hosts/node1'])('takes nothing into a folder in which %s is a link', async (place) => {
    expect(await collect(write('a.log', lines(0).join('')))).toMatchObject({ code: 0 });
    const elsewhere = join(dir, 'elsewhere');
    mkdirSync(join(elsewhere, '.ssh'), { recursive: true });
    rmSync(join(out, place), { recursive: true, force: true });
    symlinkSync(elsewhere, join(out, place));
    const ended = await collect(write('node1.log', lines(1).join('')));
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining(join(out, place))]);
    expect(readdirSync(elsewhere)).toEqual(['.ssh']);
  });

  it("reads the files in which a node's container runtime keeps a log", async () => {
    const text = lines(0).map((line) => `2026-11-29T20:00:00.123456789+00:00 stdout F ${line}`);
    expect(await collect(write('0.log', text.join('')))).toMatchObject({ code: 0 });
  });

  it.each<readonly [string, (all: string[]) => string[], string, RegExp]>([
    [
      'a part is changed',
      (all) => all.map((line) => line.replace(/"base64":"..../, '"base64":"AAAA')),
      'failed',
      /digest/,
    ],
    ['it ends early', (all) => all.slice(0, -2), 'lost', /end before its session/],
    ['its beginning was rotated away', (all) => all.slice(3), 'failed', /begins with part 2 .* rotated/],
    ['a line in the middle is missing', (all) => all.toSpliced(2, 1), 'failed', /part 2 .* came as part 1/],
    ['it is empty', () => [], 'lost', /said nothing/],
    ['it is of another program', () => ['Segmentation fault\n'], 'lost', /Segmentation fault/],
    [
      'it measured another plan',
      () => lines(1, { planDigest: 'b'.repeat(64) }),
      'refused',
      /another plan, bbbbbbbbbbbb/,
    ],
  ])('takes the others whole when of one %s', async (_, damage, state, reason) => {
    const files = [write('good.log', lines(0).join('')), write('bad.log', damage(lines(1)).join(''))];
    const { code, stdout } = await collect(...files);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^bad: .*\n1 session arrived, 1 did not\n/);
    expect(hosts()).toMatchObject({ good: { state: 'measured' }, bad: { state, session: null } });
    expect(hosts().bad?.reason).toMatch(reason);
    expect(foldersIn('hosts')).toEqual(['good']);
    expect(foldersIn('.')).toEqual(['fleet.json', 'hosts']);
  });

  it('takes a session once, however often it comes and in whatever form', async () => {
    const log = write('a.log', [...lines(0), ...lines(0)].join(''));
    expect((await collect(log)).stdout).toMatch(/^2 sessions arrived, 1 of them here already/);
    const archive = join(dir, 'a.tar.gz');
    writeFileSync(archive, archives[0] ?? '');
    expect((await collect(archive, sessions[0] ?? '')).stdout).toMatch(/^2 sessions arrived, 2 of them here already/);
    expect(readFleet(out).hosts).toHaveLength(1);
    expect(foldersIn('hosts')).toEqual(['a']);
  });

  it('extends a fleet: a host that failed is measured when its session comes', async () => {
    const log = write('a.log', lines(0).slice(0, 3).join(''));
    expect((await collect(log)).code).toBe(1);
    appendFileSync(log, lines(0).slice(3).join(''));
    expect((await collect(log)).code).toBe(0);
    expect(hosts()).toMatchObject({ a: { state: 'measured', reason: null, attempts: 2 } });
    // A log that was cut since is no loss.
    writeFileSync(log, lines(0).slice(3).join(''));
    expect((await collect(log)).code).toBe(1);
    expect(hosts().a?.state).toBe('measured');
  });

  it('can be read again when a shell named thousands of logs', async () => {
    const log = write('a.log', lines(0).slice(-1).join(''));
    await collect(...Array.from({ length: 100 }, () => log));
    expect(readFleet(out)).toMatchObject({ command: expect.stringMatching(/…$/), hosts: [{ attempts: 100 }] });
  });

  it('keeps a second session of a host beside the first', async () => {
    await collect(write('a.log', lines(0).join('')));
    await collect(write('a.log', lines(1).join('')));
    expect(Object.keys(hosts())).toEqual(['a', 'a-2']);
  });

  it('takes a volume: archives, session folders and logs below it, and nothing else', async () => {
    const volume = join(dir, 'volume');
    mkdirSync(join(volume, 'rack1', 'n2'), { recursive: true });
    cpSync(sessions[0] ?? '', join(volume, 'n1', NAMES[0] ?? ''), { recursive: true });
    writeFileSync(join(volume, 'rack1', 'n2', 'session.tar.gz'), archives[1] ?? '');
    writeFileSync(join(volume, 'n3.log'), lines(2, { host: 'n3' }).join(''));
    writeFileSync(join(volume, 'README'), 'of the volume');
    const { code, stdout } = await collect(volume);
    expect(stdout).toMatch(/^3 sessions arrived, 0 did not/);
    expect(code).toBe(0);
    expect(Object.keys(hosts()).sort()).toEqual(['n1', 'n2', 'n3']);
    expect(sealOf(join(out, hosts().n1?.session ?? ''))).toBe(sealOf(sessions[0] ?? ''));
    // What was there is as it was.
    expect(readdirSync(join(volume, 'n1', NAMES[0] ?? ''))).toEqual(readdirSync(sessions[0] ?? ''));
  });

  it('refuses sessions that were changed or are not complete', async () => {
    const changed = join(dir, 'changed');
    cpSync(sessions[0] ?? '', changed, { recursive: true });
    appendFileSync(join(changed, 'samples.csv'), '\n');
    const open = join(dir, 'open');
    cpSync(sessions[1] ?? '', open, { recursive: true });
    rmSync(join(open, 'manifest.json'));
    const { code, stdout } = await collect(changed, open, sessions[2] ?? '');
    expect(code).toBe(1);
    expect(stdout).toMatch(/changed: failed: .*samples\.csv/);
    expect(stdout).toMatch(/open: failed: .*manifest/);
    expect(stdout).toMatch(/1 session arrived, 2 did not/);
    expect(foldersIn('hosts')).toEqual(['host']);
  });

  it('finds what an interrupted collection had taken in and not noted', async () => {
    await collect(write('a.log', lines(0).join('')), write('b.log', lines(1).join('')));
    const fleet = readFleet(out);
    writeFleet(out, { ...fleet, hosts: fleet.hosts.filter(({ name }) => name !== 'b') });
    mkdirSync(join(out, 'hosts', '.arriving.0123456789abcdef.partial'));
    expect((await collect(write('a.log', lines(0).join('')))).code).toBe(0);
    expect(hosts()).toMatchObject({
      a: { state: 'measured' },
      b: { state: 'measured', seal: sealOf(sessions[1] ?? '') },
    });
    expect(foldersIn('hosts')).toEqual(['a', 'b']);
  });

  it('keeps the plan that it is given, and takes no other', async () => {
    const text = 'env: [docker]\n';
    const plan = write('plan.yaml', text);
    const log = write('a.log', lines(0, { planDigest: digestOfText(text) }).join(''));
    expect((await collect(log, write('b.log', lines(1).join('')), '--plan', plan)).stdout).toMatch(/b: refused/);
    expect(readFleet(out).planDigest).toBe(digestOfText(text));
    expect(existsSync(join(out, 'plan.yaml'))).toBe(true);
    writeFileSync(plan, 'env: [podman]\n');
    expect(await collect(log, '--plan', plan)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/another plan/),
    });
  });

  it('takes names, and makes those that no folder can have plain and unique', async () => {
    const files = ['a.log', 'b.log', 'c.log'].map((name, at) => write(name, lines(at).join('')));
    await collect(...files, '--name', '../x', '--name', 'n\u001b[31m', '--name', '../x');
    expect(Object.keys(hosts()).sort()).toEqual(['n-31m', 'x', 'x-2']);
  });

  it('prints what a stranger wrote without what a terminal would act on', async () => {
    const { stdout } = await collect(write('a.log', '\u001b[2J\u001b]0;x\u0007gone\n'));
    expect(stdout).toMatch(/^a: lost: gone\n/);
  });

  it('has a document for programs', async () => {
    const { stdout, code } = await collect(write('a.log', lines(0).join('')), write('b.log', ''), '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ schema: 1, fleet: 'fleet', dir: out, arrived: 1, missing: 1 },
      outcomes: [
        { host: 'a', state: 'measured', words: `hosts/a/${NAMES[0]}` },
        { host: 'b', state: 'lost', words: 'it said nothing' },
      ],
    });
  });

  it.each([
    ['no such file', () => ['nowhere.log'], /can't be read/],
    ['an empty folder', () => [dir], /no log and no session/],
    ['a device', () => ['/dev/zero'], /neither a file nor a folder/],
    ['standard input twice', () => ['-', '-'], /read once/],
    ['more names than logs', () => [write('a.log', ''), '--name', 'a', '--name', 'b'], /once for each log/],
  ])('is refused with %s', async (_, words, message) => {
    const { code, stderr } = await collect(...words());
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });

  it('leaves a folder alone that has something else in it', async () => {
    mkdirSync(out);
    writeFileSync(join(out, 'mine'), '');
    expect(await collect(write('a.log', ''))).toMatchObject({ code: 2, stderr: expect.stringMatching(/no fleet/) });
    expect(readdirSync(out)).toEqual(['mine']);
  });

  it('holds no more of an endless line than a line of a host has', () => {
    const command = `head -c 300M /dev/zero | tr '\\0' x | ${process.execPath} --max-old-space-size=64 ${MAIN} fleet collect - -o ${out}`;
    const text = execFileSync('bash', ['-c', `${command} || true`], { encoding: 'utf8' });
    expect(text).toMatch(/^stdin: lost: x+/);
  });
});
