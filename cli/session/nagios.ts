/** One line and an exit code, as monitoring plug-ins give them: is the newest session alive, recent and whole? */

import { messageOf } from '../../bench/errors.ts';
import type { CheckResult } from '../../bench/session/check.ts';
import { sessionFolders } from '../../bench/session/find.ts';
import { activityOf } from '../../bench/session/heartbeat.ts';
import { formatSpan } from '../../bench/units.ts';
import { clean } from '../../reports/text.ts';
import { isoOf, sentenceOf } from './activity.ts';

/** Exit codes of the plug-in interface. */
export const STATUS = { OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3 } as const;

export interface NagiosQuestion {
  /** A session, or a folder of sessions. */
  readonly path: string;
  /** How long ago the newest session may have ended, ms. */
  readonly maxAgeMs?: number | undefined;
  /** Verifies the files of a session that has ended. */
  verify(dir: string): Promise<CheckResult>;
}

/** Never throws: what can't be found out is UNKNOWN. */
export async function nagios(question: NagiosQuestion): Promise<{ readonly line: string; readonly code: number }> {
  try {
    const { status, said, figures } = await judge(question);
    const perfdata = Object.entries(figures).map(([name, value]) => `${name}=${value}`);
    return lineOf(status, said, perfdata.join(' '));
  } catch (error) {
    return lineOf('UNKNOWN', messageOf(error), '');
  }
}

interface Judgement {
  readonly status: keyof typeof STATUS;
  readonly said: string;
  readonly figures: Readonly<Record<string, string | number>>;
}

async function judge({ path, maxAgeMs, verify }: NagiosQuestion): Promise<Judgement> {
  const dir = sessionFolders(path).at(-1) ?? path;
  const nowMs = Date.now();
  const activity = activityOf(dir, nowMs);
  const ageMs = Math.max(0, nowMs - activity.lastMs);
  const figures = { age: `${Math.round(ageMs / 1000)}s`, blocks: activity.info.blocksCompleted };
  const said = `${activity.session}: ${sentenceOf(activity, nowMs)}`;
  switch (activity.state) {
    case 'running':
      return { status: 'OK', said, figures };
    case 'interrupted':
      return { status: 'WARNING', said, figures };
    case 'finished':
      break;
    default:
      return { status: 'CRITICAL', said, figures };
  }
  const { findings, samples, starts, wrongAnswers: wrong } = await verify(dir);
  const all = { ...figures, samples, starts, wrong };
  const [first] = findings;
  if (first !== undefined) {
    return { status: 'CRITICAL', said: `${activity.session}: ${first.file}: ${first.problem}`, figures: all };
  }
  if (maxAgeMs !== undefined && ageMs > maxAgeMs) {
    const limit = `more than ${formatSpan(maxAgeMs / 1000)}`;
    const since = `no activity since ${isoOf(activity.lastMs)}, ${formatSpan(ageMs / 1000)} ago, ${limit}`;
    return { status: 'CRITICAL', said: `${since} (${activity.session})`, figures: all };
  }
  return { status: 'OK', said: `${said}, ${samples} samples whole`, figures: all };
}

/** A bar would end the text. */
function lineOf(status: keyof typeof STATUS, said: string, perfdata: string) {
  const text = clean(said.replaceAll('\n', ' '), 500).replaceAll('|', '/');
  const line = `BOXMARK ${status} - ${text}${perfdata === '' ? '' : ` | ${perfdata}`}\n`;
  return { line, code: STATUS[status] };
}
