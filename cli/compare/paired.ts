/** The paired comparison: the baseline's image and the candidate's run here, interleaved, in every environment. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { sessionTable } from '../../bench/analysis/contrast/session-table.ts';
import { confirm, type Gated, gatePaired, type PairedRow } from '../../bench/analysis/regression.ts';
import { metricsBeside, runOf } from '../../bench/plan/commands.ts';
import { balancedRounds } from '../../bench/plan/plan.ts';
import { hasSuite, SUITE, suiteOf } from '../../bench/plan/suite.ts';
import type { SessionOutcome } from '../../bench/run/session.ts';
import type { Environment, Estimate, Image, Plan } from '../../bench/types.ts';
import { RUNNERS } from '../../runners/index.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { prepareStack, UnavailableError } from '../../runners/stack/stack.ts';
import { contextOf, type Rig, suggestion } from '../rig.ts';

export interface PairedRequest {
  /** Of the baseline session, with the workloads and limits that hold here; its environments are those to compare. */
  readonly plan: Plan;
  readonly work: Readonly<Record<string, number>>;
  /** The candidate's; the rig was prepared with the baseline's. */
  readonly image: Image;
  readonly out: string;
}

export interface PairedResult {
  readonly rows: readonly PairedRow[];
  /** Names of the sessions that were written: the comparison, and its confirmation if there was a need. */
  readonly sessions: readonly string[];
  readonly interrupted: boolean;
}

/** Fresh blocks that a regression has to show itself in again. */
const CONFIRMING_BLOCKS = 10;
/** The environment of the candidate's image beside that of the baseline's. */
const candidateOf = (path: string): string => `${path}@candidate`;

/**
 * Measures, and confirms what looks like a regression. A reason, as the end of a sentence, when the candidate's image
 * can't run in any environment. Throws what ended a session, if Boxmark itself failed.
 */
export async function measurePaired(rig: Rig, request: PairedRequest): Promise<PairedResult | string> {
  const { progress } = rig;
  const paths = request.plan.environments.map(({ path }) => path);
  const refused = new Map(rig.refused.map(({ path, reason }) => [path, reason]));
  const candidates: Environment[] = [];
  try {
    for (const path of paths.filter((one) => !refused.has(one))) {
      const made = await prepareCandidate(path, rig, request.image).catch((error: unknown) => {
        if (!(error instanceof UnavailableError)) throw error;
        refused.set(path, error.message);
      });
      if (made !== undefined) candidates.push(made);
    }
    if (candidates.length === 0) {
      return `the candidate's image can't run here: ${[...refused.values()][0] ?? 'no environment is left'}`;
    }
    const able = paths.filter((path) => !refused.has(path));
    const plan = pairedPlan(request.plan, able, request.plan.workloads);
    rig.announce(plan);
    const first = await runSession(rig, request, plan, candidates, request.work);
    const rows = paths.flatMap((env) => rowsOf(env, first, refused.get(env)));
    const flagged = rows.filter(({ verdict }) => verdict === 'regressed');
    const sessions = [first.info.session];
    if (flagged.length === 0 || isInterrupted(first)) return { rows, sessions, interrupted: isInterrupted(first) };
    progress.say(`confirming ${flagged.length} with ${CONFIRMING_BLOCKS} fresh blocks`);
    const again = await runSession(rig, request, confirmingPlan(plan, flagged), candidates, first.info.work);
    return {
      rows: rows.map((row) => confirmed(row, again)),
      sessions: [...sessions, again.info.session],
      interrupted: isInterrupted(again),
    };
  } finally {
    progress.done();
    for (const environment of candidates.toReversed()) await environment.dispose();
  }
}

async function prepareCandidate(
  path: string,
  { workspace, spec, progress, threads }: Rig,
  image: Image,
): Promise<Environment> {
  progress.phase(`preparing ${candidateOf(path)}`);
  const context = contextOf({ image, workspace, spec, threads });
  const made = await prepareStack(path, parsePath(path, RUNNERS, suggestion), context);
  const { digest, nodeDigest: node, payloadDigest: payload } = image;
  return { ...made, path: candidateOf(path), image: { digest, node, payload } };
}

