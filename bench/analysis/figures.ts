/** What is compared between stored sessions: the ratios of each to its own baseline, and times per pass. */

import { hasSuite, nameAmongOthers, SUITE } from '../plan/suite.ts';
import type { SessionInfo } from '../session/info.ts';
import { type LoadedSession, wholeSamples } from '../session/load.ts';
import { hostTimedBoxes } from './contrast/clock.ts';
import { groupSession } from './contrast/session-groups.ts';
import { sessionTable } from './contrast/session-table.ts';
import { standardErrorLog } from './stats/precision.ts';
import type { Figure } from './stored-gate.ts';
import { summarizeEnvironment } from './summary.ts';

export interface SessionFigures {
  readonly info: SessionInfo;
  /** ln of time ratios to the session's baseline: the speed of the host cancels. Those of untrusted contrasts are left out. */
  readonly ratios: readonly Figure[];
  /** ln of the median time per pass, ns, the baseline's included. */
  readonly times: readonly Figure[];
  /** Left out of `ratios`. */
  readonly untrusted: readonly { readonly env: string; readonly workload: string }[];
}

export function figuresOf(session: LoadedSession): SessionFigures {
  const { info, starts, events } = session;
  const { plan } = info;
  const groups = groupSession(wholeSamples(session), hostTimedBoxes(events));
  const rows = sessionTable({ plan, samples: groups, starts, events }).rows.filter(
    ({ baseline, workload }) => baseline === plan.baseline && (workload !== SUITE || hasSuite(plan)),
  );
  const blocks = groups.levels.blocks.length;
  const times = plan.environments.flatMap(({ path }) =>
    summarizeEnvironment(groups.levels, path, plan.workloads).workloads.flatMap(({ workload, medianNsPerPass }) =>
      medianNsPerPass === null ? [] : [{ env: path, workload, log: Math.log(medianNsPerPass), blocks, errorLog: null }],
    ),
  );
  const isUntrusted = ({ verdict }: (typeof rows)[number]) => verdict === 'untrusted';
  return {
    info,
    ratios: rows
      .filter((row) => !isUntrusted(row))
      .map(({ env, workload, timeRatio, interval, blocks: own }) => ({
        ...{ env, workload: nameAmongOthers(workload, plan), log: Math.log(timeRatio), blocks: own },
        errorLog: interval && standardErrorLog(interval, own),
      })),
    times,
    untrusted: rows.filter(isUntrusted).map(({ env, workload }) => ({ env, workload })),
  };
}
