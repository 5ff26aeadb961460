/** What a reader learns from a session's signs of life. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { activityOf, HEARTBEAT, Heartbeat, readBeat } from '../../bench/session/heartbeat.ts';
import { infoFor, tinyPlan } from './boxes.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  write({});
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(change: object): void {
  const info = infoFor(tinyPlan({ environments: [{ path: 'native' }] }), []);
  writeFileSync(join(dir, 'session.json'), JSON.stringify({ ...info, ...change }));
}

const DOING = { doing: 'block 2, round 1', block: 2, fraction: 0.25 };

/** Writes a sign of life of this process with something changed. */
function beat(change: object = {}): void {
  new Heartbeat(dir, 100_000).beat(DOING);
  const written = JSON.parse(readFileSync(join(dir, HEARTBEAT), 'utf8'));
  writeFileSync(join(dir, HEARTBEAT), JSON.stringify({ ...written, ...change }));
}

const state = (nowMs = Date.now()) => activityOf(dir, nowMs).state;

describe('a session without an end is', () => {
  it('running while its process lives and its heartbeat is not overdue', () => {
    beat();
    expect(activityOf(dir)).toMatchObject({ state: 'running', beat: DOING });
  });

  it('silent when its process lives and its heartbeat is overdue', () => {
    beat({ upMs: 0, dueMs: 1 });
    expect(state()).toBe('silent');
  });

  it('running although somebody has set the clock a day forth', () => {
    beat();
    expect(state(Date.now() + 86_400_000)).toBe('running');
  });

  it('gone when its process has ended, or its pid is another process by now', () => {
    beat({ startTicks: '1' });
    expect(state()).toBe('gone');
    beat({ pid: 2 ** 22 + 1 });
    expect(state()).toBe('gone');
  });

  it('gone when this host was started again since', () => {
    beat({ bootId: 'another', host: hostname() });
    expect(state()).toBe('gone');
  });

  it('running on another host until its heartbeat is overdue, then gone', () => {
    beat({ bootId: 'another', host: 'another', dueMs: 60_000 });
    expect(state()).toBe('running');
    expect(state(Date.now() + 61_000)).toBe('gone');
  });

  it('judged by time alone in another process namespace, where its pid means nothing', () => {
    beat({ pidNamespace: 'pid:[1]', startTicks: '1' });
    expect(state()).toBe('running');
    beat({ pidNamespace: 'pid:[1]', startTicks: '1', upMs: 0, dueMs: 1 });
    expect(state()).toBe('silent');
  });

  it('gone when nobody has left a sign or a mark', () => {
    expect(state()).toBe('gone');
  });
});

it.each(['interrupted', 'failed'] as const)(
  'a session that was %s is that, whatever its heartbeat says',
  (stopReason) => {
    write({ stopReason, finishedAt: '2026-11-23T17:00:00.000Z' });
    beat();
    expect(activityOf(dir)).toMatchObject({ state: stopReason, lastMs: Date.parse('2026-11-23T17:00:00.000Z') });
  },
);

it.each([
  ['text that is no JSON', '{'],
  ['a value out of range', JSON.stringify({ schema: 1, at: 'yesterday' })],
  ['more than a heartbeat ever is', `"${'x'.repeat(10_000)}"`],
])('a heartbeat of %s counts as none', (_, text) => {
  writeFileSync(join(dir, HEARTBEAT), text);
  expect(readBeat(dir)).toBeNull();
});

describe('the writer', () => {
  it('promises the limits of the plan until a block has shown how long its steps take', () => {
    const heart = new Heartbeat(dir, 500_000);
    heart.beat({ ...DOING, block: 1 });
    expect(readBeat(dir)?.dueMs).toBe(500_000);
    heart.beat({ ...DOING, block: 2 });
    expect(readBeat(dir)?.dueMs).toBe(60_000);
  });

  it('leaves nothing at the end, and does not fail where it cannot write', () => {
    const heart = new Heartbeat(dir, 1000);
    heart.beat(DOING);
    heart.end();
    expect(readdirSync(dir)).toEqual(['session.json']);
    mkdirSync(join(dir, HEARTBEAT));
    expect(() => heart.beat(DOING)).not.toThrow();
  });
});
