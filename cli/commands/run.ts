/** `boxmark run`: plans, prepares the environments, measures, prints the comparison. */

import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { EXIT, messageOf, usageError } from '../../bench/errors.ts';
import { describePlan, estimateSeconds } from '../../bench/kinds/index.ts';
import { checkPlanInput, makePlan, planSettings } from '../../bench/plan/plan.ts';
import { defaultFor, type FlagValues, type PlanInput, planInputOf } from '../../bench/plan/read-flags.ts';
import { readNamed } from '../../bench/session/files.ts';
import type { Plan } from '../../bench/types.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { measure } from '../measure.ts';
import { KERNEL_IDS, SYSTEM_IDS } from '../names.ts';
import { assertOut } from '../out-folder.ts';
import type { Bench } from '../prepare.ts';
import { conclude } from '../result.ts';
import { stdout } from '../streams.ts';
import { withBench } from '../with-bench.ts';

type RunFlags = FlagValues<'run'>;

export async function run(flags: RunFlags): Promise<number> {
  const input = readInput(flags);
  const settings = planSettings(input, {
    workloads: KERNEL_IDS,
    system: SYSTEM_IDS,
    seed: randomInt(2 ** 31),
    limitsFor: (cpus, memoryBytes) => defaultLimits(cpus, memoryBytes),
  });
  const out = resolve(input.out ?? defaultFor('run', 'out'));
  if (!flags.dryRun) assertOut(out);
  const options = { quiet: flags.quiet === true, dryRun: flags.dryRun === true, imageFile: flags.image };
  return withBench({ ...settings, origin: null }, options, async ({ bench, signal, progress }) => {
    const plan = makePlan(settings, bench.planned, bench.baseline);
    if (flags.dryRun) return printPlan(plan, bench, flags.json === true);
    for (const line of describePlan(plan, bench.costOf)) progress.say(line);
    const outcome = await measure(bench, plan, { out, signal, progress });
    progress.done();
    return conclude(outcome, bench, {
      json: flags.json === true,
      verbose: flags.verbose === true,
      dir: resolve(out, outcome.info.session),
      requested: settings.requested,
      keepGoing: flags.keepGoing === true,
      strict: flags.strict === true,
    });
  });
}

function printPlan(plan: Plan, bench: Bench, json: boolean): number {
  if (json) {
    const seconds = (blocks: number) => Math.round(estimateSeconds(plan, bench.costOf, blocks));
    const estimate = { estimateSeconds: seconds(plan.minBlocks), estimateSecondsAtMost: seconds(plan.maxBlocks) };
    stdout.write(`${JSON.stringify({ plan, ...estimate, unavailable: bench.refused }, null, 2)}\n`);
    return EXIT.ok;
  }
  const lines = describePlan(plan, bench.costOf);
  for (const { path, reason, remedy } of bench.refused) lines.push(`cannot run    ${path}: ${reason} (try: ${remedy})`);
  stdout.write(`${lines.join('\n')}\n`);
  return EXIT.ok;
}

/** Settings of the plan file, if there is one, with the flags laid over them. */
function readInput(flags: RunFlags): PlanInput {
  const file = flags.plan === undefined ? {} : readPlanFile(flags.plan);
  const given = planInputOf(flags);
  // Flags win: one that fixes the number of blocks also wins over what lets it vary, and the other way round.
  const varying = ['minBlocks', 'maxBlocks', 'target'] as const;
  const varies = varying.some((name) => given[name] !== undefined);
  const overruled: readonly string[] = given.blocks !== undefined ? varying : varies ? ['blocks'] : [];
  const kept = Object.entries(file).filter(([name]) => !overruled.includes(name));
  return { ...Object.fromEntries(kept), ...given };
}

/** More than any plan needs. */
const PLAN_LIMIT_BYTES = 1 << 20;

function readPlanFile(file: string): PlanInput {
  let content: unknown;
  try {
    content = parseYaml(readNamed(file, PLAN_LIMIT_BYTES));
  } catch (error) {
    throw usageError(`The plan can't be read: ${messageOf(error)}`, file, 'a YAML file with the names of the flags');
  }
  return checkPlanInput(content, file);
}