/** Every environment twice. What is not under test stays as it was in the baseline's session. */
function pairedPlan(base: Plan, paths: readonly string[], workloads: readonly string[]): Plan {
  const all = [...new Set([base.baseline, ...paths])];
  const environments = [...all, ...paths.map(candidateOf)].map((path) => ({ path }));
  return Object.freeze({
    ...base,
    environments,
    workloads,
    contrasts: paths.map((path) => ({ env: candidateOf(path), baseline: path })),
    schedule: 'interleaved' as const,
    rounds: balancedRounds(base, environments.length),
  });
}

/** Flagged environments and workloads only, with orders of its own and no early end. */
function confirmingPlan({ maxTimeMs: _, ...plan }: Plan, flagged: readonly PairedRow[]): Plan {
  const paths = [...new Set(flagged.map(({ env }) => env))];
  const isFlagged = new Set(flagged.map(({ workload }) => workload));
  const ofSuite = new Set(isFlagged.has(SUITE) ? suiteOf(plan) : []);
  // A figure beside a time is read when the workload runs.
  const owners = new Set(
    runOf(plan).filter((id) => metricsBeside(plan, id).some((metric) => isFlagged.has(metric.id))),
  );
  const workloads = plan.workloads.filter((id) => isFlagged.has(id) || ofSuite.has(id) || owners.has(id));
  const blocks = { minBlocks: CONFIRMING_BLOCKS, maxBlocks: CONFIRMING_BLOCKS, target: null };
  return pairedPlan({ ...plan, ...blocks, seed: (plan.seed + 1) % 2 ** 31 }, paths, workloads);
}

async function runSession(
  rig: Rig,
  { out }: PairedRequest,
  plan: Plan,
  candidates: readonly Environment[],
  work: Readonly<Record<string, number>>,
): Promise<SessionOutcome> {
  const wanted = new Set(plan.environments.map(({ path }) => path));
  const environments = [...rig.environments, ...candidates].filter(({ path }) => wanted.has(path));
  const outcome = await rig.measure(plan, { out, work, environments });
  if (outcome.failure !== null) throw outcome.failure;
  return outcome;
}

function rowsOf(env: string, outcome: SessionOutcome, why: string | undefined): PairedRow[] {
  const { plan } = outcome.info;
  const found = contrastRows(outcome);
  return [...plan.workloads, ...(hasSuite(plan) ? [SUITE] : [])].map((workload) => {
    const row = found.find((one) => one.env === candidateOf(env) && one.workload === workload);
    const open = why === undefined ? ({ kind: 'no-figure' } as const) : ({ kind: 'unavailable', why } as const);
    const gated: Gated = row === undefined ? { verdict: 'no verdict', reasons: [open] } : gateRow(row);
    return { env, workload, change: row === undefined ? null : estimateOf(row), confirmation: null, ...gated };
  });
}

function confirmed(row: PairedRow, again: SessionOutcome): PairedRow {
  if (row.verdict !== 'regressed') return row;
  const { env, workload } = row;
  const found = contrastRows(again).find((one) => one.env === candidateOf(env) && one.workload === workload);
  const confirmation = found === undefined ? null : estimateOf(found);
  const { verdict, reasons } = confirm(row, found === undefined ? undefined : gateRow(found));
  return { ...row, confirmation, verdict, reasons };
}

/** Those of the candidate against the baseline in the same environment. */
function contrastRows({ info, samples, starts, events }: SessionOutcome): ContrastRow[] {
  const { rows } = sessionTable({ plan: info.plan, samples, starts, events });
  return rows.filter(({ env, baseline }) => env === candidateOf(baseline));
}

function gateRow({ verdict, judgement }: ContrastRow): Gated {
  return gatePaired(verdict, judgement?.additions ?? [], judgement?.reasons ?? []);
}

function estimateOf({ timeRatio, interval, blocks }: ContrastRow): Estimate {
  return { ratio: timeRatio, interval, blocks };
}

function isInterrupted({ info }: SessionOutcome): boolean {
  return info.stopReason === 'interrupted';
}
