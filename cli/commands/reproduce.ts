/** `boxmark reproduce`: somebody's session measured again here, and both held side by side. */

import { resolve } from 'node:path';
import { Command } from 'commander';
import { compareSessions } from '../../bench/analysis/reproduction.ts';
import { BoxmarkError, EXIT } from '../../bench/errors.ts';
import { describePlan, kindOf, recordsOf } from '../../bench/kinds/index.ts';
import { balancedRounds } from '../../bench/plan/plan.ts';
import type { SessionOutcome } from '../../bench/run/session.ts';
import { type LoadedSession, loadSession } from '../../bench/session/load.ts';
import { storedPlan } from '../../bench/session/stored-plan.ts';
import type { Plan, Unavailable } from '../../bench/types.ts';
import { parseCount, parseDurationNs } from '../../bench/units.ts';
import { renderReproduce } from '../../reports/reproduce.ts';
import { loadImage } from '../../runners/image/image.ts';
import { RUNNERS } from '../../runners/index.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { hostDifferences } from '../compare/hosts.ts';
import { limitsHere } from '../compare/limits-here.ts';
import { measure } from '../measure.ts';
import { WORKLOAD_IDS } from '../names.ts';
import { assertOut } from '../out-folder.ts';
import { programVersion } from '../paths.ts';
import { type Bench, suggestion } from '../prepare.ts';
import { type AllowEnvFlag, allowEnvOption, resumeCall } from '../stored-origin.ts';
import { stderr, stdout } from '../streams.ts';
import { withBench } from '../with-bench.ts';

