/** Load on real boxes: a box keeps up with fewer requests than it can answer, and with no more. */

import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadSession } from '../../bench/session/load.ts';
import { RUNNERS } from '../../runners/index.ts';
import { boxmark, sessions } from '../cli/program.ts';

/** Pipes, relays and consoles. */
const NAMES = ['native', 'unshare', 'runc', 'docker', 'podman', 'gvisor', 'uml'];
const PATHS = RUNNERS.map(({ name }) => name).filter((name) => NAMES.includes(name));

let dir = '';
beforeAll(() => {
  dir = mkdtempSync('/var/tmp/boxmark-test-load-');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('answers all that arrives below its capacity, and stops at a level far beyond it', {
  timeout: 600_000,
}, async (ctx) => {
  if (process.getuid?.() !== 0) ctx.skip('namespaces need root here');
  // A request takes some 5 ms: no machine answers 4000 of them a second.
  const args = ['--measure', 'load', '-e', PATHS.join(','), '--rates', '5,4000', '--level', '2s'];
  const ended = await boxmark('run', ...args, '--blocks', '1', '--keep-going', '--no-guard', '-q', '-o', dir);
  expect(ended.code, ended.stderr).toBe(0);
  const [session = ''] = sessions(dir);
  const { info, load, events } = await loadSession(session);
  expect(info.rates).toEqual({ lu: [5, 4000] });
  const measured = info.environments.map(({ path }) => path);
  expect(measured).toContain('unshare');
  for (const env of [...measured, 'native@control']) {
    const at = (rate: number) => load.filter((row) => row.env === env && row.rate === rate);
    expect(at(5).length, env).toBeGreaterThan(0);
    expect(
      at(5).every(({ status }) => status === 'answered'),
      env,
    ).toBe(true);
    // Of a full box, the oldest are answered, in their order, and the others are kept as what they are.
    const statuses = at(4000).map(({ status }) => status);
    const answered = statuses.lastIndexOf('answered') + 1;
    expect(answered, env).toBeGreaterThan(0);
    expect(statuses.slice(answered).length, env).toBeGreaterThan(900);
    expect(new Set(statuses.slice(0, answered)), env).toEqual(new Set(['answered']));
    expect(new Set(statuses.slice(answered)), env).toEqual(new Set(['dropped']));
    expect(
      events.some((event) => event.kind === 'load-stopped' && event.env === env),
      env,
    ).toBe(true);
    for (const { intendedNs, sentNs, doneNs, serviceNs } of load.filter((row) => row.env === env)) {
      expect(sentNs).toBeGreaterThanOrEqual(intendedNs);
      // A burst lies between its request and its answer; the two clocks may differ a little.
      if (doneNs !== null) expect(doneNs - sentNs).toBeGreaterThan(0.99 * (serviceNs ?? 0));
    }
  }
});
