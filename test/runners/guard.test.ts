/** The host's limits, and what a session does at them. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostGuard } from '../../cli/session/guard.ts';
import { type HostReading, type Limit, limitReached, readHostRoom } from '../../runners/host/guard.ts';

const GIB = 2 ** 30;
const ROOMY: HostReading = {
  availableBytes: 2 * GIB,
  totalBytes: 4 * GIB,
  memoryFullPercent: 0,
  freeBytes: { '/var/tmp/boxmark-1': GIB, '/srv/results': GIB },
  load: 3,
  cpus: 2,
};

describe('limitReached', () => {
  it.each<[string, Partial<HostReading>, Limit['of'] | null]>([
    ['room', {}, null],
    [
      'a kernel that says nothing',
      { availableBytes: null, totalBytes: null, load: null, memoryFullPercent: null },
      null,
    ],
    ['4 % of memory available', { availableBytes: 0.04 * 4 * GIB }, 'memory'],
    ['1 GiB of 100 GiB available', { availableBytes: GIB, totalBytes: 100 * GIB }, null],
    ['100 MiB of 512 MiB available', { availableBytes: 100 * 2 ** 20, totalBytes: GIB / 2 }, null],
    ['50 MiB of 512 MiB available', { availableBytes: 50 * 2 ** 20, totalBytes: GIB / 2 }, 'memory'],
    ['a host that swaps', { memoryFullPercent: 35 }, 'memory'],
    ['a full disk under the results', { freeBytes: { '/var/tmp': GIB, '/srv': 1000 } }, 'disk'],
    ['a load of 40 on two CPUs', { load: 40 }, 'load'],
    ['a load of 40 on eight CPUs', { load: 40, cpus: 8 }, null],
  ])('with %s: %o → %s', (_, change, of) => {
    expect(limitReached({ ...ROOMY, ...change })?.of ?? null).toBe(of);
  });

  it('stops at memory and disk, not at load, and says the figure and its limit', () => {
    expect(limitReached({ ...ROOMY, load: 40 })).toEqual({
      ...{ of: 'load', stops: false },
      reason: 'the load is 40, more than 16 for each of 2 CPUs',
    });
    expect(limitReached({ ...ROOMY, availableBytes: 2 ** 26 })).toEqual({
      ...{ of: 'memory', stops: true },
      reason: '64 MiB of memory are available, less than 205 MiB',
    });
  });
});

it('readHostRoom reads what the kernel shows, and the disks of folders that are there', () => {
  const root = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  try {
    mkdirSync(join(root, 'proc/pressure'), { recursive: true });
    mkdirSync(join(root, 'sys/devices/system/cpu'), { recursive: true });
    writeFileSync(join(root, 'proc/meminfo'), 'MemTotal: 2048 kB\nMemAvailable: 1024 kB\n');
    writeFileSync(join(root, 'proc/loadavg'), '7.25 3.00 1.00 9/300 1234\n');
    writeFileSync(join(root, 'proc/pressure/memory'), 'some avg10=9.00 total=1\nfull avg10=4.50 avg60=0.00 total=1\n');
    writeFileSync(join(root, 'sys/devices/system/cpu/online'), '0-3\n');
    const room = readHostRoom([root, '/no/such/folder'], root);
    expect(room).toMatchObject({ availableBytes: 2 ** 20, totalBytes: 2 ** 21, memoryFullPercent: 4.5, load: 7.25 });
    expect(room.cpus).toBe(4);
    expect(Object.keys(room.freeBytes)).toEqual([root]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

describe('hostGuard', () => {
  const memory: Limit = { of: 'memory', reason: 'little memory', stops: true };
  const load: Limit = { of: 'load', reason: 'much load', stops: false };

  function guarded(limits: (Limit | null)[]) {
    const seen: string[] = [];
    const events: object[] = [];
    const admit = hostGuard({
      ...{ folders: [], patienceMs: 20, say: (text) => seen.push(text), event: (event) => events.push(event) },
      look: () => (limits.length > 1 ? (limits.shift() ?? null) : (limits[0] ?? null)),
    });
    return { seen, events, admit: () => admit(new AbortController().signal) };
  }

  it('says nothing on a host with room', async () => {
    const { admit, seen, events } = guarded([null]);
    await admit();
    expect([seen, events]).toEqual([[], []]);
  });

  it('waits for the end of a limit, and records it', async () => {
    const { admit, seen, events } = guarded([memory, null]);
    await admit();
    expect(seen).toEqual(['waiting up to 0 s before the next start: little memory']);
    expect(events).toEqual([
      { kind: 'host-at-limit', of: 'memory', reason: 'little memory', waitedMs: expect.any(Number), over: true },
    ]);
  });

  it('ends the session at a lasting lack of memory, with a remedy', async () => {
    const { admit, events } = guarded([memory]);
    await expect(admit()).rejects.toThrow(/no room for a further box: little memory[\s\S]*--no-guard/);
    expect(events).toMatchObject([{ over: false }]);
  });

  it('continues after a wait for load', async () => {
    const { admit, events } = guarded([load]);
    await admit();
    expect(events).toMatchObject([{ of: 'load', over: false }]);
  });
});
