/** `boxmark explain`: takes an environment apart, one setting at a time, all in the same blocks of one session. */

import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { hostTimedBoxes } from '../../bench/analysis/contrast/clock.ts';
import { groupSession } from '../../bench/analysis/contrast/session-groups.ts';
import { changedFacts, explain, type Ladder } from '../../bench/analysis/explain.ts';
import { EXIT, usageError } from '../../bench/errors.ts';
import { makePlan, type PlanDraft, planSettings } from '../../bench/plan/plan.ts';
import { defaultFor, type FlagValues, planInputOf } from '../../bench/plan/read-flags.ts';
import type { SessionOutcome } from '../../bench/run/session.ts';
import { sealOf } from '../../bench/session/seal.ts';
import { explainDocument } from '../../reports/documents/explain.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { isAlias } from '../../runners/aliases.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { RUNNERS } from '../../runners/index.ts';
import { conclude, type JsonForm, jsonFormOf } from '../conclude.ts';
import { type Candidates, candidatesFor, ladderFor, type MissingStep, standing } from '../ladder.ts';
import { KERNEL_IDS, NAMED_WORKLOADS } from '../names.ts';
import { type Rig, type RigOptions, suggestion, withRig } from '../rig.ts';
import { concludeSession } from '../session/conclude-session.ts';
import { measuringFlags } from '../session/measuring-flags.ts';
import { assertOut } from '../session/out-folder.ts';

/** Raised when a field of the JSON document changes its meaning or goes. */
const JSON_SCHEMA = 1;

export async function explainCommand(flags: FlagValues<'explain'>, env = ''): Promise<number> {
  const { quiet, dryRun } = flags;
  const json = jsonFormOf(flags);
  if (isAlias(env))
    throw usageError('explain takes an environment, not an alias.', env, 'docker, unshare, docker/docker');
  const settings = planSettings(
    { ...planInputOf(flags), env: [env] },
    {
      workloads: KERNEL_IDS,
      ...NAMED_WORKLOADS,
      seed: randomInt(2 ** 31),
      limitsFor: (cpus, memoryBytes, threads) => defaultLimits(cpus, memoryBytes, threads),
    },
  );
  if (env === settings.baseline) throw usageError('The environment is the baseline itself.', env, 'another --baseline');
  const candidates = candidatesFor(env, RUNNERS, suggestion, settings.threads);
  const out = resolve(flags.out ?? defaultFor('explain', 'out'));
  if (dryRun !== true) assertOut(out);
  const options = { quiet: quiet === true, dryRun: false, imageFile: undefined, ...measuringFlags(flags) };
  const possible = await tried(settings, candidates, options);
  if (possible === null) return EXIT.interrupted;
  const ladder = ladderFor(env, settings.baseline, possible, RUNNERS);
  if (dryRun === true) return concludeDryRun(ladder, possible.missing, json);
  const wanted = [...ladder.rungs, ...ladder.exchanges].map((rung) => rung.env);
  return withRig({ ...settings, requested: wanted, origin: null }, options, async (rig) => {
    assertRuns(env, rig);
    const missing = [
      ...possible.missing,
      ...rig.refused.map(({ path, reason }) => ({ part: 'a step', env: path, reason })),
    ];
    const stands = standing(ladder, (path) => rig.planned.some((it) => it.path === path));
    const plan = makePlan({ ...settings, contrasts: pairsOf(stands) }, rig.planned, rig.baseline);
    rig.announce(plan);
    const outcome = await rig.measure(plan, { out });
    return concludeLadder(outcome, stands, missing, { env, dir: resolve(out, outcome.info.session), json });
  });
}

function assertRuns(env: string, { planned, refused }: Rig): void {
  if (planned.some(({ path }) => path === env)) return;
  throw usageError(
    `The environment can't run here: ${refused.find(({ path }) => path === env)?.reason ?? ''}`,
    env,
    'boxmark doctor',
  );
}

