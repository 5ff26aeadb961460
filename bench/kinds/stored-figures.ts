/** The figures of a stored session that measured something other than workloads, by the answers of its kind. */

import { join } from 'node:path';
import type { SessionFigures } from '../analysis/figures.ts';
import type { RatioRow } from '../analysis/reproduction.ts';
import { standardErrorLog } from '../analysis/stats/precision.ts';
import type { LevelRow } from '../run/kind.ts';
import { isTableThere, tableSize } from '../session/compressed.ts';
import { STARTUP } from '../session/figure-tables.ts';
import { LeftOut, type StoredFigure } from '../session/history.ts';
import type { SessionInfo } from '../session/info.ts';
import { KIND_TABLES } from '../session/kind-tables.ts';
import { type LoadedSession, openSession, rowsOf } from '../session/load.ts';
import { SAMPLES, STARTS } from '../session/tables.ts';
import { kindOf, recordsOf } from './index.ts';
import { startupLevels, startupRatios } from './startup.ts';

/** Tables of a session that a history reads at most: one among thousands must not hold up the others. */
const MOST_BYTES = 32 * 2 ** 20;

interface Figures {
  readonly ratios: readonly RatioRow[];
  readonly levels: readonly LevelRow[];
}

/** For a comparison: the session is in memory already. */
export function kindFigures(session: LoadedSession): SessionFigures {
  const { ratios, levels } = figuresOf(session);
  const { info } = session;
  const own = ratios.filter(({ baseline }) => baseline === info.plan.baseline);
  const isUntrusted = ({ verdict }: RatioRow) => verdict === 'untrusted';
  return {
    info,
    ratios: own
      .filter((row) => !isUntrusted(row))
      .map(({ env, workload, timeRatio, interval, blocks }) => ({
        ...{ env, workload, log: Math.log(timeRatio), blocks },
        errorLog: interval && standardErrorLog(interval, blocks),
      })),
    times: levels.map(({ env, figure, value }) => ({
      ...{ env, workload: figure, log: Math.log(value), blocks: info.blocksCompleted, errorLog: null },
    })),
    untrusted: own.filter(isUntrusted).map(({ env, workload }) => ({ env, workload })),
  };
}

/**
 * For a history, which reads thousands of sessions: of starts the table of figures, of everything else the rows, where they
 * are of some megabytes. Throws why there is nothing, or like `openSession`.
 */
export function historyFigures(dir: string, info: SessionInfo): StoredFigure[] {
  if (info.blocksCompleted === 0) throw new LeftOut('no whole block');
  const { ratios, levels } = info.plan.measure === 'startup' ? startsOf(dir, info) : figuresOf(read(dir));
  return [
    ...ratios.map(({ env, baseline, workload, timeRatio, interval, verdict }) => ({
      ...{ figure: 'ratio' as const, env, baseline, workload, value: timeRatio },
      ...{ low: interval?.low ?? null, high: interval?.high ?? null, isUntrusted: verdict === 'untrusted' },
    })),
    ...levels.map(({ env, figure: workload, unit, value }) => ({
      ...{ figure: unit === 'ns' ? ('time' as const) : ('size' as const), env, baseline: null, workload, value },
      ...{ low: null, high: null, isUntrusted: false },
    })),
  ];
}

function figuresOf(session: LoadedSession): Figures {
  const kind = kindOf(session.info.plan);
  const records = recordsOf(session);
  return { ratios: kind.ratios(records), levels: kind.levels?.(records) ?? [] };
}

/** As they were computed at the session's end. */
function startsOf(dir: string, { plan }: SessionInfo): Figures {
  if (!isTableThere(join(dir, STARTUP.file))) throw new LeftOut(`incomplete: no ${STARTUP.file}`);
  const rows = [...rowsOf(dir, STARTUP)].map((row) => ({
    ...{ env: row.env, baseline: row.baseline, figure: row.figure },
    temperature: row.temperature === 'cold' ? ('cold' as const) : ('warm' as const),
    medianMs: row.median_ms,
    ratio:
      row.time_ratio === null
        ? null
        : { ratio: row.time_ratio, interval: intervalOf(row.ratio_low, row.ratio_high), blocks: row.blocks ?? 0 },
  }));
  return { ratios: startupRatios(rows, plan), levels: startupLevels(rows, plan) };
}

function intervalOf(low: number | null, high: number | null) {
  return low === null || high === null ? null : { low, high };
}

function read(dir: string): LoadedSession {
  const files = [SAMPLES, STARTS, ...Object.values(KIND_TABLES)].map((table) => join(dir, table.file));
  const bytes = files.reduce((sum, file) => sum + tableSize(file), 0);
  if (bytes > MOST_BYTES)
    throw new LeftOut(`its tables are larger than ${MOST_BYTES / 2 ** 20} MiB; compare reads them`);
  const session = openSession(dir);
  return { ...session, samples: isTableThere(join(dir, SAMPLES.file)) ? [...session.samples()] : [] };
}
