/** `boxmark reproduce`: somebody's session measured again here, and both held side by side. */

import { resolve } from 'node:path';
import { compareSessions } from '../../bench/analysis/reproduction.ts';
import { BoxmarkError, EXIT } from '../../bench/errors.ts';
import { kindOf, recordsOf } from '../../bench/kinds/index.ts';
import { mostCopies } from '../../bench/plan/copies.ts';
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
import { type JsonForm, jsonFormOf } from '../conclude.ts';
import { WORKLOAD_IDS } from '../names.ts';
import { withSession } from '../pack/open.ts';
import { programVersion } from '../paths.ts';
import { type Rig, suggestion, withRig } from '../rig.ts';
import { concludeSession } from '../session/conclude-session.ts';
import { measuringFlags } from '../session/measuring-flags.ts';
import { assertOut } from '../session/out-folder.ts';
import { programNeeds, withPaths } from '../session/programs.ts';
import { originOf } from '../session/stored-origin.ts';

const JSON_SCHEMA = 1;

type ReproduceFlags = FlagValues<'reproduce'>;

export function reproduce(flags: ReproduceFlags, session = ''): Promise<number> {
  return withSession(session, ({ dir }) => reproduceIn(dir, flags));
}

async function reproduceIn(dir: string, flags: ReproduceFlags): Promise<number> {
  const original = await loadSession(dir);
  const { plan, work, rates } = storedPlan(original.info, dir, WORKLOAD_IDS);
  const changes = changesOf(flags);
  const { limits, note } = limitsHere(plan, flags.cpu);
  const out = resolve(flags.out ?? defaultFor('reproduce', 'out'));
  assertOut(out);
  const unknown = unknownEnvironments(plan);
  const settings = {
    requested: plan.environments.map(({ path }) => path).filter((path) => !unknown.some((one) => one.path === path)),
    baseline: plan.baseline,
    workloads: plan.workloads,
    aggressors: plan.aggressors,
    limits,
    threads: mostCopies(plan),
    origin: originOf(dir, plan, flags),
  };
  const image = await imageOf(original, flags.image);
  return withRig(
    settings,
    // Its own image has the programs already; this host's is made with what this host has under their names.
    { quiet: flags.quiet === true, dryRun: false, ...image, ...programsFor(plan, image), ...measuringFlags(flags) },
    async (rig) => {
      const otherBytes = otherBytesText(original, rig);
      for (const text of [otherBytes, note]) if (text !== null) rig.progress.say(text);
      const found = rig.commands.length === 0 ? plan : withPaths(plan, rig.commands);
      const here = planHere({ ...found, ...changes, limits }, rig);
      rig.announce(here);
      const outcome = await rig.measure(here, { out, work, rates, refused: [...rig.refused, ...unknown] });
      const remarks = [...(note === null ? [] : [note]), ...planRemarks(original, here, flags)];
      const dir = resolve(out, outcome.info.session);
      return concludeReproduction(original, outcome, { otherBytes, remarks, dir, json: jsonFormOf(flags) });
    },
  );
}

/** A later version may have layers that this one has not. Without the baseline nothing can be measured, which is reported later. */
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
async function imageOf(
  { info }: LoadedSession,
  imageFile: string | undefined,
): Promise<{ imageFile: string | undefined; imageDigest?: string }> {
  const { digest } = info.image;
  if (imageFile !== undefined || !/^[0-9a-f]{64}$/.test(digest)) return { imageFile };
  const isThere = await loadImage(digest).then(
    () => true,
    () => false,
  );
  return { imageFile, ...(isThere ? { imageDigest: digest } : {}) };
}

function programsFor(plan: Plan, { imageFile, imageDigest }: Awaited<ReturnType<typeof imageOf>>) {
  return imageFile === undefined && imageDigest === undefined ? { programs: programNeeds(plan) } : {};
}

function otherBytesText({ info }: LoadedSession, { image }: Rig): string | null {
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
function planHere(plan: Plan, rig: Rig): Plan {
  const able = new Set(rig.planned.map(({ path }) => path));
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

function concludeReproduction(
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
    readonly json: JsonForm;
  },
): Promise<number> {
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
  return concludeSession(
    outcome,
    { document: () => ({ schema: JSON_SCHEMA, ...result, dir }), text: () => terminalText(reproduceDocument(result)) },
    { json, dir, code: () => EXIT.ok },
  );
}
