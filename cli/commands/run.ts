/** `boxmark run`: plans, prepares the environments, measures, prints the comparison. */

import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { parse as parseYaml } from 'yaml';
import { BoxmarkError, EXIT, messageOf, usageError } from '../../bench/errors.ts';
import type { SessionOutcome } from '../../bench/execute.ts';
import {
  checkPlanInput,
  describePlan,
  estimateSeconds,
  makePlan,
  type PlanInput,
  type PlanSettings,
  planSettings,
} from '../../bench/plan.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { measure } from '../measure.ts';
import { WORKLOAD_IDS } from '../names.ts';
import { type Bench, openBench } from '../prepare.ts';
import { createProgress } from '../progress.ts';
import { exitCodeOf, printOutcome } from '../result.ts';
import { interruptSignal } from '../workbench.ts';

export interface RunFlags extends Record<string, unknown> {
  readonly plan?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly keepGoing?: boolean;
  readonly image?: string;
}

const EXAMPLES = `
Examples:
  boxmark run                                      native, container, nested and vm, in about three minutes
  boxmark run -e native,docker,docker/docker -w fft,lu --blocks 12
  boxmark run -e docker,uml --contrast uml..docker --json > comparison.json
  boxmark run --plan plan.yaml --dry-run`;

export function runCommand(): Command {
  return new Command('run')
    .description('measure, and write a session')
    .option('-e, --env <list>', 'environments or aliases, joined by commas (default: native,container,nested,vm)')
    .option('-w, --workload <list>', `workloads, joined by commas (default: ${WORKLOAD_IDS.join(',')})`)
    .option('--size <size>', "tiny, small (SciMark's default) or large")
    .option('--profile <name>', 'quick (6 blocks × 10 rounds), standard (10 × 40) or publish (12 × 60)')
    .option('--baseline <env>', 'what the others are compared with (default: native)')
    .option('--blocks <n>', 'fresh starts of every environment; the unit of the intervals')
    .option('--rounds <n>', 'interleaved visits in each block, rounded up to a balanced number')
    .option('--burst <time>', 'length of a timed burst on the baseline (default: 10ms)')
    .option('--schedule <kind>', 'interleaved (default) or sequential')
    .option('--contrast <A..B>', 'a further pair to compare; may be repeated', collect)
    .option('--kernels <kind>', 'reference')
    .option('--max-time <time>', 'no block is begun that would end later, such as 10m')
    .option('--seed <n>', 'seed of all orders (default: drawn, and recorded)')
    .option('--cpu <list>', 'CPUs of the workload (default: the last allowed one)')
    .option('--memory <size>', 'memory limit of each box (default: 1g)')
    .option('--timeout <time>', 'limit for each start and each request, stretched for slow layers (default: 60s)')
    .option('-o, --out <dir>', 'parent folder of the session (default: results)')
    .option('--plan <file>', 'the same settings from a YAML file; flags win')
    .option('--image <file>', "run the bytes of an exported image instead of this host's")
    .option('--no-setup', 'taken for the sake of npm start; run itself installs nothing')
    .option('--keep-going', 'exit 0 although an environment asked for by name gave no data')
    .option('--dry-run', 'print the plan with its time estimate, and stop')
    .option('--json', 'print the result as one JSON document')
    .option('-q, --quiet', 'no progress')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: RunFlags) => {
      process.exitCode = await run(flags);
    });
}

async function run(flags: RunFlags): Promise<number> {
  const input = readInput(flags);
  const settings = planSettings(input, {
    workloads: WORKLOAD_IDS,
    seed: randomInt(2 ** 31),
    limitsFor: (cpus, memoryBytes) => defaultLimits(cpus, memoryBytes),
  });
  const out = resolve(input.out ?? 'results');
  if (!flags.dryRun) assertOut(out);
  const interrupt = interruptSignal();
  const progress = createProgress(process.stderr, { quiet: flags.quiet === true });
  let bench: Bench | undefined;
  try {
    bench = await openBench(settings, {
      signal: interrupt.signal,
      progress,
      dryRun: flags.dryRun === true,
      imageFile: flags.image,
    });
    const plan = makePlan(settings, bench.planned, bench.baseline);
    const seconds = estimateSeconds(plan, bench.costOf);
    if (flags.dryRun) return printPlan(plan, seconds, bench, flags.json === true);
    for (const line of describePlan(plan, seconds)) progress.say(line);
    const outcome = await measure(bench, plan, { out, signal: interrupt.signal, progress });
    progress.done();
    printOutcome(outcome, bench, { json: flags.json === true, dir: resolve(out, outcome.info.session) });
    return finish(outcome, bench, settings, flags);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    process.stderr.write('boxmark: interrupted before anything was measured; nothing is left behind\n');
    return EXIT.interrupted;
  } finally {
    progress.done();
    await bench?.dispose();
    interrupt.release();
  }
}

function finish(outcome: SessionOutcome, bench: Bench, settings: PlanSettings, flags: RunFlags): number {
  if (outcome.failure !== null) throw outcome.failure;
  return exitCodeOf(outcome, bench, { requested: settings.requested, keepGoing: flags.keepGoing === true });
}

function printPlan(plan: ReturnType<typeof makePlan>, seconds: number, bench: Bench, json: boolean): number {
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ plan, estimateSeconds: Math.round(seconds), unavailable: bench.refused }, null, 2)}\n`,
    );
    return EXIT.ok;
  }
  const lines = describePlan(plan, seconds);
  for (const { path, reason, remedy } of bench.refused) lines.push(`cannot run    ${path}: ${reason} (try: ${remedy})`);
  process.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.ok;
}

/** Settings of the plan file, if there is one, with the flags laid over them. */
function readInput(flags: RunFlags): PlanInput {
  const own = new Set(['plan', 'dryRun', 'json', 'quiet', 'verbose', 'keepGoing', 'image', 'setup']);
  const fromFlags: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(flags)) {
    if (!own.has(key)) fromFlags[key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)] = value;
  }
  const file = flags.plan === undefined ? {} : readPlanFile(flags.plan);
  return { ...file, ...checkPlanInput(fromFlags, 'the flags') };
}

function readPlanFile(file: string): PlanInput {
  let content: unknown;
  try {
    content = parseYaml(readFileSync(file, 'utf8'));
  } catch (error) {
    throw usageError(`The plan can't be read: ${messageOf(error)}`, file, 'a YAML file with the names of the flags');
  }
  return checkPlanInput(content, file);
}

/** Found out before anything is prepared: a folder that can't be made is a mistake in `--out`. */
function assertOut(out: string): void {
  try {
    mkdirSync(out, { recursive: true });
  } catch (error) {
    throw new BoxmarkError(
      {
        what: `--out: the folder can't be made (${messageOf(error)}).`,
        value: out,
        remedy: 'a folder that you may write to',
      },
      EXIT.usage,
    );
  }
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
