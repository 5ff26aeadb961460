/** `boxmark run`: plans, prepares the environments, measures, prints the comparison. */

import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { BoxmarkError, EXIT } from '../../bench/errors.ts';
import { describePlan, estimateSeconds } from '../../bench/kinds/index.ts';
import { mostCopies } from '../../bench/plan/copies.ts';
import { makePlan, planSettings } from '../../bench/plan/plan.ts';
import { defaultFor, type FlagValues, type PlanInput, planInputOf } from '../../bench/plan/read-flags.ts';
import { assertThresholds } from '../../bench/plan/threshold.ts';
import type { SessionOutcome } from '../../bench/run/session.ts';
import { signingKey } from '../../bench/session/signature/private-key.ts';
import type { Plan } from '../../bench/types.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { conclude, type JsonForm, jsonFormOf } from '../conclude.ts';
import { KERNEL_IDS, NAMED_WORKLOADS } from '../names.ts';
import { type Rig, refusalLines, timeGuess, withRig } from '../rig.ts';
import { measuringFlags } from '../session/measuring-flags.ts';
import { assertOut } from '../session/out-folder.ts';
import { readPlanFile } from '../session/plan-file.ts';
import { entrypointOf, programNeeds, programOf, rootOf, trialOf, withPaths, withProgram } from '../session/programs.ts';
import { concludeRun, type RunEnd } from '../session/run-result.ts';
import { announcePrograms } from '../session/stored-origin.ts';
import { stderr } from '../terminal/streams.ts';

type RunFlags = FlagValues<'run'>;

export function run(flags: RunFlags, ...operands: string[]): Promise<number> {
  return measured(flags, operands, concludeRun);
}

/** What a session leads to: prints it, and gives the exit code. */
export type Ending = (outcome: SessionOutcome, rig: Rig, end: RunEnd) => Promise<number>;

/** Plans, prepares and measures; `ending` has the last word. */
export async function measured(flags: RunFlags, operands: readonly string[], ending: Ending): Promise<number> {
  const named = readInput(flags);
  const typed = programOf(operands);
  const sign = signingKey(flags.sign);
  const root = await rootOf(named.root, (text) => flags.quiet !== true && stderr.write(`boxmark: ${text}\n`));
  const input = withProgram(named, flags, typed ?? entrypointOf(named, root));
  const settings = planSettings(input, {
    workloads: KERNEL_IDS,
    ...NAMED_WORKLOADS,
    programs: true,
    root,
    seed: randomInt(2 ** 31),
    limitsFor: (cpus, memoryBytes, threads) => defaultLimits(cpus, memoryBytes, threads),
  });
  const out = resolve(input.out ?? defaultFor('run', 'out'));
  const compared = settings.requested.filter((name) => name !== settings.baseline);
  assertThresholds(flags.failIf ?? [], { environments: compared, plan: settings });
  if (!flags.dryRun) assertOut(out);
  const options = {
    quiet: flags.quiet === true,
    dryRun: flags.dryRun === true,
    imageFile: flags.image,
    programs: programNeeds(settings),
    ...measuringFlags(flags),
  };
  return withRig({ ...settings, threads: mostCopies(settings), origin: null }, options, async (rig) => {
    const found = withPaths(settings, rig.commands);
    if (flags.dryRun) return concludeDryRun(makePlan(found, rig.planned, rig.baseline), rig, jsonFormOf(flags));
    if (flags.keepGoing !== true) assertComparable(rig, settings.requested);
    for (const text of flags.plan === undefined ? [] : announcePrograms(flags.plan, settings)) rig.progress.say(text);
    const tried = await trialOf(rig, found, {
      rounds: input.rounds !== undefined,
      timeout: input.timeout !== undefined,
    });
    const plan = makePlan(tried, rig.planned, rig.baseline);
    rig.announce(plan);
    const outcome = await rig.measure(plan, { out });
    return ending(outcome, rig, {
      json: jsonFormOf(flags),
      sign,
      verbose: flags.verbose,
      dir: resolve(out, outcome.info.session),
      requested: settings.requested,
      keepGoing: flags.keepGoing === true,
      strict: flags.strict === true,
      failIf: flags.failIf ?? [],
    });
  });
}

/** Throws when all that was to be compared with the baseline can't run: what is left would be measured for nothing. */
function assertComparable({ planned, refused, baseline }: Rig, requested: readonly string[]): void {
  const [first] = refused;
  if (first === undefined || planned.some(({ path }) => path !== baseline)) return;
  const isNamed = refused.some(({ path, alias }) => alias === undefined && requested.includes(path));
  throw new BoxmarkError(
    {
      what: `Nothing is left to compare with ${baseline}: ${first.path}: ${first.reason}.`,
      value: refused.map(({ path, alias }) => alias ?? path).join(', '),
      remedy: `${first.remedy}; or --keep-going, to measure ${baseline} alone`,
    },
    isNamed ? EXIT.failed : EXIT.unfit,
  );
}

function concludeDryRun(plan: Plan, rig: Rig, json: JsonForm): number {
  const seconds = (blocks: number) => Math.round(estimateSeconds(plan, timeGuess, blocks));
  return conclude({
    json,
    document: () => ({
      plan,
      estimateSeconds: seconds(plan.minBlocks),
      estimateSecondsAtMost: seconds(plan.maxBlocks),
      unavailable: rig.refused,
    }),
    text: () => `${[...describePlan(plan, timeGuess), ...refusalLines(rig)].join('\n')}\n`,
  });
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
