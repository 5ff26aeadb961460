/** What a session of `run` and `resume` shows, and the exit code that it leads to. */

import { EXIT } from '../../bench/errors.ts';
import { kindOf } from '../../bench/kinds/index.ts';
import { integrityAtEnd } from '../../bench/kinds/whole-check.ts';
import type { Threshold } from '../../bench/plan/threshold.ts';
import type { SessionOutcome } from '../../bench/run/session.ts';
import type { Unavailable } from '../../bench/types.ts';
import type { Document } from '../../reports/documents/document.ts';
import { sessionDocument } from '../../reports/documents/session.ts';
import { summaryText } from '../../reports/formats/json.ts';
import { markdownText } from '../../reports/formats/markdown.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { buildModel } from '../../reports/model/model.ts';
import { headerOf } from '../../reports/model/read.ts';
import { clean } from '../../reports/text.ts';
import type { JsonForm } from '../conclude.ts';
import { asCalled } from '../terminal/called-as.ts';
import { stderr, stdout } from '../terminal/streams.ts';
import { concludeSession, nearPath, type SessionEnd } from './conclude-session.ts';
import { failIfCode } from './fail-if.ts';

export interface RunEnd extends ExitQuestion, Pick<SessionEnd, 'sign'> {
  readonly dir: string;
  readonly json: JsonForm;
  readonly verbose?: boolean | undefined;
}

/** Prints the outcome and returns the exit code; throws what ended the session, if Boxmark itself failed. */
export function concludeRun(outcome: SessionOutcome, rig: Candidates, end: RunEnd): Promise<number> {
  const { info } = outcome;
  const { json, dir, sign, verbose = false } = end;
  const model = buildModel({
    ...outcome,
    integrity: integrityAtEnd(dir, info.stopReason),
    session: headerOf(info, nearPath(dir)),
    unavailable: info.unavailable,
  });
  const document = sessionDocument(model);
  const colour = stdout.isTTY === true && !process.env.NO_COLOR;
  return concludeSession(
    outcome,
    {
      document: () => summaryText(model),
      // Whoever concludes the session prints its seal below its folder.
      text: () =>
        terminalText({ ...document, next: nextAsCalled(document), seal: null }, { width: 80, colour, verbose }),
      markdown: () => markdownText(document),
    },
    { json, dir, sign, code: () => exitCodeOf(outcome, rig, end) },
  );
}

/** Reports keep the name of the program, which may be called otherwise where they are read. */
function nextAsCalled({ next }: Document): Exclude<Document['next'], undefined> {
  if (next == null) return null;
  return { sentence: asCalled(next.sentence), command: next.command && asCalled(next.command) };
}

/** What was to be measured, and what could not run. */
interface Candidates {
  readonly planned: readonly { readonly path: string }[];
  readonly refused: readonly Pick<Unavailable, 'path'>[];
}

export interface ExitQuestion {
  readonly requested: readonly string[];
  readonly keepGoing: boolean;
  /** Does an open verdict count? */
  readonly strict: boolean;
  readonly failIf: readonly Threshold[];
}

/**
 * 1 when an environment asked for by its own name gave no data; 3 when a threshold of `failIf` is exceeded, 4 when one is
 * open, or with `strict` a verdict; else 0.
 */
export function exitCodeOf(
  outcome: Omit<SessionOutcome, 'events' | 'failure'>,
  { planned, refused }: Candidates,
  { requested, keepGoing, strict, failIf }: ExitQuestion,
): number {
  const measured = kindOf(outcome.info.plan).measured(outcome);
  const byName = new Set(requested);
  const wanted = [...planned, ...refused].filter(({ path }) => byName.has(path)).map(({ path }) => path);
  const missing = [...new Set(wanted)].filter((path) => !measured.has(path));
  if (missing.length > 0) {
    const why = keepGoing ? 'goes on all the same (--keep-going)' : 'exit code 1 (--keep-going makes it 0)';
    stderr.write(`boxmark: no data from ${clean(missing.join(', '))}, asked for by name: ${why}\n`);
    if (!keepGoing) return EXIT.failed;
  }
  const code = failIfCode(failIf, outcome.contrasts, outcome.info.plan);
  return strict && code === EXIT.ok ? strictCode(outcome.contrasts) : code;
}

function strictCode(contrasts: SessionOutcome['contrasts']): number {
  const open = contrasts.filter(({ verdict }) => verdict === 'inconclusive' || verdict === 'untrusted');
  const [first] = open;
  if (first === undefined) return EXIT.ok;
  const more = open.length === 1 ? '' : `, and ${open.length - 1} more`;
  stderr.write(`boxmark: ${first.env} on ${first.workload} is ${first.verdict}${more}: exit code 4 (--strict)\n`);
  return EXIT.inconclusive;
}