/**
 * Prepares each step alone, so that one that can't be made does not take the whole ladder with it. Null after an
 * interrupt, which is reported already.
 */
async function tried(settings: PlanDraft, candidates: Candidates, options: RigOptions): Promise<Candidates | null> {
  const all = [...candidates.removes, ...candidates.exchanges];
  if (all.length === 0) return candidates;
  const missing: MissingStep[] = [...candidates.missing];
  const requested = all.map(({ env }) => env);
  const code = await withRig({ ...settings, requested, origin: null }, options, async (rig) => {
    for (const { path, reason } of rig.refused) {
      const part = all.find(({ env }) => env === path)?.ablation.part ?? path;
      missing.push({ part, env: path, reason });
    }
    return EXIT.ok;
  });
  if (code === EXIT.interrupted) return null;
  const can = (env: string) => !missing.some((it) => it.env === env);
  return {
    removes: candidates.removes.filter(({ env }) => can(env)),
    exchanges: candidates.exchanges.filter(({ env }) => can(env)),
    missing,
  };
}

function pairsOf({ baseline, rungs, exchanges }: Ladder) {
  const top = rungs.at(-1)?.env ?? baseline;
  return [
    ...rungs.map(({ env }, index) => ({ env, baseline: rungs[index - 1]?.env ?? baseline })),
    ...exchanges.map(({ env }) => ({ env, baseline: top })),
  ];
}

function concludeDryRun(ladder: Ladder, missing: readonly MissingStep[], json: JsonForm): number {
  const lines = () => [
    `baseline      ${ladder.baseline}`,
    ...ladder.rungs.map(({ env, part }) => `step          ${env}: ${part}`),
    ...ladder.exchanges.map(({ env, part }) => `exchange      ${env}: ${part}`),
    ...missing.map(({ env, part, reason }) => `not here      ${env}: ${part}: ${reason}`),
  ];
  return conclude({
    json,
    document: () => ({ schema: JSON_SCHEMA, ladder, missing }),
    text: () => `${lines().join('\n')}\n`,
  });
}

function concludeLadder(
  outcome: SessionOutcome,
  ladder: Ladder,
  missing: readonly MissingStep[],
  { env, dir, json }: { readonly env: string; readonly dir: string; readonly json: JsonForm },
): Promise<number> {
  const { info, samples, events } = outcome;
  const boxes = [ladder.baseline, ...ladder.rungs.map((rung) => rung.env), ...ladder.exchanges.map((rung) => rung.env)];
  const hostTimed = hostTimedBoxes(events);
  const groups = groupSession(samples, hostTimed);
  // All by one clock: the host's as soon as one of them needs it.
  const clocked = boxes.some((box) => hostTimed.has(box)) ? groups.byHost : groups.own;
  const results = explain(clocked, info.plan, ladder);
  const factsOf = (path: string) => info.environments.find((it) => it.path === path)?.facts ?? null;
  const steps = pairsOf(ladder);
  const speculation = info.environments.flatMap(({ path, facts }) => {
    const state = facts?.speculation_store_bypass;
    return typeof state === 'string' ? [[path, state]] : [];
  });
  const document = {
    program: info.program,
    session: info.session,
    seal: sealOf(dir),
    ...{ env, baseline: ladder.baseline, blocks: info.blocksCompleted, minutes: info.measuredMs / 60_000, results },
    changed: Object.fromEntries(
      steps.map(({ env: to, baseline: from }) => [to, changedFacts(factsOf(from), factsOf(to))]),
    ),
    speculation: Object.fromEntries(speculation) as Record<string, string>,
    missing,
  };
  return concludeSession(
    outcome,
    {
      document: () => ({ schema: JSON_SCHEMA, dir, ...document }),
      // Whoever concludes the session prints its seal below its folder.
      text: () => terminalText({ ...explainDocument(document), seal: null }),
    },
    { json, dir, code: () => (results.length === 0 ? EXIT.failed : EXIT.ok) },
  );
}
