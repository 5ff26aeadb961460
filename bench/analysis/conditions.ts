/** Is what `--fail-if` forbids shown, ruled out, or open? */

import type { Condition } from '../plan/condition.ts';
import { hasSuite, SUITE, type SuitePlan } from '../plan/suite.ts';
import type { ContrastResult, Interval } from '../types.ts';
import { judge } from './contrast/verdict.ts';

export type ConditionAnswer = 'exceeded' | 'kept' | 'open';

export interface ConditionRow {
  readonly answer: ConditionAnswer;
  readonly row: ContrastResult;
  /** Where it is exceeded: in typical bursts, or only with the rare long ones. */
  readonly by: 'typical' | 'total';
}

export interface ConditionResult {
  readonly condition: Condition;
  /** Of the rows; open without any. */
  readonly answer: ConditionAnswer;
  readonly rows: readonly ConditionRow[];
}

/**
 * Answers per condition, from the contrasts against the plan's baseline. Exceeded: the whole 95 % interval of the typical
 * ratio lies beyond the limit, and further from 1 than the control's; or the whole interval of the total ratio does. Kept:
 * neither interval reaches beyond the limit, and nothing speaks against the row. A true change of exactly the limit is
 * called exceeded in at most 5 % of sessions: 2.5 % by either interval.
 *
 * @param names a path's alias, where it has one: a condition may name either
 */
export function conditionResults(
  conditions: readonly Condition[],
  contrasts: readonly ContrastResult[],
  plan: SuitePlan & { readonly baseline: string },
  names: (env: string) => readonly string[] = (env) => [env],
): ConditionResult[] {
  const rows = contrasts.filter(
    ({ baseline, workload }) => baseline === plan.baseline && (workload !== SUITE || hasSuite(plan)),
  );
  return conditions.map((condition) => {
    const { env, workload, limit } = condition;
    const concerned = rows
      .filter((row) => env === null || names(row.env).includes(env))
      .filter((row) => workload === 'any' || row.workload === workload || isOnly(workload, plan))
      .map((row): ConditionRow => ({ row, ...answerOf(row, limit) }));
    const has = (answer: ConditionAnswer) => concerned.some((one) => one.answer === answer);
    const answer = has('exceeded') ? 'exceeded' : has('open') || concerned.length === 0 ? 'open' : 'kept';
    return { condition, answer, rows: concerned };
  });
}

/** The suite of a single workload is that workload. */
function isOnly(workload: string, plan: SuitePlan): boolean {
  return workload === SUITE && !hasSuite(plan);
}

function answerOf(row: ContrastResult, limit: number): Pick<ConditionRow, 'answer' | 'by'> {
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
    isWithin(interval) && isWithin(total?.interval) && !(sustained?.interval && sustained.interval.low > most);
  return { answer: isKept ? 'kept' : 'open', by: 'typical' };
}
