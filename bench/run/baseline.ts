/** Finds the work of a burst on the baseline, once per session. */

import { knownRemedy } from '../box/known-faults.ts';
import { BoxmarkError } from '../errors.ts';
import { runOf } from '../plan/commands.ts';
import type { SessionInfo } from '../session/info.ts';
import type { Plan } from '../types.ts';
import { calibrate } from './calibrate.ts';
import { BoxFault } from './client.ts';
import type { SessionScope } from './kind.ts';
import { Resident } from './resident.ts';

/**
 * Work per burst, on a start of the baseline that is not measured otherwise; undefined if `session.json` has it already.
 * Throws like `onBaseline`.
 */
export async function calibrated(session: SessionScope): Promise<Partial<SessionInfo> | undefined> {
  if (Object.keys(session.info().work).length > 0) return undefined;
  return onBaseline(session, async (resident) => ({ work: await calibrate(resident, session.plan) }));
}

/** Starts the baseline for `act`, and closes it. Throws when it does not start or can't run a workload. */
export async function onBaseline<T>(session: SessionScope, act: (resident: Resident) => Promise<T>): Promise<T> {
  session.progress.phase('calibrating on the baseline', true);
  const resident = await startBaseline(session);
  try {
    assertRuns(resident.refused, session.plan.baseline);
    return await act(resident);
  } finally {
    await resident.close();
  }
}

/**
 * The same of workloads that need not run everywhere, on another start, in the size of the plan. What the baseline can't
 * run has no work. Throws when it does not start.
 */
export async function calibratedFor(session: SessionScope, plan: Plan): Promise<Readonly<Record<string, number>>> {
  const resident = await startBaseline({ ...session, plan });
  try {
    const workloads = runOf(plan).filter((id) => !resident.refused.has(id));
    return await calibrate(resident, { ...plan, workloads });
  } finally {
    await resident.close();
  }
}

async function startBaseline({ plan, environments, gauges, signal, info }: SessionScope): Promise<Resident> {
  const environment = environments.find(({ path }) => path === plan.baseline);
  if (environment === undefined) throw new Error('the baseline is not among the environments');
  try {
    const start = { box: plan.baseline, startId: 'calibration', position: 0, digests: false, environment };
    return await Resident.start({ plan, gauges, signal, image: info().image }, start);
  } catch (error) {
    if (!(error instanceof BoxFault)) throw error;
    throw new BoxmarkError({
      what: `The baseline did not start: ${error.message}`,
      value: plan.baseline,
      remedy: knownRemedy(error.message) ?? 'boxmark doctor, or another --baseline',
      cause: error,
    });
  }
}

/** What the baseline can't run has nothing to be compared with. */
function assertRuns(refused: ReadonlyMap<string, string>, baseline: string): void {
  const [first] = refused;
  if (first === undefined) return;
  const [workload, reason] = first;
  throw new BoxmarkError({
    what: `The baseline ${baseline} can't run a workload: ${reason}.`,
    value: workload,
    remedy: 'another --baseline, or other workloads: boxmark list workloads',
  });
}
