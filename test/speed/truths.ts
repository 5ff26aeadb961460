/** Twenty self-tests in a row: how often intervals hold a known truth on this host, and how often copies seem to differ. */

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sessionTable } from '../../bench/analysis/contrast/session-table.ts';
import type { SelftestResult } from '../../bench/analysis/selftest.ts';
import { loadSession, wholeSamples } from '../../bench/session/load.ts';
import { allowedCpus } from '../../runners/host/cpus.ts';
import { boxmark } from './session.ts';

const SESSIONS = 20;
const SHAPE = ['--slow', '2%,5%', '--blocks', '6', '--rounds', '20', '-w', 'sor,lu'];

interface Found {
  contained: number;
  excludesOne: number;
  sessions: number;
}

export async function benchTruths(print: (line: string) => void): Promise<void> {
  const found = new Map<string, Found>();
  const quotas: string[] = [];
  let [falseDifferences, calledEquivalent] = [0, 0];
  for (const { result, controlDiffers } of await selftests()) {
    for (const row of [...result.rows, ...result.suite]) {
      if (row.interval === null) continue;
      const key = `${row.env} ${row.workload}`;
      const before = found.get(key) ?? { contained: 0, excludesOne: 0, sessions: 0 };
      found.set(key, {
        contained: before.contained + (row.contained ? 1 : 0),
        excludesOne: before.excludesOne + (row.interval.low > 1 || row.interval.high < 1 ? 1 : 0),
        sessions: before.sessions + 1,
      });
    }
    for (const { sustained, verdict } of result.quotas) {
      quotas.push(sustained === null ? 'not run' : sustained.ratio.toFixed(2));
      if (verdict === 'equivalent') calledEquivalent++;
    }
    if (controlDiffers) falseDifferences++;
  }
  print(`${SESSIONS} self-tests (${SHAPE.join(' ')}), in how many the interval of 95 % …`);
  print(`  ${'known slowdown'.padEnd(24)} holds the truth   excludes 1`);
  for (const [key, { contained, excludesOne, sessions }] of found) {
    print(
      `  ${key.padEnd(24)} ${`${contained} of ${sessions}`.padStart(15)}   ${`${excludesOne} of ${sessions}`.padStart(10)}`,
    );
  }
  print(`  sessions whose control differs from the baseline on any workload (adjusted by Holm): ${falseDifferences}`);
  print(
    `  sustained ratio at a CPU quota of 50 %, true 2.00: ${quotas.join(' ')}; called equivalent: ${calledEquivalent}`,
  );
}

interface Outcome {
  readonly result: SelftestResult;
  readonly controlDiffers: boolean;
}

/** One session at a time on each of the last two CPUs: they are each other's neighbours, as on a shared host. */
async function selftests(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let begun = 0;
  const lane = async (cpu: number): Promise<void> => {
    while (begun < SESSIONS) {
      begun++;
      outcomes.push(await selftest(cpu));
    }
  };
  await Promise.all(allowedCpus().slice(-2).map(lane));
  return outcomes;
}

async function selftest(cpu: number): Promise<Outcome> {
  const out = mkdtempSync('/var/tmp/boxmark-bench-');
  try {
    const { stdout } = await boxmark(['selftest', ...SHAPE, '--cpu', String(cpu), '--json', '-q', '-o', out]);
    const [name = ''] = readdirSync(out).filter((entry) => existsSync(join(out, entry, 'session.json')));
    const session = await loadSession(join(out, name));
    const { info, starts, events } = session;
    const { trust } = sessionTable({ plan: info.plan, samples: wholeSamples(session), starts, events });
    return { result: JSON.parse(stdout) as SelftestResult, controlDiffers: trust.differences.length > 0 };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
