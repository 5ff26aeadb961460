/** When the answer to a visit is read: beside the next box's lead-in, unless boxes and harness share a CPU. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Environment, Plan } from '../../bench/types.ts';
import { rehearsed, rehearsedCrew, runIn, tinyPlan, writtenBy } from './boxes.ts';

let out: string;
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** What a box is asked for and when its CPU time is read, in one order for all boxes. */
function noted(path: string, notes: string[]): Environment {
  const environment = rehearsed(path);
  return {
    ...environment,
    async start(name, signal) {
      const started = await environment.start(name, signal);
      const { process: payload } = started;
      const write = (line: string) => {
        if (JSON.parse(line).op === 'visit') notes.push(`${path} asked`);
        payload.write(line);
      };
      const cpuNs = () => {
        notes.push(`${path} read`);
        return 0;
      };
      return { ...started, process: writtenBy(payload, write), cpuNs };
    },
  };
}

async function notesOf(housekeeping: readonly number[], change: Partial<Plan> = {}): Promise<readonly string[]> {
  const notes: string[] = [];
  const limits = { cpus: [1], housekeeping, memoryBytes: 2 ** 30, pids: 512 };
  const environments = [{ path: 'native' }, { path: 'twin' }];
  const plan = tinyPlan({ environments, workloads: ['fft'], blocks: 1, limits, burstNs: 8e6, leadIn: 0.25, ...change });
  const { outcome } = await runIn(out, plan, [noted('native', notes), noted('twin', notes)], {
    ...rehearsedCrew(),
    control: noted('native@control', notes),
  });
  expect(outcome.failure).toBeNull();
  expect(outcome.samples.filter(({ phase, ok }) => phase === 'measure' && ok)).toHaveLength(3 * plan.rounds);
  const first = notes.findIndex((note) => note.endsWith('asked'));
  return notes.slice(first - 1, notes.findLastIndex((note) => note.endsWith('asked')) + 2);
}

describe('the CPU time of a box after its visit is read', () => {
  it('once the next box has been asked, where the harness has a CPU of its own', async () => {
    const notes = await notesOf([0]);
    const asked = notes.flatMap((note, at) => (note.endsWith('asked') ? [at] : []));
    let beside = 0;
    for (const [turn, at] of asked.entries()) {
      const box = notes[at]?.split(' ')[0];
      const next = asked[turn + 1];
      if (next === undefined) continue;
      const nextBox = notes[next]?.split(' ')[0];
      const between = notes.slice(at + 1, next).filter((note) => note === `${box} read`);
      if (notes[next + 1] === `${box} read` && nextBox !== box) beside += 1;
      // At the end of a round, and before the box is asked again, it is read at once.
      else expect(between.length, `${turn}: ${notes.slice(at, next + 2)}`).toBeGreaterThan(0);
    }
    expect(beside).toBeGreaterThan(asked.length / 2);
  });

  it.each([
    ['they share one', [1], {}],
    ['lead-ins are shorter than the reading', [0], { burstNs: 2e6 }],
  ] as const)('before the next box is asked, where %s', async (_, housekeeping, change) => {
    const notes = await notesOf(housekeeping, change);
    for (const [at, note] of notes.entries()) {
      if (note.endsWith('asked')) expect(notes[at + 1]).toBe(note.replace('asked', 'read'));
    }
  });
});

describe.each(['interleaved', 'sequential'] as const)('a box whose answer to a visit is invalid (%s)', (schedule) => {
  it('has failed once, and the others are measured to the end', async () => {
    const environments = [{ path: 'native' }, { path: 'bad' }];
    const plan = tinyPlan({ environments, blocks: 1, schedule, burstNs: 8e6, leadIn: 0.25 });
    let visits = 0;
    const bad = rehearsed('bad', () => (line) => {
      // Two bursts: a visit.
      if (!/"bursts":\[\[[^\]]+\],\[[^\]]+\]\]/.test(line)) return line;
      visits += 1;
      return visits < 3 ? line : line.replace('"passes"', '"passed"');
    });
    const { outcome } = await runIn(out, plan, [rehearsed('native'), bad], rehearsedCrew());
    const starts = outcome.starts.map(({ env, status }) => `${env} ${status}`);
    expect(starts.toSorted()).toEqual(['bad failed', 'native completed', 'native@control completed']);
    expect(outcome.events.filter(({ kind }) => kind === 'failed')).toHaveLength(1);
    const rows = outcome.samples.filter(({ phase }) => phase === 'measure');
    expect(rows.filter(({ env }) => env === 'bad')).toHaveLength(2);
    for (const env of ['native', 'native@control']) {
      expect(rows.filter((row) => row.env === env)).toHaveLength(plan.workloads.length * plan.rounds);
    }
  });
});
