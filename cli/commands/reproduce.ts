/** `boxmark reproduce`: somebody's session measured again here, and both held side by side. */

import { resolve } from 'node:path';
import { compareSessions } from '../../bench/analysis/reproduction.ts';
import { BoxmarkError, EXIT } from '../../bench/errors.ts';
import { describePlan, kindOf, recordsOf } from '../../bench/kinds/index.ts';
import { balancedRounds } from '../../bench/plan/plan.ts';
import { defaultFor, type FlagValues } from '../../bench/plan/read-flags.ts';
import type { SessionOutcome } from '../../bench/run/session.ts';
import { type LoadedSession, loadSession } from '../../bench/session/load.ts';
import { storedPlan } from '../../bench/session/stored-plan.ts';
import type { Plan, Unavailable } from '../../bench/types.ts';
import { reproduceDocument } from '../../reports/documents/reproduce.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
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
import { resumeCall } from '../stored-origin.ts';
import { stderr, stdout } from '../streams.ts';
import { withBench } from '../with-bench.ts';

const JSON_SCHEMA = 1;

type ReproduceFlags = FlagValues<'reproduce'>;

export async function reproduce(flags: ReproduceFlags, dir = ''): Promise<number> {
  const original = await loadSession(dir);
  const { plan, work } = storedPlan(original.info, dir, WORKLOAD_IDS);
  const changes = changesOf(flags);
  const { limits, note } = limitsHere(plan, flags.cpu);
  const out = resolve(flags.out ?? defaultFor('reproduce', 'out'));
  assertOut(out);
  const unknown = unknownEnvironments(plan);
  const settings = {
    requested: plan.environments.map(({ path }) => path).filter((path) => !unknown.some((one) => one.path === path)),
    baseline: plan.baseline,
    limits,
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

function changesOf({ blocks, maxTime }: ReproduceFlags): Partial<Plan> {
  return {
    ...(blocks === undefined ? {} : { minBlocks: blocks, maxBlocks: blocks, target: null }),
    ...(maxTime === undefined ? {} : { maxTimeMs: maxTime / 1e6 }),
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
    readonly json?: boolean | undefined;
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
  else stdout.write(`${terminalText(reproduceDocument(result))}\nFiles: ${dir}\n`);
  if (outcome.failure !== null) throw outcome.failure;
  if (info.stopReason === 'interrupted') {
    stderr.write(`boxmark: interrupted; whole blocks are kept\n  try: ${resumeCall(dir, info.plan)}\n`);
    return EXIT.interrupted;
  }
  if (kind.measured(outcome).size > 0) return EXIT.ok;
  stderr.write('boxmark: nothing was measured\n  try: boxmark doctor\n');
  return EXIT.failed;
}
