import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { boxmark, eventually, MAIN, REHEARSAL, rehearse, sessions, start, tracesOf, workspaceOf } from './program.ts';

const TINY = ['--size', 'tiny', '--burst', '1ms', '--rounds', '4', '-w', 'fft,sor', '-q'];

let out: string;
beforeEach(() => {
  out = mkdtempSync('/var/tmp/boxmark-test-out-');
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const infoOf = (dir: string) => JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8'));
const rowsOf = (dir: string, file: string) =>
  parse(readFileSync(join(dir, file)), { columns: true }) as Record<string, string>[];
const eventsOf = (dir: string) =>
  readFileSync(join(dir, 'events.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** A finished session of native alone, run once and copied. */
let original: string;
let shelf: string;
beforeAll(async () => {
  shelf = mkdtempSync('/var/tmp/boxmark-test-out-');
  const ended = await rehearse('run', '-e', 'native', ...TINY, '-o', shelf, '--blocks', '2');
  expect(ended.stderr).toBe('');
  [original = ''] = sessions(shelf);
});
afterAll(() => rmSync(shelf, { recursive: true, force: true }));

function finished(): string {
  const dir = join(out, basename(original));
  cpSync(original, dir, { recursive: true });
  return dir;
}

function edit(dir: string, change: (info: ReturnType<typeof infoOf>) => void): void {
  const info = infoOf(dir);
  change(info);
  writeFileSync(join(dir, 'session.json'), JSON.stringify(info));
}

/** Starts a session of many blocks and ends it by a signal, once its second block has begun. */
async function cutSession(signal: 'SIGINT' | 'SIGKILL', main = REHEARSAL) {
  // Far more blocks than even a rehearsal has by then.
  const running = start(['run', '-e', 'native,unshare', '--blocks', '1000', ...TINY, '-o', out], [], { main });
  const dir = await eventually(() =>
    sessions(out).find((found) => {
      const names = readdirSync(found);
      return names.includes('session.json') && names.includes('starts.csv') && infoOf(found).blocksCompleted >= 1;
    }),
  );
  const id = (workspaceOf(running.child.pid) ?? '').replace('/var/tmp/boxmark-', '');
  running.child.kill(signal);
  return { dir, id, ended: await running.ended };
}

describe.skipIf(process.getuid?.() !== 0)('a session that was cut', () => {
  it('by Ctrl-C says how to go on, and goes on to its end', async () => {
    const { dir, ended } = await cutSession('SIGINT');
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain(`try: boxmark resume ${dir}`);
    const kept = infoOf(dir).blocksCompleted;
    const before = infoOf(dir);
    const resumed = await rehearse('resume', dir, '--max-blocks', String(kept + 1), '-q');
    expect(resumed.stderr).toBe('');
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toMatch(/unshare/);
    const after = infoOf(dir);
    expect(after).toMatchObject({ stopReason: 'blocks', blocksCompleted: kept + 1 });
    for (const key of ['session', 'seed', 'work', 'image', 'startedAt', 'command', 'warmup']) {
      expect(after[key], key).toEqual(before[key]);
    }
    expect(after.resumed).toEqual([
      expect.objectContaining({ blocksKept: kept, command: expect.stringMatching(/^boxmark resume /) }),
    ]);
    expect(eventsOf(dir)).toContainEqual(
      expect.objectContaining({ kind: 'resumed', blocksKept: kept, stoppedBy: 'interrupted', stackChanged: [] }),
    );
    const blocks = new Set(rowsOf(dir, 'samples.csv').map(({ block }) => Number(block)));
    expect([...blocks]).toEqual(Array.from({ length: kept + 1 }, (_, index) => index + 1));
    expect((await boxmark('check', dir)).code).toBe(0);
  });

  it('by a kill goes on as well, once what it left is cleaned up', async () => {
    const { dir, id } = await cutSession('SIGKILL', MAIN);
    const samples = join(dir, 'samples.csv');
    // As a machine that loses its power would leave it: part of a row that was about to be written.
    const text = readFileSync(samples, 'utf8');
    writeFileSync(samples, `${text}${text.trimEnd().split('\n').at(-1)?.slice(0, 40)}`);
    expect((await boxmark('check', dir)).code).toBe(1);
    expect((await boxmark('clean')).code).toBe(0);
    expect(tracesOf(id)).toEqual([]);
    const kept = infoOf(dir).blocksCompleted;
    const resumed = await boxmark('resume', dir, '--max-blocks', String(kept + 1), '-q', '--json');
    expect(resumed.stderr).toBe('');
    expect(resumed.code).toBe(0);
    expect(JSON.parse(resumed.stdout).session.blocks).toBe(kept + 1);
    expect((await boxmark('check', dir)).code).toBe(0);
  });

  it('is left as it was when an environment of it can not run any more, unless it may go on without', async () => {
    const { dir } = await cutSession('SIGINT');
    const manifest = readFileSync(join(dir, 'manifest.json'), 'utf8');
    const more = ['--max-blocks', String(infoOf(dir).blocksCompleted + 1), '-q'];
    // No mount namespaces, no `unshare`.
    const hidden = ['unshare', '-m', 'sh', '-c', 'mount --bind /dev/null "$(command -v unshare)" && exec "$@"', 'sh'];
    const refused = await start(['resume', dir, ...more], hidden).ended;
    expect(refused.stderr).toMatch(/can't run any more: /);
    expect(refused.stderr).toMatch(/--keep-going/);
    expect(refused.code).toBe(1);
    expect(readFileSync(join(dir, 'manifest.json'), 'utf8')).toBe(manifest);
    const without = await start(['resume', dir, ...more, '--keep-going'], hidden).ended;
    expect(without.code).toBe(0);
    const last = rowsOf(dir, 'starts.csv').filter(({ env, status }) => env === 'unshare' && status === 'skipped');
    expect(last).toHaveLength(1);
    expect(last[0]?.reason).toMatch(/can't run any more/);
  });
});

describe('a finished session', () => {
  it('gets more blocks by --max-blocks, and a target by --target', async () => {
    const dir = finished();
    const more = await rehearse('resume', dir, '--max-blocks', '3', '-q');
    expect(more.code).toBe(0);
    expect(infoOf(dir)).toMatchObject({ blocksCompleted: 3, stopReason: 'blocks' });
    const narrow = await rehearse('resume', dir, '--target', '50%', '--max-blocks', '5', '-q');
    expect(narrow.code).toBe(0);
    expect(infoOf(dir).plan).toMatchObject({ target: 0.5, maxBlocks: 5 });
    expect(infoOf(dir).blocksCompleted).toBe(5);
    expect(infoOf(dir).resumed).toHaveLength(2);
    expect((await boxmark('check', dir)).code).toBe(0);
  });

  it('that was killed after its last block is finished, without measuring anything', async () => {
    const dir = await finished();
    const files = ['contrasts.csv', 'samples.csv', 'starts.csv'];
    const before = files.map((name) => readFileSync(join(dir, name), 'utf8'));
    for (const name of ['contrasts.csv', 'manifest.json']) rmSync(join(dir, name));
    edit(dir, (info) => {
      info.stopReason = 'running';
      info.finishedAt = null;
      info.host.fingerprint = 'f'.repeat(64);
    });
    expect((await boxmark('check', dir)).code).toBe(1);
    const ended = await boxmark('resume', dir, '-q');
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain(`Files: ${dir}`);
    expect(files.map((name) => readFileSync(join(dir, name), 'utf8'))).toEqual(before);
    expect(infoOf(dir)).toMatchObject({ stopReason: 'blocks', blocksCompleted: 2, finishedAt: expect.any(String) });
    expect(eventsOf(dir)).toContainEqual(expect.objectContaining({ kind: 'resumed', stoppedBy: 'running' }));
    expect((await boxmark('check', dir)).code).toBe(0);
    expect((await boxmark('resume', dir)).code).toBe(2);
  });

  it('that has nothing left to do is a mistake that says what to ask for', async () => {
    const dir = finished();
    const manifest = readFileSync(join(dir, 'manifest.json'), 'utf8');
    const ended = await rehearse('resume', dir);
    expect(ended.stderr).toMatch(/All 2 blocks of the session are measured/);
    expect(ended.stderr).toMatch(/--target/);
    expect(ended.code).toBe(2);
    expect((await rehearse('resume', dir, '--max-blocks', '2')).code).toBe(2);
    expect((await rehearse('resume', dir, '--target', 'narrow')).code).toBe(2);
    expect(readFileSync(join(dir, 'manifest.json'), 'utf8')).toBe(manifest);
  });

  it('of other hardware is refused with code 5, naming what differs, unless that is allowed', async () => {
    const dir = finished();
    edit(dir, (info) => {
      info.host.fingerprint = 'f'.repeat(64);
      info.host.hardware.cpuModel = 'Another CPU';
    });
    const refused = await rehearse('resume', dir, '--max-blocks', '3', '-q');
    expect(refused.stderr).toMatch(/hardware is not that of the session: cpuModel/);
    expect(refused.stderr).toMatch(/--allow-different-hosts/);
    expect(refused.code).toBe(5);
    const allowed = await rehearse('resume', dir, '--max-blocks', '3', '-q', '--allow-different-hosts');
    expect(allowed.code).toBe(0);
    expect(eventsOf(dir)).toContainEqual(
      expect.objectContaining({ kind: 'resumed', hardwareChanged: expect.arrayContaining(['cpuModel']) }),
    );
    // The host that the session began on stays on record.
    expect(infoOf(dir).host.hardware.cpuModel).toBe('Another CPU');
  });

  it('whose image is not in the store is refused with the way to get it there', async () => {
    const dir = finished();
    edit(dir, (info) => {
      info.image.digest = '0'.repeat(64);
    });
    const ended = await rehearse('resume', dir, '--max-blocks', '3', '-q');
    expect(ended.stderr).toMatch(/No such image in the image store/);
    expect(ended.stderr).toMatch(/boxmark image import/);
    expect(ended.code).toBe(1);
    expect((await boxmark('check', dir)).stdout).toMatch(/session.json: is not what the manifest lists/);
  });

  it('that ended at its target resumes for a smaller one only', async () => {
    const dir = finished();
    edit(dir, (info) => {
      Object.assign(info, { stopReason: 'precision' });
      Object.assign(info.plan, { target: 0.1, maxBlocks: 9 });
    });
    for (const more of [[], ['--target', '10%'], ['--target', '20%']]) {
      const again = await rehearse('resume', dir, ...more, '-q');
      expect(again.stderr).toMatch(/within its target already/);
      expect(again.code).toBe(2);
    }
    const narrow = await rehearse('resume', dir, '--target', '0.001%', '--max-blocks', '3', '-q');
    expect(narrow.code).toBe(0);
    expect(infoOf(dir)).toMatchObject({ blocksCompleted: 3, plan: { target: 0.00001, maxBlocks: 3 } });
  });
});

describe('what is no session', () => {
  it('ends with code 2', async () => {
    const ended = await rehearse('resume', out);
    expect(ended.stderr).toMatch(/not a session/);
    expect(ended.code).toBe(2);
  });
});
