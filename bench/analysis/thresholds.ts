/** Is what `--fail-if` forbids shown, ruled out, or open? */

import { hasOnlyShortVisits } from '../plan/pace.ts';
import { hasSuite, SUITE, type SuitePlan, suiteOf } from '../plan/suite.ts';
import { ANY_WORKLOAD, type Threshold } from '../plan/threshold.ts';
import type { ContrastResult, Interval, Plan } from '../types.ts';
import { judge } from './contrast/verdict.ts';

export type ThresholdAnswer = 'exceeded' | 'kept' | 'open';

export interface ThresholdRow {
  readonly answer: ThresholdAnswer;
  readonly row: ContrastResult;
  /** The figure that decides: typical bursts, or, where these alone would be within, the total with the rare long ones. */
  readonly by: 'typical' | 'total';
}

export interface ThresholdResult {
  readonly threshold: Threshold;
  /** Of the rows; open without any. */
  readonly answer: ThresholdAnswer;
  readonly rows: readonly ThresholdRow[];
}

/**
 * Answers per threshold, from the contrasts against the plan's baseline. Exceeded: the whole 95 % interval of the typical
 * ratio lies beyond the limit, and further from 1 than the control's; or the whole interval of the total ratio does. Kept:
 * neither interval reaches beyond the limit, and nothing speaks against the row; never without long visits. A true change of exactly the limit is
 * called exceeded in at most 5 % of sessions: 2.5 % by either interval.
 *
 * @param names a path's alias, where it has one: a threshold may name either
 */
export function thresholdResults(
  thresholds: readonly Threshold[],
  contrasts: readonly ContrastResult[],
  plan: SuitePlan & Pick<Plan, 'baseline'> & Partial<Pick<Plan, 'longVisits' | 'singleBursts'>>,
  names: (env: string) => readonly string[] = (env) => [env],
): ThresholdResult[] {
  const rows = contrasts.filter(
    ({ baseline, workload }) => baseline === plan.baseline && (workload !== SUITE || hasSuite(plan)),
  );
  return thresholds.map((threshold) => {
    const { env, workload, limit } = threshold;
    const concerned = rows
      .filter((row) => env === null || names(row.env).includes(env))
      .filter((row) => workload === ANY_WORKLOAD || row.workload === rowOf(workload, plan))
      .map((row): ThresholdRow => ({ row, ...answerOf(row, limit, hasOnlyShortVisits(plan)) }));
    const has = (answer: ThresholdAnswer) => concerned.some((one) => one.answer === answer);
    const answer = has('exceeded') ? 'exceeded' : has('open') || concerned.length === 0 ? 'open' : 'kept';
    return { threshold, answer, rows: concerned };
  });
}

/** The suite of a single workload is that workload, and has no row of its own. */
function rowOf(workload: string, plan: SuitePlan): string | undefined {
  return workload === SUITE && !hasSuite(plan) ? suiteOf(plan)[0] : workload;
}

function answerOf(row: ContrastResult, limit: number, onlyShortVisits: boolean): Pick<ThresholdRow, 'answer' | 'by'> {
  const { interval, total, sustained, intermittent, verdict } = row;
  if (verdict === 'untrusted' || interval === null) return { answer: 'open', by: 'typical' };
  const most = 1 + limit;
  const { verdict: judged, additions } = judge(
    { interval, control: row.controlInterval, intermittent, total: null, sustained: null, distrust: [] },
    limit,
  );
  if (judged === 'slower' && additions.includes('past-margin')) return { answer: 'exceeded', by: 'typical' };
  if (total?.interval && total.interval.low > most) return { answer: 'exceeded', by: 'total' };
  const isWithin = (one: Interval | null | undefined) => !one || one.high <= most;
  const isKept =
    !onlyShortVisits &&
    isWithin(interval) &&
    isWithin(total?.interval) &&
    !(sustained?.interval && sustained.interval.low > most);
  if (isKept) return { answer: 'kept', by: 'typical' };
  return { answer: 'open', by: isWithin(interval) && !isWithin(total?.interval) ? 'total' : 'typical' };
}
