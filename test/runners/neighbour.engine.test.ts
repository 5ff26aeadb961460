/** A victim and a neighbour in real boxes on one CPU, whose scheduler gives half of it to each. */

import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { summarizeNeighbour } from '../../bench/analysis/capacity/neighbour.ts';
import { type LoadedSession, loadSession } from '../../bench/session/load.ts';
import { median } from '../../bench/units.ts';
import { allowedCpus } from '../../runners/host/cpus.ts';
import { RUNNERS } from '../../runners/index.ts';
import { boxmark, sessions } from '../cli/program.ts';

const NAMES = ['native', 'unshare', 'docker'];
const PATHS = RUNNERS.map(({ name }) => name).filter((name) => NAMES.includes(name));
/** A victim that had less of the CPU in a visit without its neighbour shared it with somebody else's work. */
const UNDISTURBED = 0.75;
const LEAST_PAIRS = 4;

let dir = '';
beforeAll(() => {
  dir = mkdtempSync('/var/tmp/boxmark-test-neighbour-');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Slowdowns in the pairs whose visit without the neighbour had the CPU to itself. */
function slowdownsOf({ neighbour, samples }: LoadedSession, path: string): number[] {
  const own = neighbour.filter(
    ({ env, aggressor, status }) => env === path && aggressor === 'cpu' && status === 'completed',
  );
  return own.flatMap((beside) => {
    const alone = own.find(({ block, round, beside: is }) => !is && block === beside.block && round === beside.round);
    if (!beside.beside || alone === undefined) return [];
    const bursts = samples.filter(({ startId, round }) => startId === alone.startId && round === alone.turn);
    const sum = (figure: (burst: (typeof bursts)[number]) => number) =>
      bursts.reduce((all, one) => all + figure(one), 0);
    if (sum(({ cpuNs }) => cpuNs ?? 0) < UNDISTURBED * sum(({ wallNs }) => wallNs)) return [];
    return [(beside.meanPassNs ?? Number.NaN) / (alone.meanPassNs ?? Number.NaN)];
  });
}

it('takes half of a CPU that both may use, so that the victim takes twice as long', {
  timeout: 300_000,
}, async (ctx) => {
  const cpu = String(allowedCpus().at(-1) ?? 0);
  const run = ['run', '--measure', 'neighbour', '-e', PATHS.join(','), '--keep-going', '--no-guard', '--quiet'];
  const little = ['--cpu', cpu, '--aggressors', 'cpu,files', '--size', 'tiny', '--blocks', '2', '--rounds', '5'];
  const ended = await boxmark(...run, ...little, '--out', dir);
  expect(ended.code, ended.stderr).toBe(0);
  const [folder = ''] = sessions(dir).filter((path) => /Z-\w+$/.test(path));
  const session = await loadSession(folder);
  const { info, neighbour, starts } = session;
  expect(starts.flatMap((start) => (start.status === 'completed' ? [] : [`${start.env}: ${start.reason}`]))).toEqual(
    [],
  );
  const cells = summarizeNeighbour(neighbour, info.plan);
  for (const { path } of info.environments) {
    for (const aggressor of ['cpu', 'files']) {
      // As many copies as CPUs: one.
      const cell = cells.find((one) => one.env === path && one.aggressor === aggressor);
      expect(cell, path).toMatchObject({ refused: null, lost: 0, copies: 1 });
    }
  }
  const beside = neighbour.filter((row) => row.beside && row.status === 'completed');
  expect(beside.length).toBeGreaterThan(0);
  for (const { aggressorPasses, leadNs, tailNs } of beside) {
    expect(aggressorPasses).toBeGreaterThan(0);
    expect(Math.min(leadNs ?? -1, tailNs ?? -1)).toBeGreaterThanOrEqual(0);
  }
  const boxes = [...info.environments.map(({ path }) => path), 'native@control'];
  const found = boxes.map((path) => ({ path, slowdowns: slowdownsOf(session, path) }));
  const known = found.filter(({ slowdowns }) => slowdowns.length >= LEAST_PAIRS);
  if (known.length === 0) ctx.skip('others use the CPU, so that no visit has it to itself');
  for (const { path, slowdowns } of known) {
    // Equal weights on one CPU. The bounds are about that truth: a scheduler gives turns, and visits are short.
    expect(median(slowdowns), path).toBeGreaterThan(1.6);
    expect(median(slowdowns), path).toBeLessThan(2.5);
  }
});
