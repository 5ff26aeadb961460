/** A candidate against a baseline: has it become slower? */

import {
  type Comparison,
  comparedFigures,
  comparedPower,
  comparedTimes,
  comparisonNotes,
  leftOutSessions,
  undecided,
} from '../sections/comparison.ts';
import { differences } from '../sections/differences.ts';
import { type Inline, name } from '../sections/section.ts';
import { clean } from '../text.ts';
import { count, percent } from '../words.ts';
import type { Document } from './document.ts';

export function compareDocument(result: Comparison): Document {
  const { program, mode, margin, baseline, candidate } = result;
  return {
    kind: 'Boxmark comparison',
    about: [
      `boxmark ${clean(program, 20)} · compare, ${mode} · margin ±${percent(margin)}`,
      ['baseline: ', ...sessionNames(baseline)],
      ['candidate: ', ...sessionNames(candidate)],
    ],
    answer: answerOf(result),
    mark: { regressed: '❌', passed: '✅', 'no verdict': '❔' }[result.gate],
    sections: [
      comparedFigures(result),
      undecided(result),
      comparedPower(result),
      comparedTimes(result),
      differences('What differs between the two, or the latest sessions of each side', result.differences),
      leftOutSessions(result),
      comparisonNotes(result),
    ],
  };
}

function answerOf({ gate, rows }: Comparison): string {
  const of = (verdict: Comparison['rows'][number]['verdict']) => rows.filter((row) => row.verdict === verdict);
  const others = (['improved', 'unchanged', 'no verdict'] as const)
    .filter((verdict) => of(verdict).length > 0)
    .map((verdict) => `${of(verdict).length} ${verdict === 'no verdict' ? 'without a verdict' : verdict}`)
    .join(', ');
  const total = count(rows.length, 'figure');
  if (gate === 'regressed') {
    const regressed = of('regressed');
    const named = regressed.slice(0, 6).map(({ env, workload }) => `${clean(env, 60)} on ${clean(workload, 40)}`);
    const more = regressed.length > 6 ? ` and ${regressed.length - 6} more` : '';
    return `REGRESSED: ${regressed.length} of ${total}: ${named.join(', ')}${more}${others === '' ? '' : `; ${others}`}.`;
  }
  if (rows.length === 0) return 'NO VERDICT: the sessions have no figure in common.';
  if (gate === 'no verdict') return `NO VERDICT, which is no pass: no regression shown among ${total}: ${others}.`;
  return `No regression among ${total}: ${others}.`;
}

function sessionNames(sessions: readonly string[]): Inline[] {
  const last = name(sessions.at(-1) ?? 'none', 100);
  return sessions.length < 2 ? [last] : [`${sessions.length} sessions, the last one `, last];
}
