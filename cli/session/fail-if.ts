/** What `--fail-if` makes of a session: a sentence for each threshold, and the exit code. */

import { type ThresholdResult, type ThresholdRow, thresholdResults } from '../../bench/analysis/thresholds.ts';
import { EXIT, type ExitCode } from '../../bench/errors.ts';
import { SUITE } from '../../bench/plan/suite.ts';
import type { Threshold } from '../../bench/plan/threshold.ts';
import type { ContrastResult, Plan } from '../../bench/types.ts';
import { clean } from '../../reports/text.ts';
import { changeWords, joined } from '../../reports/words.ts';
import { stderr } from '../terminal/streams.ts';

/** Prints a sentence for each. 3 when one is exceeded, else 4 when one is open, else 0. */
export function failIfCode(
  thresholds: readonly Threshold[],
  contrasts: readonly ContrastResult[],
  plan: Plan,
): ExitCode {
  const aliases = new Map(plan.environments.map(({ path, alias }) => [path, alias]));
  const names = (env: string) => [env, aliases.get(env) ?? env];
  const results = thresholdResults(thresholds, contrasts, plan, names);
  for (const result of results)
    stderr.write(`boxmark: --fail-if '${clean(result.threshold.text)}': ${sentence(result)}\n`);
  if (results.some(({ answer }) => answer === 'exceeded')) return EXIT.regression;
  return results.some(({ answer }) => answer === 'open') ? EXIT.inconclusive : EXIT.ok;
}

function sentence({ answer, rows }: ThresholdResult): string {
  const list = rows.filter((one) => one.answer === answer).map(rowWords);
  switch (answer) {
    case 'exceeded':
      return `exceeded by ${list.join('; ')}: exit code ${EXIT.regression}`;
    case 'open':
      return list.length === 0
        ? `no figure: exit code ${EXIT.inconclusive}`
        : `neither shown nor ruled out for ${list.join('; ')}: exit code ${EXIT.inconclusive}. More blocks narrow the intervals`;
    case 'kept':
      return `ruled out: ${list.join('; ')}`;
  }
}

function rowWords({ row, by }: ThresholdRow): string {
  const on = row.workload === SUITE ? '' : ` on ${row.workload}`;
  const figure =
    by === 'total' && row.total !== null ? { ...row, timeRatio: row.total.ratio, interval: row.total.interval } : row;
  const what = by === 'total' ? ' in total time' : '';
  const doubt = row.verdict === 'untrusted' ? ' (untrusted)' : '';
  return `${clean(row.env)}${on} ${joined(changeWords(figure, 2))}${what}${doubt}`;
}
