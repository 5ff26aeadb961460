/** Where the overhead of an environment comes from, setting by setting. */

import type { Explained } from '../../bench/analysis/explain.ts';
import {
  changedFacts,
  type Explanation,
  exchanges,
  explanationNotes,
  isShown,
  missingSteps,
  parts,
  partsByWorkload,
  partWords,
} from '../sections/explanation.ts';
import { clean } from '../text.ts';
import { joined } from '../words.ts';
import { aboutRun, type Document } from './document.ts';

/** The suite, or the only workload, is broken down whole; the others share one table. */
export function explainDocument(explanation: Explanation): Document {
  const main = explanation.results.at(-1);
  return {
    kind: 'Boxmark breakdown',
    about: [aboutRun('explain', explanation)],
    answer: main === undefined ? 'No breakdown: no block completed every step.' : answerOf(explanation, main),
    sections:
      main === undefined
        ? [missingSteps(explanation)]
        : [
            parts(explanation, main),
            partsByWorkload(explanation, main),
            exchanges(explanation, main),
            changedFacts(explanation, main),
            missingSteps(explanation),
            explanationNotes(explanation, main),
          ],
    seal: explanation.seal,
  };
}

function answerOf({ env, baseline }: Explanation, { whole, parts: all, workload }: Explained): string {
  const subject = `${clean(env, 60)} against ${clean(baseline, 60)}: time ${joined(partWords(whole))} (${clean(workload, 40)})`;
  const shown = all.filter(({ estimate }) => isShown(estimate));
  if (shown.length === 0) return `${subject}; no part shows a difference.`;
  const texts = shown.map(({ part, estimate }) => `${clean(part, 60)} ${partWords(estimate).value}`);
  return `${subject}; parts that show a difference: ${texts.join(', ')}.`;
}
