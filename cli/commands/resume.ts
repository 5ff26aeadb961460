/** `boxmark resume`: continues a session, interrupted or finished, as if it had never stopped. */

import { resolve } from 'node:path';
import { canonicalJson, machineOf } from '../../bench/box/machine.ts';
import { BoxmarkError, EXIT, usageError } from '../../bench/errors.ts';
import { kindOf } from '../../bench/kinds/index.ts';
import { mostCopies } from '../../bench/plan/copies.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { extendStopping } from '../../bench/plan/stopping.ts';
import { assertThresholds } from '../../bench/plan/threshold.ts';
import type { SessionInfo } from '../../bench/session/info.ts';
import { readSessionInfo } from '../../bench/session/load.ts';
import { signingKey } from '../../bench/session/signature/private-key.ts';
import { storedPlan } from '../../bench/session/stored-plan.ts';
import type { Plan } from '../../bench/types.ts';
import { formatPercent } from '../../bench/units.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { type HostFacts, readHost } from '../../runners/host/facts.ts';
import { jsonFormOf } from '../conclude.ts';
import { WORKLOAD_IDS } from '../names.ts';
import { isArchive } from '../pack/open.ts';
import { programVersion } from '../paths.ts';
import { type Rig, withRig } from '../rig.ts';
import { finish } from '../session/measure.ts';
import { measuringFlags } from '../session/measuring-flags.ts';
import { recordedCall } from '../session/recorded-call.ts';
import { concludeRun, type RunEnd } from '../session/run-result.ts';
import { originOf } from '../session/stored-origin.ts';

type ResumeFlags = FlagValues<'resume'>;

export async function resume(flags: ResumeFlags, session = ''): Promise<number> {
  if (isArchive(session)) {
    throw usageError(
      'An archive can be read, and not resumed: its session would be gone afterwards.',
      session,
      `tar xf ${session}, and boxmark resume on the folder in it`,
    );
  }
  const dir = resolve(session);
  const sign = signingKey(flags.sign);
  const before = readInfo(dir);
  const plan = planOn(before, flags);
  assertThresholds(flags.failIf ?? [], {
    environments: plan.environments.flatMap(({ path, alias }) => (path === plan.baseline ? [] : [path, alias ?? path])),
    plan,
  });
  if (isCutAtItsEnd(before, plan)) return finishCut(dir, before, { ...endOf(dir, plan, flags), sign });
  assertMoreToDo(before, plan);
  const host = await readHost(plan.limits);
  if (flags.allowDifferentHosts !== true) assertSameHardware(before, host);
  // Says in words when the CPUs of the plan may not be used here.
  defaultLimits(plan.limits.cpus, plan.limits.memoryBytes, mostCopies(plan));
  const settings = {
    requested: plan.environments.map(({ path }) => path),
    baseline: plan.baseline,
    workloads: plan.workloads,
    aggressors: plan.aggressors,
    limits: plan.limits,
    threads: mostCopies(plan),
    origin: originOf(dir, plan, flags),
  };
  const image = { imageFile: undefined, imageDigest: before.image.digest };
  return withRig(
    settings,
    { quiet: flags.quiet === true, dryRun: false, ...image, ...measuringFlags(flags) },
    async (rig) => {
      if (flags.keepGoing !== true) assertAllRun(rig);
      const info = infoOn(before, plan);
      const kept = `${before.blocksCompleted} ${before.blocksCompleted === 1 ? 'block' : 'blocks'} kept`;
      rig.progress.say(`${dir}: ${kept}, at most ${plan.maxBlocks - before.blocksCompleted} more`);
      const event = {
        kind: 'resumed' as const,
        blocksKept: before.blocksCompleted,
        ...changesSince(before, plan, host, rig),
      };
      const outcome = await rig.resume(info, { dir, event });
      return concludeRun(outcome, rig, { ...endOf(dir, plan, flags), sign });
    },
  );
}

function endOf(dir: string, plan: Plan, { keepGoing, strict, failIf = [], ...flags }: ResumeFlags) {
  const requested = plan.environments.filter(({ alias }) => alias === undefined).map(({ path }) => path);
  return { json: jsonFormOf(flags), dir, requested, keepGoing: keepGoing === true, strict: strict === true, failIf };
}

/** Has it all its blocks, and not come to its own end? Figures and manifest may be missing then. */
function isCutAtItsEnd({ blocksCompleted, stopReason }: SessionInfo, { maxBlocks }: Plan): boolean {
  return blocksCompleted >= maxBlocks && ['running', 'interrupted', 'failed'].includes(stopReason);
}