interface ReproduceFlags extends AllowEnvFlag {
  readonly image?: string;
  readonly blocks?: string;
  readonly maxTime?: string;
  readonly cpu?: string;
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const JSON_SCHEMA = 1;

const EXAMPLES = `
Examples:
  boxmark reproduce their/20261123T170000Z-ab12cd --image their/image.tar
  boxmark reproduce results/20261123T170000Z-ab12cd --json > reproduction.json`;

export function reproduceCommand(): Command {
  return new Command('reproduce')
    .description('measure a session again: same plan, seed, work and image; then both side by side')
    .argument('<session>', 'folder of the session')
    .option('--image <file>', 'its image, as boxmark image export wrote it (default: the one in the image store)')
    .option('--blocks <n>', "another number of blocks than the session's plan")
    .option('--max-time <time>', 'no block is begun that would end later, such as 10m')
    .option('--cpu <list>', "CPUs of the workload (default: the session's, where they are)")
    .addOption(allowEnvOption())
    .option('-o, --out <dir>', 'parent folder of the new session (default: results)')
    .option('--json', 'print the result as one JSON document')
    .option('-q, --quiet', 'no progress')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', EXAMPLES)
    .action(async (session: string, flags: ReproduceFlags) => {
      process.exitCode = await reproduce(session, flags);
    });
}

async function reproduce(dir: string, flags: ReproduceFlags): Promise<number> {
  const original = await loadSession(dir);
  const { plan, work } = storedPlan(original.info, dir, WORKLOAD_IDS);
  const changes = changesOf(flags);
  const { limits, note } = limitsHere(plan, flags.cpu);
  const out = resolve(flags.out ?? 'results');
  assertOut(out);
  const unknown = unknownEnvironments(plan);
  const settings = {
    requested: plan.environments.map(({ path }) => path).filter((path) => !unknown.some((one) => one.path === path)),
    baseline: plan.baseline,
    rest: { limits },
    origin: { dir, allowed: flags.allowEnv ?? [] },
  };
  const image = await imageOf(original, flags.image);
  return withBench(settings, { quiet: flags.quiet === true, dryRun: false, ...image }, async (frame) => {
    const { bench, progress } = frame;
    const otherBytes = otherBytesText(original, bench);
    for (const text of [otherBytes, note]) if (text !== null) progress.say(text);
    const here = planHere({ ...plan, ...changes, limits }, bench);
    for (const line of describePlan(here, bench.costOf)) progress.say(line);
    const refused = [...bench.refused, ...unknown];
    const outcome = await measure({ ...bench, refused }, here, { ...frame, out, work });
    progress.done();
    const remarks = [...(note === null ? [] : [note]), ...planRemarks(original, here, flags)];
    return conclude(original, outcome, { otherBytes, remarks, dir: resolve(out, outcome.info.session), ...flags });
  });
}

/** A later version may have layers that this one has not. Without the baseline nothing can be measured: that is told later. */
function unknownEnvironments({ environments, baseline }: Plan): Unavailable[] {
  return environments.flatMap(({ path }) => {
    if (path === baseline) return [];
    try {
      parsePath(path, RUNNERS, suggestion);
      return [];
    } catch (error) {
      if (!(error instanceof BoxmarkError)) throw error;
      return [{ path, reason: error.what, remedy: error.remedy ?? 'boxmark list environments' }];
    }
  });
}

function changesOf(flags: ReproduceFlags): Partial<Plan> {
  const blocks = flags.blocks === undefined ? undefined : parseCount(flags.blocks, '--blocks');
  return {
    ...(blocks === undefined ? {} : { minBlocks: blocks, maxBlocks: blocks, target: null }),
    ...(flags.maxTime === undefined ? {} : { maxTimeMs: parseDurationNs(flags.maxTime, '--max-time') / 1e6 }),
  };
}

/** The file, else the session's own image when the store has it, else this host's. */
async function imageOf({ info }: LoadedSession, imageFile: string | undefined) {
  const { digest } = info.image;
  if (imageFile !== undefined || !/^[0-9a-f]{64}$/.test(digest)) return { imageFile };
  const isThere = await loadImage(digest).then(
    () => true,
    () => false,
  );
  return { imageFile, ...(isThere ? { imageDigest: digest } : {}) };
}

function otherBytesText({ info }: LoadedSession, { image }: Bench): string | null {
  if (info.image.digest === image.digest) return null;
  const parts = [
    ...(info.image.node === image.nodeDigest ? [] : ['Node.js']),
    ...(info.image.payload === image.payloadDigest ? [] : ['the payload']),
  ];
  const which = parts.length === 0 ? 'libraries' : parts.join(' and ');
  return (
    `OTHER BYTES than in the original ran here: ${which} differ (image ${image.digest.slice(0, 12)}, not ` +
    `${info.image.digest.slice(0, 12)}). For the same bytes: boxmark image export there, --image FILE here.`
  );
}

/** The plan with the environments that can run here, and what must follow from their number. */
function planHere(plan: Plan, bench: Bench): Plan {
  const able = new Set(bench.planned.map(({ path }) => path));
  const environments = plan.environments.filter(({ path }) => able.has(path));
  return Object.freeze({
    ...plan,
    environments,
    contrasts: plan.contrasts.filter(({ env, baseline }) => able.has(env) && able.has(baseline)),
    rounds: balancedRounds(plan, environments.length),
  });
}

function planRemarks({ info }: LoadedSession, here: Plan, flags: ReproduceFlags): string[] {
  const remarks: string[] = [];
  if (here.rounds !== info.plan.rounds) {
    remarks.push(
      `${here.rounds} rounds a block instead of ${info.plan.rounds}: their number goes with that of the boxes.`,
    );
  }
  if (flags.blocks !== undefined || flags.maxTime !== undefined)
    remarks.push('The number of blocks was changed by a flag.');
  if (here.workloads.length > 0 && Object.keys(info.work).length === 0) {
    remarks.push('The session has no work per burst; it was calibrated here.');
  }
  return remarks;
}

function conclude(
  original: LoadedSession,
  outcome: SessionOutcome,
  {
    otherBytes,
    remarks,
    dir,
    json,
  }: {
    readonly otherBytes: string | null;
    readonly remarks: readonly string[];
    readonly dir: string;
    readonly json?: boolean;
  },
): number {
  const { info } = outcome;
  const kind = kindOf(info.plan);
  const [before, after] = [original, outcome].map((session) => kind.ratios(recordsOf(session)));
  const result = {
    program: programVersion(),
    original: original.info.session,
    session: info.session,
    otherBytes,
    rows: compareSessions(before ?? [], after ?? []),
    differences: hostDifferences(original.info, info),
    unavailable: info.unavailable,
    remarks,
  };
  if (json === true) stdout.write(`${JSON.stringify({ schema: JSON_SCHEMA, ...result, dir }, null, 2)}\n`);
  else stdout.write(`${renderReproduce(result)}\nFiles: ${dir}\n`);
  if (outcome.failure !== null) throw outcome.failure;
  if (info.stopReason === 'interrupted') {
    stderr.write(`boxmark: interrupted; whole blocks are kept\n  try: ${resumeCall(dir, info.plan)}\n`);
    return EXIT.interrupted;
  }
  if (kind.measured(outcome).size > 0) return EXIT.ok;
  stderr.write('boxmark: nothing was measured\n  try: boxmark doctor\n');
  return EXIT.failed;
}
