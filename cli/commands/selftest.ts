/** `boxmark selftest`: measures environments whose truth is known, and says how well the ruler finds it. */

import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { analyseSelftest, type KnownQuota, type KnownSlowdown } from '../../bench/analysis/selftest.ts';
import { EXIT } from '../../bench/errors.ts';
import { describePlan } from '../../bench/kinds/index.ts';
import { checkPlanInput, makePlan, planSettings } from '../../bench/plan/plan.ts';
import type { SessionOutcome } from '../../bench/run/session.ts';
import { parsePercent } from '../../bench/units.ts';
import { renderSelftest } from '../../reports/selftest.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { measure } from '../measure.ts';
import { KERNEL_IDS } from '../names.ts';
import { assertOut } from '../out-folder.ts';
import { resumeCall } from '../stored-origin.ts';
import { stderr, stdout } from '../streams.ts';
import { withBench } from '../with-bench.ts';

interface SelftestFlags extends Record<string, unknown> {
  readonly quick?: boolean;
  readonly blocks?: string;
  readonly slow?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

const SLOWDOWNS = '1%,2%,5%,10%';
const QUOTAS: readonly KnownQuota[] = [{ env: 'quota:50%', quota: 0.5 }];
const BLOCKS = '10';
const QUICK_BLOCKS = '6';
const JSON_SCHEMA = 1;

const EXAMPLES = `
Examples:
  boxmark selftest                 ten blocks, about four minutes
  boxmark selftest --quick --json
  boxmark run -e native,docker,docker/slow:2%    the same known truth in any other environment`;

export function selftestCommand(): Command {
  return new Command('selftest')
    .description('measure the ruler: known differences found, and the smallest one this host can show')
    .option('--blocks <n>', `blocks to measure (default: ${BLOCKS})`)
    .option('--quick', `${QUICK_BLOCKS} blocks`)
    .option('--slow <list>', `known slowdowns, joined by commas (default: ${SLOWDOWNS})`)
    .option('-w, --workload <list>', `workloads, joined by commas (default: ${KERNEL_IDS.join(',')})`)
    .option('--size <size>', 'tiny, small (default) or large')
    .option('--rounds <n>', 'interleaved visits in each block, rounded up to a balanced number')
    .option('--burst <time>', 'length of a timed burst on the baseline (default: 10ms)')
    .option('--seed <n>', 'seed of all orders (default: drawn, and recorded)')
    .option('--cpu <list>', 'CPUs of the workload (default: the last allowed one)')
    .option('-o, --out <dir>', 'parent folder of the session (default: results)')
    .option('--strict', 'exit 4 when too few intervals contain the truth')
    .option('--json', 'print the result as one JSON document')
    .option('-q, --quiet', 'no progress')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: SelftestFlags) => {
      process.exitCode = await selftest(flags);
    });
}

async function selftest({ quick, slow, strict, json, quiet, verbose: _, ...flags }: SelftestFlags): Promise<number> {
  const slowdowns = slowdownsOf(slow ?? SLOWDOWNS);
  const env = ['native', ...slowdowns.map((it) => it.env), ...QUOTAS.map((it) => it.env)];
  const blocks = flags.blocks ?? (quick ? QUICK_BLOCKS : BLOCKS);
  const input = checkPlanInput({ ...flags, blocks, env }, 'the flags');
  const settings = planSettings(input, {
    workloads: KERNEL_IDS,
    seed: randomInt(2 ** 31),
    limitsFor: (cpus, memoryBytes) => defaultLimits(cpus, memoryBytes),
  });
  const out = resolve(input.out ?? 'results');
  assertOut(out);
  const frame = { quiet: quiet === true, dryRun: false, imageFile: undefined };
  return withBench({ ...settings, origin: null }, frame, async ({ bench, signal, progress }) => {
    const plan = makePlan(settings, bench.planned, bench.baseline);
    for (const line of describePlan(plan, bench.costOf)) progress.say(line);
    const outcome = await measure(bench, plan, { out, signal, progress });
    progress.done();
    const dir = resolve(out, outcome.info.session);
    return conclude(outcome, { dir, slowdowns, json: json === true, strict: strict === true });
  });
}

/** `2%,5%` → what to measure, and what it is known to be. */
function slowdownsOf(list: string): KnownSlowdown[] {
  return list.split(',').map((text) => {
    const share = parsePercent(text.trim(), '--slow');
    return { env: `slow:${Number((share * 100).toPrecision(6))}%`, share };
  });
}

interface Conclusion {
  readonly dir: string;
  readonly slowdowns: readonly KnownSlowdown[];
  readonly json: boolean;
  readonly strict: boolean;
}

function conclude(outcome: SessionOutcome, { dir, slowdowns, json, strict }: Conclusion): number {
  const { info } = outcome;
  const result = analyseSelftest({
    ...outcome,
    plan: info.plan,
    work: info.work,
    slowdowns,
    quotas: QUOTAS.filter(({ env }) => info.plan.environments.some(({ path }) => path === env)),
    secondsPerBlock: info.measuredMs / 1000 / Math.max(1, info.blocksCompleted),
  });
  const document = { program: info.program, session: info.session, missing: info.unavailable, ...result };
  if (json) stdout.write(`${JSON.stringify({ schema: JSON_SCHEMA, dir, ...document }, null, 2)}\n`);
  else stdout.write(`${renderSelftest(document)}\nFiles: ${dir}\n`);
  if (outcome.failure !== null) throw outcome.failure;
  if (info.stopReason === 'interrupted') {
    stderr.write(`boxmark: interrupted; whole blocks are kept\n  try: ${resumeCall(dir, outcome.info.plan)}\n`);
    return EXIT.interrupted;
  }
  if (result.rows.length === 0) {
    stderr.write('boxmark: nothing was measured\n  try: boxmark doctor\n');
    return EXIT.failed;
  }
  return strict && result.coverage.tooLow ? EXIT.inconclusive : EXIT.ok;
}
