/** The lock of the host, and programs of others that hold it. */

import { randomUUID } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type LockWish, type Measurer, takeHostLock, takeHostLockLater } from '../../runners/host/host-lock.ts';

let name: string;
beforeEach(() => {
  name = randomUUID();
  vi.stubEnv('BOXMARK_LOCK', name);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const self = (command: string): Measurer => ({
  ...{ pid: process.pid, user: 'root', startedAt: '2026-11-23T17:00:00.000Z', cpus: [1], command },
});
const wish = (command: string, more: Partial<LockWish> = {}): LockWish => ({
  ...{ self: self(command), waitMs: 0, signal: new AbortController().signal },
  ...more,
});

async function taken(command: string, more?: Partial<LockWish>) {
  const result = await takeHostLock(wish(command, more));
  if (!('lock' in result)) throw new Error('it is held');
  return result.lock;
}

it('belongs to one, who says who it is, and then to the next', async () => {
  const lock = await taken('first');
  expect(await takeHostLock(wish('second'))).toEqual({ holder: self('first') });
  await lock.release();
  await (await taken('second')).release();
});

it('is waited for, and whoever waits is told once for whom', async () => {
  const lock = await taken('first');
  const told = vi.fn();
  const waiting = takeHostLock(wish('second', { waitMs: 30_000, onWait: told }));
  await vi.waitFor(() => expect(told).toHaveBeenCalledWith(self('first')));
  await lock.release();
  const next = await waiting;
  expect('lock' in next).toBe(true);
  expect(told).toHaveBeenCalledTimes(1);
  if ('lock' in next) await next.lock.release();
});

it('is waited for no longer than asked for, and not after an interrupt', async () => {
  const lock = await taken('first');
  expect(await takeHostLock(wish('second', { waitMs: 1 }))).toEqual({ holder: self('first') });
  const controller = new AbortController();
  const waiting = takeHostLock(wish('second', { waitMs: 60_000, signal: controller.signal }));
  controller.abort(new Error('interrupted'));
  await expect(waiting).rejects.toThrow('interrupted');
  await lock.release();
});

it.each([
  ['says nothing', ''],
  ['says what is no measurer', '{"pid":-1}'],
  ['says something without an end', 'x'.repeat(100_000)],
])('of a stranger who %s is held by nobody known', async (_, answer) => {
  const stranger: Server = createServer((client) => {
    client.on('error', () => {});
    client.write(answer);
  });
  await new Promise<void>((resolve) => stranger.listen(`\0boxmark/measuring/${name}`, resolve));
  try {
    expect(await takeHostLock(wish('second'))).toEqual({ holder: null });
  } finally {
    stranger.close();
  }
});

it('is let go at once although strangers hold on to it, and tells the next one who measures', async () => {
  const lock = await taken('first');
  const strangers = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const stranger: Socket = connect({ path: `\0boxmark/measuring/${name}`, allowHalfOpen: true });
      stranger.on('error', () => {});
      await new Promise((resolve) => stranger.once('connect', resolve).once('error', resolve));
      return stranger.pause(); // Neither reads nor leaves.
    }),
  );
  try {
    const begun = performance.now();
    await lock.release();
    expect(performance.now() - begun).toBeLessThan(5000);
    await (await taken('second')).release();
  } finally {
    for (const stranger of strangers) stranger.destroy();
  }
});

it('names its holder again when strangers have taken every place for a while', async () => {
  const lock = await taken('first');
  const strangers = Array.from({ length: 40 }, () => {
    const stranger = connect({ path: `\0boxmark/measuring/${name}`, allowHalfOpen: true }).pause();
    return stranger.on('error', () => {});
  });
  try {
    await vi.waitFor(async () => expect(await takeHostLock(wish('second'))).toEqual({ holder: self('first') }), 10_000);
  } finally {
    for (const stranger of strangers) stranger.destroy();
    await lock.release();
  }
});

it('of a run that was allowed beside another is taken when the other one ends, so that a third one learns of it', async () => {
  const first = await taken('first');
  const later = takeHostLockLater(self('second'), 20);
  expect(await takeHostLock(wish('third'))).toEqual({ holder: self('first') });
  await first.release();
  await sleep(500);
  expect(await takeHostLock(wish('third'))).toEqual({ holder: self('second') });
  await later.release();
  await (await taken('third')).release();
});

it('is given up before it was free, without waiting', async () => {
  const first = await taken('first');
  await takeHostLockLater(self('second')).release();
  await first.release();
  await (await taken('third')).release();
});
