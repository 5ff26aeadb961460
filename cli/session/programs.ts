/** Users' programs on their way into a plan: from the command line, into the image, through a trial. */

import { usageError } from '../../bench/errors.ts';
import { isOfPrograms, startText } from '../../bench/plan/commands.ts';
import type { CommandSpec } from '../../bench/plan/exec.ts';
import { expected, type Fixed, paced, type Trial } from '../../bench/plan/pace.ts';
import { makePlan, type PlanDraft } from '../../bench/plan/plan.ts';
import type { FlagValues, PlanInput } from '../../bench/plan/read-flags.ts';
import { tryCommands } from '../../bench/run/trial.ts';
import { NO_GAUGES } from '../../bench/run/watch/host-gauges.ts';
import type { CommandWorkload, PlannedRoot } from '../../bench/types.ts';
import { formatNs } from '../../bench/units.ts';
import type { ProgramNeeds, ResolvedCommand } from '../../runners/image/program-needs.ts';
import { openRoot } from '../../runners/image/root/open.ts';
import type { Rig } from '../rig.ts';

/** Runs of a program in a request that a program's own timeout must not be cut short by. */
const TRIAL_RUNS = 4;
const VISIT_RUNS = 2;

type RunFlags = FlagValues<'run'>;

/** The words after `--`; a word without it is more likely a mistake than a program. */
export function programOf(operands: readonly string[]): CommandSpec | undefined {
  const [first = ''] = operands;
  if (first === '') return undefined;
  const dashes = process.argv.indexOf('--');
  if (dashes >= 0 && process.argv.length - dashes - 1 === operands.length) return { command: operands };
  throw usageError('run takes a program after --, and environments after -e.', first, `-e ${first}, or -- ${first}`);
}

/** The program after `--`, and what flags say of all programs of the command line. */
export function withProgram(input: PlanInput, flags: RunFlags, program: CommandSpec | undefined): PlanInput {
  const { metric: metrics, expect, prepare } = flags;
  const given = { metrics, expect, prepare };
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const words = input.workload ?? [];
  const specs = [...words.filter((word) => typeof word !== 'string'), ...(program === undefined ? [] : [program])];
  const [name] = Object.keys(said);
  if (specs.length === 0) {
    if (name === undefined) return input;
    const flag = name === 'metrics' ? '--metric' : `--${name}`;
    throw usageError(
      `${flag} says something of a program, and none is given here.`,
      String(said[name]),
      '-- PROGRAM ARG…',
    );
  }
  return {
    ...input,
    workload: words.length === 0 ? undefined : words.filter((word) => typeof word === 'string'),
    commands: [...specs.map((spec) => ({ ...spec, ...said })), ...(input.commands ?? [])],
  };
}

/** What the image needs for the programs of a plan; undefined without any. */
export function programNeeds({
  commands = [],
  with: files = [],
  root,
}: Pick<PlanDraft, 'commands' | 'with' | 'root'>): ProgramNeeds | undefined {
  if (commands.length === 0) return undefined;
  return { commands, with: files, cwd: process.cwd(), ...(root === undefined ? {} : { root }) };
}

/** The image that `--root` names, unpacked into the image store; `say` takes what of it is not as it was. */
export async function rootOf(spec: string | undefined, say: (text: string) => void): Promise<PlannedRoot | undefined> {
  if (spec === undefined) return undefined;
  const { source, digest, id, entrypoint, notices } = await openRoot(spec, process.cwd());
  for (const text of notices) say(`${source}: ${text}`);
  return { source, digest, ...(id === undefined ? {} : { id }), entrypoint };
}

/** What `ENTRYPOINT` and `CMD` of the image name is the program where the user names none. */
export function entrypointOf(
  { commands, workload }: PlanInput,
  root: PlannedRoot | undefined,
): CommandSpec | undefined {
  if (root === undefined || commands !== undefined || workload !== undefined) return undefined;
  if (root.entrypoint.length > 0) return { command: root.entrypoint };
  throw usageError('The image names no program that it runs.', root.source, '-- PROGRAM ARG…');
}

/** The programs as they run in a box. */
export function withPaths<P extends Pick<PlanDraft, 'commands'>>(plan: P, found: readonly ResolvedCommand[]): P {
  const { commands } = plan;
  if (commands === undefined) return plan;
  return {
    ...plan,
    commands: commands.map((command) => ({ ...command, argv: found.find(({ id }) => id === command.id)?.argv ?? [] })),
  };
}

/** Tries the programs on the baseline, and lets what that shows decide the rest of the plan. */
export async function trialOf(rig: Rig, draft: PlanDraft, fixed: Fixed): Promise<PlanDraft> {
  const { commands = [] } = draft;
  if (commands.length === 0) return draft;
  const { environments, progress, signal, image, baseline } = rig;
  const environment = environments.find(({ path }) => path === baseline);
  if (environment === undefined) throw new Error('the baseline was not prepared');
  progress.phase(`trying ${commands.map(({ id }) => id).join(', ')} on ${baseline}`, true);
  const ids = commands.map(({ id }) => id);
  const own = { workloads: ids, suite: [], timeoutMs: Math.max(draft.timeoutMs, TRIAL_RUNS * slowestMs(commands)) };
  const plan = makePlan({ ...draft, ...own }, rig.planned, baseline);
  const bytes = { node: image.nodeDigest, payload: image.payloadDigest };
  const tried = await tryCommands(environment, plan, { gauges: NO_GAUGES, signal, image: bytes });
  for (const one of tried) progress.say(trialLine(one, draft, baseline));
  const decided = commands.map((command) => {
    const found = tried.find(({ id }) => id === command.id);
    return found === undefined ? command : expected(command, found);
  });
  const timeoutMs = fixed.timeout ? draft.timeoutMs : Math.max(draft.timeoutMs, VISIT_RUNS * slowestMs(commands));
  return {
    ...draft,
    timeoutMs,
    commands: decided,
    ...(isOfPrograms(draft) ? paced({ ...draft, timeoutMs }, tried, fixed) : {}),
  };
}

/** What they may take together, where the user has said it. */
function slowestMs(commands: readonly CommandWorkload[]): number {
  return commands.reduce((sum, { timeoutMs = 0 }) => sum + timeoutMs, 0);
}

function trialLine(trial: Trial, { commands = [] }: PlanDraft, baseline: string): string {
  const { id, runNs, output } = trial;
  const start = startText(trial);
  const time = `${id} takes ${formatNs(runNs)} a run on ${baseline}${start === undefined ? '' : ` (${start})`}`;
  const { expect } = commands.find((command) => command.id === id) ?? {};
  if (expect !== undefined) return time;
  const why = {
    same: 'prints the same each time, which every box must',
    varied: 'its output varies: not compared',
    long: 'its output is long: not compared',
  };
  return `${time}; ${why[output]}`;
}
