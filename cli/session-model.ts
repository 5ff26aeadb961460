/** From a session's folder to the model that its reports are rendered from, read row by row. */

import { manifestFindings } from '../bench/check.ts';
import { openSession } from '../bench/load.ts';
import type { SessionInfo } from '../bench/session.ts';
import type { SessionHeader } from '../reports/model.ts';
import { buildModel, type ReportModel } from '../reports/model.ts';

export interface SessionOnDisk {
  readonly dir: string;
  readonly model: ReportModel;
  /** What is not as the manifest says. */
  readonly warnings: readonly string[];
}

/** Throws a usage error when `dir` is no session, is damaged, or is of a later version. */
export function readSessionModel(dir: string): SessionOnDisk {
  const session = openSession(dir);
  const { info } = session;
  const model = buildModel({
    session: headerOf(info),
    samples: session.wholeSamples(),
    starts: session.starts,
    events: session.events,
    unavailable: info.unavailable ?? [],
  });
  return { dir, model, warnings: manifestFindings(dir).map(({ file, problem }) => `${file}: ${problem}`) };
}

/** The header of a report; `folder` only where it is known how a user would type it. */
export function headerOf(info: SessionInfo, folder?: string): SessionHeader {
  const { hardware, stack } = info.host as {
    hardware: { cpuModel?: string };
    stack: { kernelRelease?: string; distribution?: string };
  };
  const host = [
    info.host.name,
    hardware.cpuModel,
    stack.distribution,
    stack.kernelRelease && `Linux ${stack.kernelRelease}`,
  ];
  return {
    id: info.session,
    program: info.program,
    command: info.command,
    plan: info.plan,
    host: host.filter(Boolean).join(', '),
    environments: info.environments,
    startedAt: info.startedAt,
    finishedAt: info.finishedAt,
    stopReason: info.stopReason,
    ...(folder === undefined ? {} : { folder }),
    ...(info.blocksCompleted > 0 ? { secondsPerBlock: info.measuredMs / 1000 / info.blocksCompleted } : {}),
  };
}
