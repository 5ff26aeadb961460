/** The one ending of every command: JSON or text, the folders behind it, the exit code. */

import { EXIT } from '../bench/errors.ts';
import { jsonText } from '../reports/formats/json-text.ts';
import { neutral } from '../reports/text.ts';
import { printLine } from './terminal/json-line.ts';
import { appendStepSummary } from './terminal/step-summary.ts';
import { stdout } from './terminal/streams.ts';

/** Is JSON asked for instead of text, in one document or as the last of many lines? */
export type JsonForm = boolean | 'lines' | undefined;

export function jsonFormOf({ json, jsonLines }: Partial<Record<'json' | 'jsonLines', boolean | undefined>>): JsonForm {
  return jsonLines === true ? 'lines' : json;
}

/** What a command has found; each form is made only when it is asked for. */
export interface Result {
  readonly json: JsonForm;
  /** The JSON document, no array, or its text. */
  document(): Readonly<Record<string, unknown>> | string;
  text(): string;
  /** For the job summary of a workflow. */
  markdown?(): string;
  /** Folders of the sessions behind it. */
  readonly dirs?: readonly string[];
}

/** Of JSON documents that name no version of their own: raised when a field goes or changes its meaning. */
const DOCUMENT_SCHEMA = 1;

/** A document with its version. */
export function documentText(content: Readonly<Record<string, unknown>>): string {
  return jsonText({ schema: DOCUMENT_SCHEMA, ...content });
}

/** Prints the result. */
export function show({ json, document, text, markdown, dirs = [] }: Result): void {
  if (markdown !== undefined) appendStepSummary(markdown);
  if (!json) {
    const files = dirs.map((dir) => `\nFiles: ${neutral(dir)}`).join('');
    stdout.write(`${text()}${files === '' ? '' : `${files}\n`}`);
    return;
  }
  const content = document();
  const whole = typeof content === 'string' ? content : documentText(content);
  if (json === 'lines') printLine({ type: 'answer', document: JSON.parse(whole) });
  else stdout.write(whole);
}

/** Prints the result; returns the exit code that goes with it. */
export function conclude(result: Result, code: number = EXIT.ok): number {
  show(result);
  return code;
}
