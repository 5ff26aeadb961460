/** What pages and help say a command takes is what the program estimates. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { estimateSeconds } from '../../bench/kinds/index.ts';
import { makePlan, planSettings } from '../../bench/plan/plan.ts';
import { defaultFor } from '../../bench/plan/read-flags.ts';
import { formatPercent } from '../../bench/units.ts';
import { KERNEL_IDS } from '../../cli/names.ts';
import { timeGuess } from '../../cli/rig.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** The plan of `boxmark selftest` without flags. */
function selftestSeconds(): number {
  const env = ['native', ...defaultFor('selftest', 'slow').map((share) => `slow:${formatPercent(share)}`), 'quota:50%'];
  const settings = planSettings(
    { env, blocks: defaultFor('selftest', 'blocks') },
    {
      workloads: KERNEL_IDS,
      seed: 1,
      limitsFor: () => ({ cpus: [1], memoryBytes: 2 ** 30, pids: 64, housekeeping: [0] }),
    },
  );
  const plan = makePlan(
    settings,
    env.map((path) => ({ path })),
    'native',
  );
  return estimateSeconds(plan, timeGuess);
}

describe('the duration of a self-test', () => {
  const minutes = Math.round(selftestSeconds() / 60);

  it.each(['docs/selftest.md', 'cli/command-table.ts'])('in %s is what the program estimates', (file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const [, said] = /boxmark selftest +(?:# )?ten blocks, about (\d+) minutes/.exec(text) ?? [];
    expect(Number(said)).toBe(minutes);
  });
});
