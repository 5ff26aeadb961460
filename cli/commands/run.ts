/** `boxmark run`: plans, prepares the environments, measures, prints the comparison. */

import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { parse as parseYaml } from 'yaml';
import { EXIT, messageOf, usageError } from '../../bench/errors.ts';
import { describePlan, estimateSeconds } from '../../bench/kinds/index.ts';
import { checkPlanInput, makePlan, type PlanInput, planSettings } from '../../bench/plan/plan.ts';
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

export interface RunFlags extends Record<string, unknown> {
  readonly plan?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly keepGoing?: boolean;
  readonly strict?: boolean;
  readonly image?: string;
  readonly verbose?: boolean;
}

const EXAMPLES = `
Examples:
  boxmark run                                      native, container, nested and vm, in about three minutes
  boxmark run -e native,docker,docker/docker -w fft,lu --blocks 12
  boxmark run --profile standard --target 0.5% --max-time 20m
  boxmark run -e docker,uml --contrast uml..docker --json > comparison.json
  boxmark run -w system                            what the kernel under each box does, instead of the processor
  boxmark run --measure startup -e native,docker,uml
  boxmark run --plan plan.yaml --dry-run`;

export function runCommand(): Command {
  return new Command('run')
    .description('measure, and write a session')
    .option('-e, --env <list>', 'environments or aliases, joined by commas (default: native,container,nested,vm)')
    .option(
      '-w, --workload <list>',
      `workloads, joined by commas (default: ${KERNEL_IDS.join(',')}; also ${SYSTEM_IDS.join(',')}; groups: scimark, system, all)`,
    )
    .option('--size <size>', "tiny, small (SciMark's default) or large")
    .option('--profile <name>', 'quick (6 blocks × 30 rounds), standard (10 to 30 × 40) or publish (12 to 40 × 60)')
    .option('--baseline <env>', 'what the others are compared with (default: native)')
    .option('--blocks <n>', 'exactly so many blocks: fresh starts of every environment, the unit of the intervals')
    .option('--target <percent>', 'end once every interval is ±this narrow (standard: 0.99%, publish: 0.5%)')
    .option('--min-blocks <n>', 'with a target: no end before so many blocks (default: 10)')
    .option('--max-blocks <n>', 'with a target: no more than so many blocks (default: 30; publish: 40)')
    .option('--margin <percent>', 'differences up to this count as none (default: 2%)')
    .option('--allow-unequal', 'give verdicts although boxes were given unequal CPUs, CPU flags or bytes')
    .option('--rounds <n>', 'interleaved visits in each block, rounded up to a balanced number')
    .option('--burst <time>', 'length of a timed burst on the baseline (default: 10ms)')
    .option('--schedule <kind>', 'interleaved (default) or sequential')
    .option('--contrast <A..B>', 'a further pair to compare; may be repeated', collect)
    .option(
      '--kernels <engine>',
      "reference (SciMark's own loops, default), tuned (restructured) or wasm: the same bits",
    )
    .option('--measure <what>', 'workloads (default), startup: many short starts, or footprint: memory and disk')
    .option('--no-cold', 'startup: leave the page cache alone, and out the cold starts')
    .option('--instances <list>', 'footprint: idle boxes held at a time (default: 1,2,4,8)')
    .option('--max-time <time>', 'no block is begun that would end later, such as 10m')
    .option('--seed <n>', 'seed of all orders (default: drawn, and recorded)')
    .option('--cpu <list>', 'CPUs of the workload (default: the last allowed one)')
    .option('--memory <size>', 'memory limit of each box (default: 1g)')
    .option('--timeout <time>', 'limit for each start and each request, stretched for slow layers (default: 60s)')
    .option('-o, --out <dir>', 'parent folder of the session (default: results)')
    .option('--plan <file>', 'the same settings from a YAML file; flags win')
    .option('--image <file>', "run the bytes of an exported image instead of this host's")
    .option('--no-setup', 'taken for the sake of npm start; run itself installs nothing')
    .option('--strict', 'exit 4 when a verdict is inconclusive or untrusted')
    .option('--keep-going', 'exit 0 although an environment asked for by name gave no data')
    .option('--dry-run', 'print the plan with its time estimate, and stop')
    .option('--json', 'print the result as one JSON document')
    .option('-q, --quiet', 'no progress')
    .option('-v, --verbose', 'how every box is shut in; details with errors')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: RunFlags) => {
      process.exitCode = await run(flags);
    });
}

async function run(flags: RunFlags): Promise<number> {
  const input = readInput(flags);
  const settings = planSettings(input, {
    workloads: KERNEL_IDS,
    system: SYSTEM_IDS,
    seed: randomInt(2 ** 31),
    limitsFor: (cpus, memoryBytes) => defaultLimits(cpus, memoryBytes),
  });
  const out = resolve(input.out ?? 'results');
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
  const own = new Set(['plan', 'dryRun', 'json', 'quiet', 'verbose', 'keepGoing', 'strict', 'image', 'setup']);
  const fromFlags: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(flags)) {
    // Commander sets what a --no-… flag turns off; left alone, it must not win over a plan file.
    if (key === 'cold' && value === true) continue;
    if (!own.has(key)) fromFlags[key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)] = value;
  }
  const file = flags.plan === undefined ? {} : readPlanFile(flags.plan);
  const given = checkPlanInput(fromFlags, 'the flags');
  // Flags win: one that fixes the number of blocks also wins over what lets it vary, and the other way round.
  const varying = ['min-blocks', 'max-blocks', 'target'] as const;
  const overruled =
    given.blocks !== undefined ? varying : varying.some((name) => given[name]) ? (['blocks'] as const) : [];
  const kept = Object.entries(file).filter(([name]) => !(overruled as readonly string[]).includes(name));
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

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
