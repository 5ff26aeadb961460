/** GitHub's job summary: Markdown appended to the file that a workflow's step is given. */

import { appendFileSync } from 'node:fs';
import { messageOf } from '../../bench/errors.ts';
import { stderr } from './streams.ts';

/** Does nothing outside a workflow. A summary that can't be written is said, and never fails the command. */
export function appendStepSummary(markdown: () => string): void {
  const file = process.env.GITHUB_STEP_SUMMARY;
  if (file === undefined || file === '') return;
  try {
    appendFileSync(file, `${markdown()}\n`);
  } catch (error) {
    stderr.write(`boxmark: the job summary can't be written: ${messageOf(error)}\n`);
  }
}
