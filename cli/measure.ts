/** Runs a prepared plan: opens the session's folder, executes, hands back the outcome. */

import { hostname } from 'node:os';
import { executeSession, type SessionOutcome } from '../bench/execute.ts';
import { SESSION_SCHEMA, type SessionInfo, sessionId } from '../bench/session.ts';
import { createStore } from '../bench/store.ts';
import type { Environment, Plan } from '../bench/types.ts';
import { availableMemoryBytes, stealTicks } from '../runners/host/cpus.ts';
import { readHost } from '../runners/host/facts.ts';
import { programVersion } from './paths.ts';
import type { Bench } from './prepare.ts';
import type { Progress } from './progress.ts';

/** USER_HZ: the unit of /proc/stat on every Linux that Node.js runs on. */
const MS_PER_TICK = 10;

export interface MeasureOptions {
  readonly out: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export async function measure(bench: Bench, plan: Plan, options: MeasureOptions): Promise<SessionOutcome> {
  const info = await describeSession(bench, plan);
  const store = createStore(options.out, info);
  try {
    return await executeSession({
      notices: (tell) => {
        for (const { path, reason, remedy } of [...bench.refused, ...bench.passedOver]) {
          tell({ kind: 'unavailable', env: path, reason, remedy });
        }
        bench.workbench.onNote((kind, detail) => tell({ kind, ...detail }));
      },
      plan,
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
    host: { name: hostname(), fingerprint, hardware, stack },
    image: { digest: bench.image.digest, node: bench.image.nodeDigest, payload: bench.image.payloadDigest },
    environments: bench.environments.map(({ path, labels, versions }) => ({ path, labels, versions, facts: null })),
    unavailable: bench.refused,
    blocksCompleted: 0,
  };
}
