/** Measures a plan with what a rig has prepared: opens the session's folder, runs the session, hands back the outcome. */

import { hostname } from 'node:os';
import { messageOf } from '../../bench/errors.ts';
import { kindOf } from '../../bench/kinds/index.ts';
import { finishSession, runSession, type SessionOutcome, type SessionRequest } from '../../bench/run/session.ts';
import type { HostGauges } from '../../bench/run/watch/host-gauges.ts';
import { eventKind, isExpected, type NewEvent } from '../../bench/session/events.ts';
import { Heartbeat } from '../../bench/session/heartbeat.ts';
import { SESSION_SCHEMA, type SessionInfo, sessionId } from '../../bench/session/info.ts';
import { type LoadedSession, loadSession } from '../../bench/session/load.ts';
import { reopenStore } from '../../bench/session/reopen.ts';
import { createStore, type Store } from '../../bench/session/store.ts';
import type { Environment, Image, Plan, Unavailable } from '../../bench/types.ts';
import { availableMemoryBytes, cpuPressureMs, stealTicks } from '../../runners/host/cpus.ts';
import { readHost } from '../../runners/host/facts.ts';
import { memoryKills, mergedBytes, slabBytes } from '../../runners/host/memory.ts';
import { dropPageCache } from '../../runners/host/page-cache.ts';
import { namespacesOf } from '../../runners/host/processes.ts';
import { programVersion } from '../paths.ts';
import type { Progress } from '../terminal/progress.ts';
import { Courier } from './courier.ts';
import { hostGuard } from './guard.ts';
import { LineFeed } from './line-feed.ts';
import type { MeasuringFlags } from './measuring-flags.ts';
import { Pulse } from './pulse.ts';
import { recordedCall } from './recorded-call.ts';
import type { NoteListener } from './work-folder.ts';

/** USER_HZ: the unit of /proc/stat on every Linux that Node.js runs on. */
const MS_PER_TICK = 10;

/** What a session is measured with. */
export interface PreparedRig {
  readonly image: Image;
  readonly environments: readonly Environment[];
  readonly control: Environment | undefined;
  readonly verifier: Environment | undefined;
  readonly refused: readonly Unavailable[];
  readonly passedOver: readonly Unavailable[];
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly flags: MeasuringFlags;
  /** Where boxes are made. */
  readonly workFolder: string;
  onNote(listener: NoteListener): void;
}

/** What an earlier session found on the baseline: passes in a burst, rates of load. Found again when left out or empty. */
export type Calibration = Partial<Pick<SessionInfo, 'work' | 'rates'>>;

/** A new session below `out`. */
export async function measureNew(
  rig: PreparedRig,
  plan: Plan,
  { out, work = {}, rates = {} }: Calibration & { readonly out: string },
): Promise<SessionOutcome> {
  const known = Object.keys(rates).length === 0 ? { work } : { work, rates };
  const info = { ...(await describeSession(rig, plan)), ...known };
  return execute(rig, createStore(out, info), info);
}

export interface ResumeOptions {
  readonly dir: string;
  /** Recorded before anything else: what a reader of the events must know of the resumption. */
  readonly event: NewEvent;
}

/** Resumes the session in its folder `dir`: `info` with the plan that holds from now on. */
export async function measureOn(
  rig: PreparedRig,
  info: SessionInfo,
  { dir, event }: ResumeOptions,
): Promise<SessionOutcome> {
  const { store, earlier } = await reopen(info, dir);
  const absent = new Map(rig.refused.map(({ path, reason }) => [path, `can't run any more: ${reason}`]));
  return execute(rig, store, info, { earlier, absent, event });
}

/** Concludes the session in its folder `dir`, which has all its blocks. Nothing is measured. */
export async function finish(info: SessionInfo, { dir, event }: ResumeOptions): Promise<SessionOutcome> {
  const { store, earlier } = await reopen(info, dir);
  try {
    return finishSession({ kind: kindOf(info.plan), plan: info.plan, store, info, earlier, event });
  } finally {
    store.close();
  }
}

async function reopen(info: SessionInfo, dir: string): Promise<{ store: Store; earlier: LoadedSession }> {
  const store = reopenStore(dir, info.session, info.blocksCompleted);
  try {
    // Not before the folder is trimmed: a kill may have cut a row.
    return { store, earlier: await loadSession(dir) };
  } catch (error) {
    store.close();
    throw error;
  }
}

