/** Verdicts in words: why one is open, what would decide it, and when a session can't be trusted. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import type { Judged, Reason } from '../../bench/analysis/contrast/verdict.ts';
import { decisiveHalfWidthLog } from '../../bench/analysis/stats/precision.ts';
import { factWords } from '../../bench/box/facts.ts';
import { grouped } from '../../bench/grouped.ts';
import { hasSuite, SUITE } from '../../bench/plan/suite.ts';
import { formatChange } from '../../bench/units.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { count, percent } from '../words.ts';
import { pairName } from './names.ts';
import { folderOf } from './reproduce.ts';
import type { Section, Text } from './section.ts';

/** As the end of a sentence, and in a word or two where there is little room. */
const PHRASES: Readonly<Record<Exclude<Reason['kind'], 'unequal'>, readonly [sentence: string, words: string]>> = {
  'too-wide': ['the interval is too wide for the margin', 'too wide'],
  'one-block': ['one block has no interval', 'one block'],
  'control-too-wide': ["the control's interval is not within the margin", 'control too wide'],
  'no-control': ['the control has no interval', 'no control'],
  'control-wider': [
    'the control, a second copy of the baseline, differs from it by as much',
    'the control may differ as much',
  ],
  intermittent: ['one side loses time now and then more often than the other', 'time lost now and then'],
  'total-not-shown': [
    'the total ratio, with what is lost now and then, is not shown to be within the margin',
    'total time may differ',
  ],
  'sustained-differs': ['the sustained ratio is past the margin', 'sustained ratio differs'],
  'no-long-visits': ["a session without long visits can't show equality", 'no long visits'],
  'control-differs': ['the control differs from the baseline', 'the control differs'],
  'session-untrusted': ['the control differs from the baseline elsewhere', 'the session is untrusted'],
};

/** The reasons as the end of a sentence. */
export function reasonText(reasons: readonly Reason[]): string {
  return phrases(reasons, 0).join('; ');
}

/** The reasons in a word or two each. */
export function reasonWords(reasons: readonly Reason[]): string {
  return phrases(reasons, 1).join(', ');
}

function phrases(reasons: readonly Reason[], form: 0 | 1): string[] {
  return reasons.map((reason) =>
    reason.kind === 'unequal'
      ? `unequal: ${reason.facts.map((fact) => clean(factWords(fact), 40)).join(', ')}`
      : PHRASES[reason.kind][form],
  );
}

/** `29 more blocks`, `15 min`; that no number of them would do; no time where it is not known. */
export function moreWords({ blocks, minutes }: More): { readonly blocks: string; readonly time: string | null } {
  if (blocks === null) return { blocks: 'more than 1000 further blocks', time: null };
  return {
    blocks: count(blocks, 'more block'),
    time: minutes === null ? null : minutesText(minutes),
  };
}

/** `29 more blocks, about 15 min`. */
export function moreText(more: More): string {
  const { blocks, time } = moreWords(more);
  return time === null ? blocks : `${blocks}, about ${time}`;
}

type More = NonNullable<Judged['more']>;

/** One line a pair: its open and untrusted verdicts with their reasons. */
export function openVerdicts(model: ReportModel): Section {
  const rows = model.contrasts.filter(
    ({ judgement, workload }) =>
      // The banner covers the whole session.
      judgement?.reasons.some(({ kind }) => kind !== 'session-untrusted') &&
      (workload !== SUITE || hasSuite(model.session.plan)),
  );
  const cell = ({ workload, judgement }: ContrastRow) => {
    const more = judgement?.more ? `: ${moreText(judgement.more)}` : '';
    return `${clean(workload, 40)} (${reasonWords(judgement?.reasons ?? [])}${more})`;
  };
  return {
    id: 'open',
    title: 'Open and untrusted verdicts',
    short: 'Open verdicts',
    weight: 'body',
    notes: grouped(rows, ({ env, baseline, verdict }) => [env, baseline, verdict]).map((same): Text => {
      const [first] = same as [ContrastRow];
      return [...pairName(first), `: ${first.verdict} on ${same.map(cell).join(', ')}.`];
    }),
  };
}

/** What an open session needs, and the command that does it; null where more blocks are no help. */
export interface Needs {
  readonly sentence: string;
  readonly command: string | null;
}

/** Nobody adds more blocks than this to a session: they find a quieter hour, or host. */
const MOST_BLOCKS = 500;

/** What would decide every verdict that is open for width; null when there is none. */
export function needsOf(model: ReportModel): Needs | null {
  const { open, session } = model;
  if (open === null) return null;
  const width = `±${percent(decisiveShare(model.margin))}`;
  if (open.blocks === null) {
    const who = open.count === 1 ? 'The open verdict needs' : `The ${open.count} open verdicts need`;
    const sentence = `${who} more than 1000 further blocks for ${width}: make the host quieter instead (boxmark doctor)`;
    return { sentence, command: null };
  }
  const able = open.count - open.beyond;
  const widest = able === 1 ? 'The open verdict' : `The widest of ${able} open verdicts`;
  if (open.blocks > MOST_BLOCKS) {
    const needs = moreText({ ...open, blocks: open.blocks });
    return {
      sentence: `${widest} needs ${needs}, for ${width}: this host is too noisy now (boxmark doctor)`,
      command: null,
    };
  }
  const rest = open.beyond === 0 ? '' : `; ${open.beyond} more would need more than 1000 blocks, and a quieter host`;
  const { target } = session.plan;
  // A session that stopped at its target continues only for a smaller one.
  const isAtTarget = session.stopReason === 'precision' && typeof target === 'number';
  const flag = isAtTarget ? `--target ${decisivePercent(model.margin)}%` : `--max-blocks ${model.blocks + open.blocks}`;
  return {
    sentence: `${widest} needs ${able === 1 ? '' : 'up to '}${moreText({ ...open, blocks: open.blocks })}: then it is at ${width}, which always decides${rest}`,
    command: `boxmark resume ${folderOf(model)} ${flag}`,
  };
}

/** The banner of a session whose control fails; empty when it passes. */
export function distrustLines(model: ReportModel): string[] {
  const { trust, session } = model;
  const baseline = clean(session.plan.baseline, 60);
  const failing = trust.differences.filter(({ disqualifies }) => disqualifies);
  if (failing.length === 0) return [];
  const cells = failing.map(({ workload, ratio }) => `${formatChange(ratio)} on ${clean(workload, 40)}`).join(', ');
  const what = `the control, a second ${baseline}, differs from ${baseline} by ${cells}`;
  return trust.session
    ? [`UNTRUSTED SESSION: ${what}. Do not rely on any verdict of this session: the host did not treat both alike.`]
    : [`UNTRUSTED on ${failing.map(({ workload }) => clean(workload, 40)).join(', ')}: ${what}.`];
}

/** `30 s`, `6 min`, `2.5 h`: an estimate needs no more digits. */
function minutesText(minutes: number): string {
  if (minutes < 1) return `${Math.max(10, Math.round(minutes * 6) * 10)} s`;
  return minutes < 120 ? `${Math.round(minutes)} min` : `${(minutes / 60).toFixed(minutes < 600 ? 1 : 0)} h`;
}

/** The half-width that always decides, rounded down: one a little wider need not. */
function decisiveShare(margin: number): number {
  return Math.floor(decisiveHalfWidthLog(margin) * 1e4) / 1e4 || decisiveHalfWidthLog(margin);
}

function decisivePercent(margin: number): number {
  return Number((decisiveShare(margin) * 100).toPrecision(3));
}
