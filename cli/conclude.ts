/** The one ending of every command: JSON or text, the folders behind it, the exit code. */

import { EXIT } from '../bench/errors.ts';
import { jsonText } from '../reports/formats/json-text.ts';
import { appendStepSummary } from './terminal/step-summary.ts';
import { stdout } from './terminal/streams.ts';

/** What a command has found; each form is made only when it is asked for. */
export interface Result {
  /** Is JSON asked for instead of text? */
  readonly json: boolean | undefined;
  /** The JSON document, or its text. */
  document(): object | string;
  text(): string;
  /** For the job summary of a workflow. */
  markdown?(): string;
  /** Folders of the sessions behind it. */
  readonly dirs?: readonly string[];
}

/** Prints the result. */
export function show({ json, document, text, markdown, dirs = [] }: Result): void {
  if (markdown !== undefined) appendStepSummary(markdown);
  if (json !== true) {
    const files = dirs.map((dir) => `\nFiles: ${dir}`).join('');
    stdout.write(`${text()}${files === '' ? '' : `${files}\n`}`);
    return;
  }
  const content = document();
  stdout.write(typeof content === 'string' ? content : jsonText(content));
}

/** Prints the result; returns the exit code that goes with it. */
export function conclude(result: Result, code: number = EXIT.ok): number {
  show(result);
  return code;
}
