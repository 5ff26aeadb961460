/** A history as one JSON document, for programs. */

import type { HistoryLine, HistoryModel } from '../model/history.ts';
import { jsonText } from './json-text.ts';

/** Raised when a field of the JSON document changes its meaning or goes. */
const JSON_SCHEMA = 2;

/** The model as one JSON document: ratios and times themselves instead of their logs. */
export function historyJson({ groups, leftOut, ...about }: HistoryModel): string {
  const value = (log: number) => (Number.isFinite(log) ? Number(Math.exp(log).toPrecision(9)) : null);
  return jsonText({
    schema: JSON_SCHEMA,
    ...about,
    groups: groups.map(({ lines, sessions, ...head }) => ({
      ...head,
      sessions: sessions.map(({ id, startedAtMs }) => ({
        session: id,
        startedAt: new Date(startedAtMs).toISOString(),
      })),
      series: lines.map(({ figure, measure, env, baseline, workload, searched, scatterLog, driftLog, ...line }) => ({
        figure,
        unit: unitOf({ figure, measure }),
        env,
        baseline,
        workload,
        searched,
        scatterLog,
        drift: driftLog === null ? null : value(driftLog),
        points: line.places.map((place, index) => ({
          session: sessions[place]?.id,
          value: value(line.logs[index] as number),
          ...(figure === 'ratio'
            ? { low: value(line.lows[index] as number), high: value(line.highs[index] as number) }
            : {}),
        })),
        changes: line.changes.map(({ changeLog, ...change }) => ({ ...change, change: value(changeLog) })),
      })),
    })),
    leftOut,
  });
}

function unitOf({ figure, measure }: { figure: HistoryLine['figure']; measure: string | undefined }): string {
  if (figure === 'size') return 'bytes';
  if (figure === 'ratio') return measure === undefined ? 'time ratio' : 'ratio';
  return measure === undefined ? 'ns per pass' : 'ns';
}
