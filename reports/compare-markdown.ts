/** A comparison as Markdown for a pull request's comment or a job's summary: the answer, a table, the rest folded. */

import { formatChange } from '../bench/units.ts';
import { type CompareText, compareAnswer, compareNotes, openTexts } from './compare.ts';
import { code, folded, markdownTable, prose } from './formats/markdown-text.ts';
import { NO_FIGURE, percent } from './words.ts';

/** Pure, and at most 65,000 characters long. */
export function renderCompareMarkdown(result: CompareText): string {
  const mark = { regressed: '❌', passed: '✅', 'no verdict': '❔' }[result.gate];
  return folded(
    [`### ${mark} ${prose(compareAnswer(result))}`, '', ...table(result)],
    [
      { title: 'No verdict: why', body: items(openTexts(result.rows)) },
      {
        title: 'What differs between the two',
        body: items(
          result.differences.map(({ part, what, before, after }) => `${part}: ${what}: ${before} → ${after}`),
        ),
      },
      { title: 'Left out', body: items(result.leftOut.map(({ dir, why }) => `${dir}: ${why}`)) },
      { title: 'Read this with', body: items(compareNotes(result)) },
      {
        title: 'Sessions',
        body: [
          `- baseline: ${result.baseline
            .slice(-5)
            .map((name) => code(name, 60))
            .join(', ')} (${result.baseline.length})`,
          `- candidate: ${result.candidate
            .slice(-5)
            .map((name) => code(name, 60))
            .join(', ')} (${result.candidate.length})`,
          `- Boxmark ${prose(result.program, 20)}, ${result.mode}, margin ±${percent(result.margin)}`,
        ],
      },
    ],
  );
}

function table(result: CompareText): string[] {
  if (result.mode === 'paired') {
    return markdownTable(
      ['environment', 'workload', 'candidate over baseline', '95 % interval', 'verdict'],
      result.rows.map(({ env, workload, change, verdict }) => [
        code(env, 160),
        prose(workload, 40),
        change === null ? NO_FIGURE : formatChange(change.ratio, 2),
        change?.interval
          ? `${formatChange(change.interval.low, 2)} to ${formatChange(change.interval.high, 2)}`
          : NO_FIGURE,
        verdictText(verdict),
      ]),
    );
  }
  return markdownTable(
    ['environment', 'workload', 'change of the time ratio', 'limit', 'sessions', 'verdict'],
    result.rows.map(({ env, workload, changeLog, limitLog, baselineSessions, candidateSessions, verdict }) => [
      code(env, 160),
      prose(workload, 40),
      changeLog === null ? NO_FIGURE : formatChange(Math.exp(changeLog), 2),
      limitLog === null ? NO_FIGURE : `±${(Math.expm1(limitLog) * 100).toFixed(2)} %`,
      `${baselineSessions}+${candidateSessions}`,
      verdictText(verdict),
    ]),
  );
}

function verdictText(verdict: CompareText['rows'][number]['verdict']): string {
  return verdict === 'regressed' || verdict === 'improved' ? `**${verdict}**` : verdict;
}

function items(texts: readonly string[]): string[] {
  return texts.slice(0, 60).map((text) => `- ${prose(text)}`);
}