async function execute(
  rig: PreparedRig,
  store: Store,
  info: SessionInfo,
  { event, ...more }: Pick<SessionRequest, 'earlier' | 'absent'> & { readonly event?: NewEvent } = {},
): Promise<SessionOutcome> {
  const { control, verifier, environments, signal } = rig;
  if (control === undefined || verifier === undefined) throw new Error('nothing is prepared in a dry run');
  const { plan } = info;
  const heart = new Heartbeat(store.dir, longestStepMs(plan, environments));
  const courier = new Courier(rig.flags, { session: info.session, host: info.host.name, dir: store.dir });
  courier.add({ kind: 'started', command: info.command, blocksKept: info.blocksCompleted });
  const { session, blocksCompleted: blocksKept } = info;
  const feed =
    rig.flags.jsonLines === true ? new LineFeed(rig.progress, { session, dir: store.dir, plan, blocksKept }) : null;
  let report: (event: NewEvent) => void = () => {};
  try {
    const outcome = await runSession({
      ...more,
      kind: kindOf(plan),
      notices: (tell) => {
        report = tell;
        if (event !== undefined) tell(event);
        for (const { path, reason, remedy } of [...rig.refused, ...rig.passedOver]) {
          tell({ kind: 'unavailable', env: path, reason, remedy });
        }
        rig.onNote(tell);
      },
      ...{ plan, environments, control, verifier, info, signal },
      store: heardBy(courier, feed, store),
      progress: new Pulse(feed ?? rig.progress, heart),
      betweenBlocks: () => courier.deliver(),
      gauges: gaugesOf(rig, store.dir, (event) => report(event)),
    });
    heart.end();
    const { stopReason, blocksCompleted } = outcome.info;
    const reason = outcome.failure === null ? stopReason : messageOf(outcome.failure);
    courier.add({ kind: 'ended', stopReason, blocksCompleted, reason });
    return outcome;
  } finally {
    store.close();
    feed?.flush();
    await courier.close(signal);
  }
}

/** A courier brings problems only, not how it was done. */
function heardBy(courier: Courier, feed: LineFeed | null, store: Store): Store {
  return {
    ...store,
    event: (event) => {
      store.event(event);
      feed?.event(event);
      if (!isExpected(eventKind(event))) courier.add({ ...event, kind: eventKind(event) });
    },
  };
}

/** How long the slowest environment may take for a step, with some time for its end, ms. */
function longestStepMs({ timeoutMs }: Plan, environments: readonly Environment[]): number {
  return timeoutMs * Math.max(...environments.map(({ slowness }) => slowness)) + 60_000;
}

function gaugesOf(
  { flags, workFolder, progress }: PreparedRig,
  dir: string,
  event: (event: NewEvent) => void,
): HostGauges {
  return {
    availableMemoryBytes: () => availableMemoryBytes(),
    stealMs: () => {
      const ticks = stealTicks();
      return ticks === null ? null : ticks * MS_PER_TICK;
    },
    pressureMs: () => cpuPressureMs(),
    namespaces: () => namespacesOf('self'),
    dropCaches: () => dropPageCache(),
    slabBytes: () => slabBytes(),
    mergedBytes: () => mergedBytes(),
    memoryKills: () => memoryKills(),
    ...(flags.guard === false
      ? {}
      : { admit: hostGuard({ folders: [workFolder, dir], say: (text) => progress.say(text), event }) }),
  };
}

async function describeSession({ image, environments, refused }: PreparedRig, plan: Plan): Promise<SessionInfo> {
  const now = new Date();
  const { hardware, stack, fingerprint } = await readHost(plan.limits);
  return {
    schema: SESSION_SCHEMA,
    session: sessionId(now),
    program: programVersion(),
    command: recordedCall(),
    startedAt: now.toISOString(),
    finishedAt: null,
    stopReason: 'running',
    seed: plan.seed,
    plan,
    work: {},
    warmup: null,
    host: { name: hostname(), fingerprint, hardware, stack: { ...stack, kernels: plan.kernels } },
    image: { digest: image.digest, node: image.nodeDigest, payload: image.payloadDigest },
    environments: environments.map((environment) => ({
      path: environment.path,
      labels: environment.labels,
      traits: environment.traits,
      versions: environment.versions,
      ...(environment.image === undefined ? {} : { image: environment.image }),
      facts: null,
    })),
    unavailable: refused,
    blocksCompleted: 0,
    measuredMs: 0,
    resumed: [],
  };
}
