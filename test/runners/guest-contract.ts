/** What every runner with a kernel of its own must do, tested on the real thing. */

import { release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Box, Prepared, Runner } from '../../bench/types.ts';
import { type Lab, openLab, type Talk } from '../lab.ts';
import { processesNaming } from '../leftovers.ts';

const MEMORY_BYTES = 512 << 20;
const TIMEOUT_MS = 180_000;

export interface GuestExpectations {
  readonly runner: Runner;
  readonly clock: string;
  /** File system errors of a write to the root. */
  readonly writeRoot: string;
}

export function guestContract({ runner, clock, writeRoot }: GuestExpectations): void {
  describe(`a guest of ${runner.name}`, { timeout: TIMEOUT_MS }, () => {
    let lab: Lab;
    let prepared: Prepared;
    let guest: Talk & { box: Box };
    let unavailable: string | undefined;
    const awkward = ['a b', '"quoted"', "it's", '', '--', '%41$HOME\\x41', 'a,b=c', 'ünï', '*', 'two\nlines\n'];

    beforeAll(async () => {
      lab = await openLab({ memoryBytes: MEMORY_BYTES });
      const probe = await runner.probe(lab.host, lab.workspace);
      if (!probe.available) {
        unavailable = `${probe.reason} (${probe.remedy})`;
        return;
      }
      prepared = await runner.prepare(lab.host, lab.image, lab.workspace);
      guest = await lab.start(runner, prepared, 'b1-first-1', awkward);
    }, TIMEOUT_MS);

    afterAll(async () => {
      await lab.dispose();
    }, TIMEOUT_MS);

    const test = (name: string, body: () => Promise<void>) =>
      it(name, async (context) => {
        if (unavailable !== undefined) return context.skip(unavailable);
        await body();
      });

    test('runs the image on a kernel that is not the host’s', async () => {
      expect(guest.facts.version).toBe(process.version);
      expect(guest.facts.release).not.toBe(release());
      expect(guest.facts.root).toContain('boxmark');
      expect(guest.facts.clock).toBe(clock);
    });

    test('hands every argument over as it is, whatever is in it', async () => {
      expect(guest.facts.argv).toEqual([`--start=${lab.workspace.id}-b1-first-1`, ...awkward]);
    });

    test('has the CPUs and about the memory of its limits, a clean environment and a read-only root', async () => {
      expect(guest.facts.cpuCount).toBe(lab.workspace.limits.cpus.length);
      expect(Number(guest.facts.totalMemory)).toBeGreaterThan(0.85 * MEMORY_BYTES);
      expect(Number(guest.facts.totalMemory)).toBeLessThanOrEqual(MEMORY_BYTES);
      expect(guest.facts.env).toEqual({ PATH: '/usr/bin:/bin', HOME: '/' });
      expect(guest.facts.writeRoot).toBe(writeRoot);
      expect(guest.facts.writeTmp).toBe('written');
    });

    test('carries requests of 3 kB and answers of 300 kB without losing a byte', async () => {
      for (let round = 0; round < 5; round += 1) {
        const line = `fill:300000:${Array.from({ length: 300 }, (_, at) => `${round}.${at}~^C`).join(' ')}`.slice(
          0,
          3000,
        );
        const answer = guest.ask(line);
        // The harness may be slow to read: nothing may be dropped meanwhile.
        if (round === 4) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
        const { echo, filler } = (await answer) as Readonly<Record<string, string>>;
        expect(echo).toBe(line);
        expect(String(filler).length).toBe(300_000);
        expect(/^x*$/.test(String(filler))).toBe(true);
      }
    });

    test('goes on answering after a pause', async () => {
      await sleep(1500);
      expect(await guest.ask('after')).toBe('echo after');
    });

    test('keeps time with the host within 2 % over two seconds', async () => {
      const before = await guest.exchange('1');
      await sleep(2000);
      const after = await guest.exchange('2');
      const guestNs = Number(after.monoNs - before.monoNs);
      // The guest read its clock somewhere between question and answer: a busy machine widens the bounds, a wrong clock leaves them.
      const leastNs = Number(after.sentNs - before.atNs);
      const mostNs = Number(after.atNs - before.sentNs);
      expect(guestNs).toBeGreaterThan(0.98 * leastNs);
      expect(guestNs).toBeLessThan(1.02 * mostNs);
    });

    test('names its start on a command line of the host and is confined to a group of it', async () => {
      expect(processesNaming(`--start=${lab.workspace.id}-b1-first-1`).length).toBeGreaterThan(0);
      if (lab.notes.some((note) => note.startsWith('no-cgroup'))) return;
      expect(guest.box.cgroup).toBe(`/boxmark/${lab.workspace.id}/b1-first-1`);
    });

    test('runs one command only, and says so', async () => {
      expect(await guest.box.exec(['/usr/bin/node'])).toMatchObject({
        exitCode: 126,
        stderr: expect.stringMatching(/one console/),
      });
      await expect(guest.box.spawn(['/usr/bin/node'])).rejects.toThrow(/one command/);
      await expect(guest.box.put('/nowhere')).rejects.toThrow(/can't hold another box/);
    });

    test('refuses what does not fit on the kernel’s command line', async () => {
      const { limits, signal } = lab.workspace;
      const box = await runner.open(lab.host, prepared, { name: 'b1-long-1', limits, signal });
      await expect(box.spawn(['/usr/bin/node', 'x'.repeat(5000)])).rejects.toThrow(/too long/);
      await box.close();
      expect(lab.leftovers().filter((left) => left.includes('b1-long-1'))).toEqual([]);
    });

    test('runs beside another one without a mix-up, and goes on when that is closed in the middle of its work', async () => {
      const other = await lab.start(runner, prepared, 'b1-second-1');
      const answers = await Promise.all([guest.ask('mine'), other.ask('theirs')]);
      expect(answers).toEqual(['echo mine', 'echo theirs']);
      other.process.write('spin');
      await other.box.close();
      expect(lab.leftovers().filter((left) => left.includes('b1-second-1'))).toEqual([]);
      expect(await guest.ask('still here')).toBe('echo still here');
    });

    test('powers off when its payload has quit, and leaves nothing', async () => {
      guest.process.write('quit');
      expect(await guest.process.exited).toEqual({ exitCode: 0, signal: null });
      await guest.box.close();
      expect(lab.leftovers()).toEqual([]);
    });

    test('leaves nothing when it is killed in the middle of its work', async () => {
      const busy = await lab.start(runner, prepared, 'b2-busy-1');
      busy.process.write('spin');
      await sleep(200);
      busy.process.kill();
      expect((await busy.process.exited).signal).toBe('SIGKILL');
      await busy.box.close();
      await busy.box.close();
      expect(lab.leftovers()).toEqual([]);
    });

    test('says why a command did not start', async () => {
      const { limits, signal } = lab.workspace;
      const box = await runner.open(lab.host, prepared, { name: 'b3-wrong-1', limits, signal });
      const child = await box.spawn(['/usr/bin/nothing']);
      await child.exited;
      expect(child.errorTail()).toMatch(/nothing/);
      await box.close();
    });

    test('is not offered inside another box', async () => {
      const inside = { ...lab.host, path: 'docker' };
      expect(await runner.probe(inside, lab.workspace)).toMatchObject({
        available: false,
        reason: expect.stringMatching(/inside docker/),
      });
    });
  });
}
