/** After a session: the comparison on standard output, where it is kept, and the exit code. */

import { relative } from 'node:path';
import { EXIT, messageOf } from '../bench/errors.ts';
import { kindOf } from '../bench/kinds/index.ts';
import type { SessionOutcome } from '../bench/run/session.ts';
import { sessionDocument } from '../reports/documents/session.ts';
import { summaryText } from '../reports/formats/json.ts';
import { markdownText } from '../reports/formats/markdown.ts';
import { terminalText } from '../reports/formats/terminal.ts';
import { buildModel } from '../reports/model/model.ts';
import { headerOf } from '../reports/model/read.ts';
import { clean } from '../reports/text.ts';
import type { Bench } from './prepare.ts';
import { appendStepSummary } from './step-summary.ts';
import { resumeCall } from './stored-origin.ts';
import { stderr, stdout } from './streams.ts';
import { writeSessionReport } from './write-report.ts';

export interface PrintOptions {
  readonly json: boolean;
  readonly verbose?: boolean | undefined;
  readonly dir: string;
}

/** Prints the outcome and returns the exit code; throws what ended the session, if Boxmark itself failed. */
export async function conclude(
  outcome: SessionOutcome,
  bench: Pick<Bench, 'planned' | 'refused'>,
  options: PrintOptions & ExitQuestion,
): Promise<number> {
  printOutcome(outcome, options);
  const { blocksCompleted, stopReason } = outcome.info;
  if (outcome.failure === null && blocksCompleted > 0 && stopReason !== 'interrupted') await keepReport(options);
  if (outcome.failure !== null) throw outcome.failure;
  return exitCodeOf(outcome, bench, options);
}

export function printOutcome(outcome: SessionOutcome, { json, dir, verbose }: PrintOptions): void {
  const { info } = outcome;
  const model = buildModel({
    session: headerOf(info, nearPath(dir)),
    samples: outcome.samples,
    starts: outcome.starts,
    events: outcome.events,
    unavailable: info.unavailable,
    footprint: outcome.footprint,
  });
  const document = sessionDocument(model);
  appendStepSummary(() => markdownText(document));
  const colour = !json && stdout.isTTY === true && !process.env.NO_COLOR;
  const options = { width: 80, colour, verbose: verbose === true };
  stdout.write(json ? summaryText(model) : terminalText(document, options));
  if (!json) stdout.write(`\nFiles: ${dir}\n`);
  if (outcome.info.stopReason === 'interrupted') {
    const kept = `${info.blocksCompleted} whole ${info.blocksCompleted === 1 ? 'block is' : 'blocks are'} kept`;
    stderr.write(`boxmark: interrupted; ${kept}\n  try: ${resumeCall(nearPath(dir), info.plan)}\n`);
  }
}

/** A report that can't be written costs the session nothing: it can be rendered again. */
async function keepReport({ dir, json }: PrintOptions): Promise<void> {
  try {
    const page = await writeSessionReport(dir);
    if (!json) stdout.write(`Report: ${page}\n`);
  } catch (error) {
    stderr.write(
      `boxmark: the report was not written: ${messageOf(error)}\n  try: boxmark report ${nearPath(dir)} -v\n`,
    );
  }
}

export interface ExitQuestion {
  readonly requested: readonly string[];
  readonly keepGoing: boolean;
  /** Does an open verdict count? */
  readonly strict: boolean;
}

/** Relative to the current folder where that is shorter to type. */
function nearPath(dir: string): string {
  const near = relative(process.cwd(), dir);
  return near.startsWith('..') ? dir : near;
}

/**
 * 130 interrupted; 1 when nothing was measured, or an environment asked for by its own name gave no data; with
 * `strict` 4 when a verdict is open; else 0.
 */
export function exitCodeOf(
  outcome: Omit<SessionOutcome, 'events' | 'failure'>,
  bench: Pick<Bench, 'planned' | 'refused'>,
  question: ExitQuestion,
): number {
  if (outcome.info.stopReason === 'interrupted') return EXIT.interrupted;
  const measured = kindOf(outcome.info.plan).measured(outcome);
  if (measured.size === 0) {
    stderr.write('boxmark: nothing was measured\n  try: boxmark doctor\n');
    return EXIT.failed;
  }
  const byName = new Set(question.requested);
  const wanted = [...bench.planned, ...bench.refused].filter(({ path }) => byName.has(path)).map(({ path }) => path);
  const missing = [...new Set(wanted)].filter((path) => !measured.has(path));
  if (missing.length > 0) {
    const why = question.keepGoing ? 'goes on all the same (--keep-going)' : 'exit code 1 (--keep-going makes it 0)';
    stderr.write(`boxmark: no data from ${clean(missing.join(', '))}, asked for by name: ${why}\n`);
    if (!question.keepGoing) return EXIT.failed;
  }
  return question.strict ? strictCode(outcome.contrasts) : EXIT.ok;
}

function strictCode(contrasts: SessionOutcome['contrasts']): number {
  const open = contrasts.filter(({ verdict }) => verdict === 'inconclusive' || verdict === 'untrusted');
  const [first] = open;
  if (first === undefined) return EXIT.ok;
  const more = open.length === 1 ? '' : `, and ${open.length - 1} more`;
  stderr.write(`boxmark: ${first.env} on ${first.workload} is ${first.verdict}${more}: exit code 4 (--strict)\n`);
  return EXIT.inconclusive;
}
