/** Reads a session's folder, row by row, into the model of every format: the only way to get one. */

import { readClaims } from '../../bench/analysis/claims/file.ts';
import { hostTimedBoxes } from '../../bench/analysis/contrast/clock.ts';
import { startSeries } from '../../bench/analysis/start-series.ts';
import { nearest } from '../../bench/errors.ts';
import { ByPair } from '../../bench/grouped.ts';
import { kindOf, recordsOf } from '../../bench/kinds/index.ts';
import { integrityOf } from '../../bench/kinds/whole-check.ts';
import { controlOf } from '../../bench/plan/schedule.ts';
import { readBeat } from '../../bench/session/heartbeat.ts';
import type { SessionInfo } from '../../bench/session/info.ts';
import { isCounted, openSession, passingRowsOf } from '../../bench/session/load.ts';
import { watchSamples } from '../../bench/session/sound.ts';
import type { RunnerKind, Sample } from '../../bench/types.ts';
import { buildModel, type ReportModel, type SessionHeader } from './model.ts';
import type { ClaimsToJudge, RowRange, SessionRecord } from './record.ts';

/** What a reader needs in addition to the session: the published claims, and the kind of each layer. */
export interface Catalogue {
  readonly claims: string;
  kindOf(layer: string): RunnerKind | undefined;
}

/**
 * Throws a usage error when `dir` is no session, is damaged, or is of a later version. The same session gives the same
 * model wherever it lies.
 */
export async function readSession(dir: string, catalogue: Catalogue): Promise<ReportModel> {
  const session = openSession(dir);
  const { info, samples, events } = session;
  const { starts, samples: _, ...kindRows } = kindOf(info.plan).counted(recordsOf({ ...session, samples: [] }));
  const counts = isCounted(events, info.blocksCompleted);
  const rows = newRowRanges(counts);
  const watched = watchSamples(dir, info.session, { rows: passingRowsOf, isWanted: rows.see });
  const model = buildModel({
    session: { ...headerOf(info), lastActivityAt: info.finishedAt ?? readBeat(dir)?.at },
    samples: watched.samples,
    starts,
    events,
    unavailable: info.unavailable ?? [],
    record: () => recordOf(info, rows.ranges()),
    claims: publishedClaimsFor(info, catalogue),
    bursts: () => startSeries(counted(samples(), counts), boxesOf(info), info.plan.workloads, hostTimedBoxes(events)),
    ...kindRows,
  });
  return { ...model, integrity: await integrityOf(dir, watched.result()) };
}

function recordOf(info: SessionInfo, rows: readonly RowRange[]): SessionRecord {
  const { host, image, work, warmup, environments, resumed } = info;
  return {
    host: { ...host, hardware: { ...host.hardware }, stack: { ...host.stack } },
    image,
    work,
    warmup: warmup ?? null,
    environments,
    resumed: resumed ?? [],
    rows,
  };
}

function publishedClaimsFor(info: SessionInfo, catalogue: Catalogue): ClaimsToJudge {
  const { title, claims } = readClaims(catalogue.claims);
  const { plan, environments, host } = info;
  return { title, claims, ground: { plan, environments, host }, kindOf: (layer) => catalogue.kindOf(layer), nearest };
}

/** In the order of a model's environments. */
function boxesOf({ plan }: SessionInfo): string[] {
  return [...plan.environments.map(({ path }) => path), controlOf(plan.baseline)];
}

function* counted(samples: Iterable<Sample>, counts: (sample: Sample) => boolean): Generator<Sample> {
  for (const sample of samples) if (counts(sample)) yield sample;
}

/** Records, while the rows pass through, in which lines of samples.csv those of each environment and workload are that count. */
function newRowRanges(counts: (sample: Sample) => boolean) {
  const ranges = new ByPair<{ env: string; workload: string; first: number; last: number; rows: number }>();
  let line = 1; // The header.
  return {
    /** Does the row count? */
    see(sample: Sample): boolean {
      line += 1;
      if (!counts(sample)) return false;
      const { env, workload } = sample;
      const range =
        ranges.get(env, workload) ?? ranges.add(env, workload, { env, workload, first: line, last: line, rows: 0 });
      range.last = line;
      range.rows += 1;
      return true;
    },
    ranges: (): readonly RowRange[] => ranges.all,
  };
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
    ...(info.anonymised === undefined ? {} : { copyOf: info.anonymised.seal ?? 'unknown' }),
    ...(info.blocksCompleted > 0 ? { secondsPerBlock: info.measuredMs / 1000 / info.blocksCompleted } : {}),
  };
}