/** Needs no environment, and may be done on any host. */
async function finishCut(dir: string, before: SessionInfo, end: RunEnd): Promise<number> {
  const { plan, blocksCompleted, stopReason, unavailable } = before;
  const changes = { planChanged: [], hardwareChanged: [], stackChanged: [], enginesChanged: [] };
  const event = { kind: 'resumed' as const, blocksKept: blocksCompleted, stoppedBy: stopReason, ...changes };
  const outcome = await finish(infoOn(before, plan), { dir, event });
  return concludeRun(outcome, { planned: plan.environments, refused: unavailable }, end);
}

/** `session.json` is whole also after a kill; the tables are read once they have been trimmed. */
function readInfo(dir: string): SessionInfo {
  const info = readSessionInfo(dir);
  if (info.plan.maxBlocks === undefined || info.resumed === undefined) {
    throw usageError(
      `The session was written by version ${info.program}, which left nothing to resume.`,
      dir,
      'a new session: boxmark run',
    );
  }
  return { ...info, plan: storedPlan(info, dir, WORKLOAD_IDS).plan };
}

function planOn(info: SessionInfo, flags: ResumeFlags): Plan {
  if (flags.target !== undefined && !kindOf(info.plan).hasTarget) {
    throw usageError(
      `--target is about workloads, and this session has none: it measures the ${info.plan.measure}.`,
      formatPercent(flags.target),
      '--max-blocks',
    );
  }
  const plan = extendStopping(info.plan, info.blocksCompleted, flags);
  const { maxTime } = flags;
  return maxTime === undefined ? plan : { ...plan, maxTimeMs: maxTime / 1e6 };
}

function assertMoreToDo(before: SessionInfo, plan: Plan): void {
  const done = before.blocksCompleted;
  if (done >= plan.maxBlocks) {
    throw usageError(
      `All ${done} blocks of the session are measured.`,
      before.session,
      `${kindOf(plan).hasTarget ? '--target 0.5%, or ' : ''}--max-blocks ${done + 6}`,
    );
  }
  if (before.stopReason === 'precision' && plan.target !== null && plan.target >= (before.plan.target ?? 0)) {
    throw usageError(
      'Every interval of the session is within its target already.',
      `±${plan.target * 100} %, after ${done} blocks`,
      '--target with a smaller percentage',
    );
  }
}

function assertSameHardware(before: SessionInfo, host: HostFacts): void {
  if (machineOf(before.host) === machineOf(host)) return;
  const differing = differingKeys(before.host.hardware, host.hardware);
  throw new BoxmarkError(
    {
      what: `The hardware is not that of the session: ${differing.join(', ') || 'the fingerprints differ'}.`,
      value: `${host.fingerprint.slice(0, 12)} here, ${before.host.fingerprint.slice(0, 12)} in the session`,
      remedy: 'a session of its own on this host, or --allow-different-hosts',
    },
    EXIT.unfit,
  );
}

function assertAllRun(rig: Rig): void {
  const [first] = rig.refused;
  if (first === undefined) return;
  throw new BoxmarkError({
    what: `An environment of the session can't run any more: ${first.reason}`,
    value: rig.refused.map(({ path }) => path).join(', '),
    remedy: `${first.remedy}, or --keep-going to go on without it`,
  });
}

function infoOn(before: SessionInfo, plan: Plan): SessionInfo {
  const time = {
    at: new Date().toISOString(),
    program: programVersion(),
    command: recordedCall(),
    blocksKept: before.blocksCompleted,
  };
  return { ...before, plan, stopReason: 'running', finishedAt: null, resumed: [...before.resumed, time] };
}

/** What is not as it was when the session began: blocks before and after may differ for it. */
function changesSince(before: SessionInfo, plan: Plan, host: HostFacts, rig: Rig) {
  const versions = rig.environments.filter(({ path, versions }) => {
    const known = before.environments.find((it) => it.path === path)?.versions;
    return canonicalJson(known) !== canonicalJson(versions);
  });
  return {
    stoppedBy: before.stopReason,
    planChanged: differingKeys(before.plan, plan),
    hardwareChanged: differingKeys(before.host.hardware, host.hardware),
    // The kernels are the plan's, which a session keeps; an early session has them only there.
    stackChanged: differingKeys(
      { kernels: before.plan.kernels, ...before.host.stack },
      { ...host.stack, kernels: plan.kernels },
    ),
    enginesChanged: versions.map(({ path }) => path),
  };
}

function differingKeys(before: object, after: object): string[] {
  const [a, b] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...a.keys(), ...b.keys()])].filter(
    (key) => canonicalJson(a.get(key)) !== canonicalJson(b.get(key)),
  );
}
