/** The outcome of a self-test as text: does the ruler find what is known, and what is the least it can show. */

import type { QuotaRow, SelftestResult, SmallestDifference, TruthRow } from '../bench/analysis/selftest.ts';
import type { Interval } from '../bench/types.ts';
import { formatChange, formatSpan } from '../bench/units.ts';
import { type TableRow, tableLines } from './formats/text-table.ts';
import { clean, wrap } from './text.ts';
import { NO_FIGURE } from './words.ts';

export interface SelftestText extends SelftestResult {
  readonly program: string;
  readonly session: string;
  /** What could not be run, and why. */
  readonly missing: readonly { readonly path: string; readonly reason: string }[];
}

/** Pure; no line is wider than `width`. */
export function renderSelftest(result: SelftestText, width = 80): string {
  const items = (texts: readonly string[]) => texts.flatMap((text) => wrap(text, width, '  '));
  const section = (title: string, body: readonly string[]) =>
    body.length === 0 ? [] : ['', ...wrap(title, width), ...body];
  const { blocks, minutes } = result;
  const span = `${blocks} ${blocks === 1 ? 'block' : 'blocks'} in ${formatSpan(minutes * 60)}`;
  return [
    ...wrap(`boxmark ${clean(result.program, 20)} · selftest · ${clean(result.session, 60)} · ${span}`, width, '  '),
    '',
    ...items(answerLines(result)),
    ...section('Known slowdowns: time ratio to native, and what was really done', truthLines(result, width)),
    ...section(
      `Smallest difference: what an interval tells from none, as in this session and after other times like it`,
      smallestLines(result.smallest, minutes, width),
    ),
    ...section('Could not run', items(result.missing.map(({ path, reason }) => `${clean(path)}: ${clean(reason)}`))),
    ...section('Read this with', items(notes(result))),
    '',
  ].join('\n');
}

function answerLines({ bias, coverage, quotas }: SelftestResult): string[] {
  const { contained, intervals, interval, tooLow } = coverage;
  const share = `${Math.round(100 * interval.low)} to ${Math.round(100 * interval.high)} %`;
  const judged = tooLow ? 'TOO FEW: the intervals of this host are not to be trusted' : 'as promised';
  const covered =
    intervals === 0
      ? 'Coverage: no intervals, from fewer than two blocks.'
      : `Coverage: ${contained} of ${intervals} intervals of 95 % contain the truth (true share ${share}): ${judged}.`;
  const biased =
    bias === null
      ? 'Bias: nothing was measured.'
      : `Bias: ${change(bias.log)}${
          bias.halfWidthLog === null
            ? ''
            : ` [${change(bias.log - bias.halfWidthLog)}, ${change(bias.log + bias.halfWidthLog)}]`
        }, the mean error of all ratios.`;
  return [covered, biased, ...quotas.map(quotaLine)];
}

function quotaLine({ env, truth, leastRead, sustained, short, contained, verdict }: QuotaRow): string {
  if (sustained === null) return `Sustained: ${clean(env)} gave no long visits.`;
  const where = contained === null ? '' : contained ? ', as it should be' : ', NOT as it should be';
  const read = `${sustained.ratio.toFixed(2)}${sustained.interval ? ` ${bracket(sustained.interval, 2)}` : ''}`;
  const inShort = short === null ? '' : ` In short visits it reads ${short.ratio.toFixed(2)}: boxes that take turns`;
  return (
    `Sustained: ${clean(env)} reads ${read} in long visits, true is ${truth.toFixed(2)} ` +
    `(${leastRead.toFixed(2)} and more in visits of this length)${where}.` +
    (inShort === '' ? '' : `${inShort} hardly use it up.${verdict === null ? '' : ` Verdict: ${verdict}.`}`)
  );
}

function truthLines({ rows, suite }: SelftestResult, width: number): string[] {
  const envs = [...new Set(rows.map(({ env }) => env))];
  const lines = envs.flatMap((env): TableRow[] => [
    { cells: [clean(env, 60)], heading: true },
    ...[...rows, ...suite].filter((row) => row.env === env).map((row) => ({ cells: truthCells(row) })),
  ]);
  return lines.length === 0
    ? []
    : tableLines(['', 'truth', 'measured', '95 % interval', 'error', 'in it'], lines, width);
}

function truthCells({ workload, truth, ratio, interval, errorLog, contained }: TruthRow): string[] {
  return [
    `  ${clean(workload, 40)}`,
    truth.toFixed(4),
    ratio.toFixed(4),
    interval === null ? NO_FIGURE : bracket(interval, 4),
    change(errorLog),
    contained === null ? NO_FIGURE : contained ? 'yes' : 'NO',
  ];
}

function smallestLines(smallest: readonly SmallestDifference[], minutes: number, width: number): string[] {
  if (smallest.length === 0) return [];
  const later = smallest[0]?.later.map((at) => `${at.minutes} min`) ?? [];
  const rows = smallest.map(({ workload, now, later: differences }) => ({
    cells: [`  ${clean(workload, 40)}`, ...[now, ...differences.map(({ difference }) => difference)].map(percent)],
  }));
  return tableLines(['', `this: ${formatSpan(minutes * 60)}`, ...later], rows, width);
}

function notes({ blocks, rows, quotas }: SelftestResult): string[] {
  const texts = [
    'The truth is what was done: whole extra passes over the passes of a burst, so that it is not always the round figure asked for.',
    'Intervals of one session share their baseline: wrong ones come in groups. Several sessions say more than one.',
    'A true difference of the smallest size is shown by every other session only.',
  ];
  const none = rows.filter(({ truth }) => truth === 1);
  if (none.length > 0) {
    const count = none.length === 1 ? '1 truth is 1' : `${none.length} truths are 1`;
    texts.push(`${count}: a burst has too few passes for so small a share of them.`);
  }
  if (quotas.some(({ contained }) => contained === false)) {
    texts.push(
      'Where other programs take the CPU anyway, a quota takes nothing more: look for the events pressure and steal.',
    );
  }
  if (blocks < 10) texts.push(`quick: ${blocks} ${blocks === 1 ? 'block' : 'blocks'}, fewer than 10.`);
  return texts;
}

function bracket({ low, high }: Interval, digits: number): string {
  return `[${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}

function change(log: number): string {
  return formatChange(Math.exp(log), 2);
}

function percent(share: number): string {
  return `±${(100 * share).toFixed(2)} %`;
}
