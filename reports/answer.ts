/** What a session says in one sentence, whatever it measured. */

import { costAnswer } from './costs.ts';
import type { ReportModel } from './model.ts';
import { answerSentence } from './wording.ts';

export function answerOf(model: ReportModel): string {
  return costAnswer(model) ?? answerSentence(model);
}
