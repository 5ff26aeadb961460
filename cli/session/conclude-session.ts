/** The one ending of every command that has measured a session: what it shows, its report, failure and exit code. */

import { relative } from 'node:path';
import { EXIT, messageOf } from '../../bench/errors.ts';
import { kindOf } from '../../bench/kinds/index.ts';
import type { SessionOutcome } from '../../bench/run/session.ts';
import { sealOf } from '../../bench/session/seal.ts';
import type { SigningKey } from '../../bench/session/signature/private-key.ts';
import { signSession } from '../../bench/session/signature/session-signature.ts';
import { type JsonForm, type Result, show } from '../conclude.ts';
import { programName, withCommands } from '../terminal/called-as.ts';
import { stderr, stdout } from '../terminal/streams.ts';
import { resumeCall } from './stored-origin.ts';
import { writeSessionReport } from './write-report.ts';

export interface SessionEnd {
  readonly json: JsonForm;
  /** The session's folder. */
  readonly dir: string;
  /** Signs the session, when it came to its own end. */
  readonly sign?: SigningKey | undefined;
  /** The exit code when the session came to its own end and measured something. */
  code(): number;
}

/**
 * Prints what a session has led to, and keeps its report beside it. Returns 130 when it was interrupted, 1 when nothing
 * was measured; throws what ended it, if Boxmark itself failed.
 */
export async function concludeSession(
  outcome: SessionOutcome,
  result: Omit<Result, 'json' | 'dirs'>,
  end: SessionEnd,
): Promise<number> {
  const { info, failure } = outcome;
  const { json, dir } = end;
  const isInterrupted = info.stopReason === 'interrupted';
  // A report of nothing would hide the one line that matters.
  if (!isInterrupted || info.blocksCompleted > 0 || json) show({ ...result, json, dirs: [dir] });
  if (isInterrupted) {
    const kept =
      info.blocksCompleted === 0
        ? 'nothing was measured yet'
        : `${info.blocksCompleted} whole ${info.blocksCompleted === 1 ? 'block is' : 'blocks are'} kept`;
    stderr.write(`boxmark: interrupted; ${kept}\n  try: ${resumeCall(nearPath(dir), info.plan)}\n`);
    return EXIT.interrupted;
  }
  if (failure !== null) throw failure;
  const seal = sealOf(dir);
  const signer = seal === null || end.sign === undefined ? null : signSession(dir, end.sign);
  if (seal !== null && !json) {
    stdout.write(`Seal: ${seal}\n${signer === null ? '' : `Signed: by ${signer}\n`}`);
  }
  if (info.blocksCompleted > 0) await keepReport(dir, json);
  if (kindOf(info.plan).measured(outcome).size > 0) return end.code();
  stderr.write(withCommands('boxmark: nothing was measured\n  try: boxmark doctor\n'));
  return EXIT.failed;
}

/** A report that can't be written costs the session nothing: it can be rendered again. */
async function keepReport(dir: string, json: JsonForm): Promise<void> {
  try {
    const page = await writeSessionReport(dir);
    if (!json) stdout.write(`Report: ${page}\n`);
  } catch (error) {
    stderr.write(
      `boxmark: the report was not written: ${messageOf(error)}\n  try: ${programName()} report ${nearPath(dir)} -v\n`,
    );
  }
}

/** Relative to the current folder where that is shorter to type. */
export function nearPath(dir: string): string {
  const near = relative(process.cwd(), dir);
  return near.startsWith('..') ? dir : near;
}
