/** Runs a prepared plan: opens the session's folder, executes, hands back the outcome. */

import { hostname } from 'node:os';
import { kindOf } from '../bench/kinds/index.ts';
import { finishSession, runSession, type SessionOutcome, type SessionRequest } from '../bench/run/session.ts';
import type { NewEvent } from '../bench/session/events.ts';
import { SESSION_SCHEMA, type SessionInfo, sessionId } from '../bench/session/info.ts';
import { type LoadedSession, loadSession } from '../bench/session/load.ts';
import { reopenStore } from '../bench/session/reopen.ts';
import { createStore, type Store } from '../bench/session/store.ts';
import type { Environment, Plan } from '../bench/types.ts';
import { availableMemoryBytes, cpuPressureMs, stealTicks } from '../runners/host/cpus.ts';
import { readHost } from '../runners/host/facts.ts';
import { dropPageCache } from '../runners/host/page-cache.ts';
import { namespacesOf } from '../runners/host/processes.ts';
import { programVersion } from './paths.ts';
import type { Bench } from './prepare.ts';
import type { Progress } from './progress.ts';

/** USER_HZ: the unit of /proc/stat on every Linux that Node.js runs on. */
const MS_PER_TICK = 10;

export interface MeasureOptions {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** A new session below `out`. */
export async function measure(
  bench: Bench,
  plan: Plan,
  options: MeasureOptions & {
    readonly out: string;
    /** Passes in a burst, by workload, of an earlier session; calibrated when left out or empty. */
    readonly work?: Readonly<Record<string, number>>;
  },
): Promise<SessionOutcome> {
  const info = { ...(await describeSession(bench, plan)), work: options.work ?? {} };
  return execute(bench, createStore(options.out, info), info, options);
}

export interface ResumeOptions {
  readonly dir: string;
  /** Recorded before anything else: what a reader of the events must know of the resumption. */
  readonly event: NewEvent;
}

/** Resumes the session in its folder `dir`: `info` with the plan that holds from now on. */
export async function measureOn(
  bench: Bench,
  info: SessionInfo,
  options: MeasureOptions & ResumeOptions,
): Promise<SessionOutcome> {
  const { store, earlier } = await reopen(info, options.dir);
  const absent = new Map(bench.refused.map(({ path, reason }) => [path, `can't run any more: ${reason}`]));
  return execute(bench, store, info, options, { earlier, absent, event: options.event });
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
  bench: Bench,
  store: Store,
  info: SessionInfo,
  options: MeasureOptions,
  more: Pick<SessionRequest, 'earlier' | 'absent'> & {
    readonly event?: NewEvent;
  } = {},
): Promise<SessionOutcome> {
  const { event, ...rest } = more;
  try {
    return await runSession({
      ...rest,
      kind: kindOf(info.plan),
      notices: (tell) => {
        if (event !== undefined) tell(event);
        for (const { path, reason, remedy } of [...bench.refused, ...bench.passedOver]) {
          tell({ kind: 'unavailable', env: path, reason, remedy });
        }
        bench.workbench.onNote(tell);
      },
      plan: info.plan,
      environments: bench.environments,
      control: bench.control as Environment,
      verifier: bench.verifier as Environment,
      store,
      info,
      gauges: {
        availableMemoryBytes: () => availableMemoryBytes(),
        stealMs: () => {
          const ticks = stealTicks();
          return ticks === null ? null : ticks * MS_PER_TICK;
        },
        pressureMs: () => cpuPressureMs(),
        namespaces: () => namespacesOf('self'),
        dropCaches: () => dropPageCache(),
      },
      signal: options.signal,
      progress: options.progress,
    });
  } finally {
    store.close();
  }
}

async function describeSession(bench: Bench, plan: Plan): Promise<SessionInfo> {
  const now = new Date();
  const { hardware, stack, fingerprint } = await readHost();
  return {
    schema: SESSION_SCHEMA,
    session: sessionId(now),
    program: programVersion(),
    command: `boxmark ${process.argv.slice(2).join(' ')}`,
    startedAt: now.toISOString(),
    finishedAt: null,
    stopReason: 'running',
    seed: plan.seed,
    plan,
    work: {},
    warmup: null,
    host: { name: hostname(), fingerprint, hardware, stack: { ...stack, kernels: plan.kernels } },
    image: { digest: bench.image.digest, node: bench.image.nodeDigest, payload: bench.image.payloadDigest },
    environments: bench.environments.map(({ path, labels, traits, versions, image }) => ({
      path,
      labels,
      traits,
      versions,
      ...(image === undefined ? {} : { image }),
      facts: null,
    })),
    unavailable: bench.refused,
    blocksCompleted: 0,
    measuredMs: 0,
    resumed: [],
  };
}
