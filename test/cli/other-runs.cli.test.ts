/** Two runs on one host: the second one is refused, waits, or is allowed and says so. */

import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Running, rehearseWith, sessions, workspaceOf } from './program.ts';

let out: string;
let lock: string;
let first: Running;

/** Long enough for all that a test does meanwhile; it is interrupted then. */
const LONG = ['run', '-e', 'native', '--blocks', '500', '--rounds', '10', '-q'];
const SHORT = ['run', '-e', 'native', '--blocks', '1', '--rounds', '2', '-w', 'fft'];

beforeEach(async () => {
  out = mkdtempSync('/var/tmp/boxmark-test-out-');
  lock = randomUUID();
  first = rehearseWith(lock, ...LONG, '-o', join(out, 'first'));
  await expect.poll(() => workspaceOf(first.child.pid), { timeout: 30_000 }).toBeDefined();
});
afterEach(async () => {
  first.child.kill('SIGINT');
  await first.ended;
  rmSync(out, { recursive: true, force: true });
});

it('the second one is refused, names the first, and leaves nothing', async () => {
  const { code, stderr } = await rehearseWith(lock, ...SHORT, '-q', '-o', join(out, 'second')).ended;
  expect(code).toBe(2);
  expect(stderr).toContain('Another run measures on this host');
  expect(stderr).toMatch(new RegExp(`process ${first.child.pid} of \\w+ on CPU \\d+ since .*: boxmark run -e native`));
  expect(stderr).toContain('--wait 1h');
  expect(sessions(join(out, 'second'))).toEqual([]);
});

it('the second one is measured all the same when that is allowed, and its session says so', async () => {
  const { code } = await rehearseWith(lock, ...SHORT, '-q', '--allow-other-runs', '-o', join(out, 'second')).ended;
  expect(code).toBe(0);
  const [dir = ''] = sessions(join(out, 'second'));
  expect(readFileSync(join(dir, 'events.jsonl'), 'utf8')).toMatch(
    new RegExp(`"kind":"other-run","run":"process ${first.child.pid} of `),
  );
});

it('the second one waits for the end of the first, and no longer than asked for', async () => {
  const waited = await rehearseWith(lock, ...SHORT, '--wait', '1s', '-o', join(out, 'second')).ended;
  expect(waited.code).toBe(2);
  expect(waited.stderr).toContain('waiting up to 1 s for process');
  const waiting = rehearseWith(lock, ...SHORT, '--wait', '5m', '-o', join(out, 'second'));
  await expect.poll(() => sessions(join(out, 'first')).length, { timeout: 30_000 }).toBe(1);
  expect(sessions(join(out, 'second'))).toEqual([]);
  first.child.kill('SIGINT');
  expect((await waiting.ended).code).toBe(0);
  expect((await first.ended).code).toBe(130);
});
