/** Known truths against what was measured, and the smallest difference that a session can detect. */

import type { QuotaRow, SelftestOutcome, SelftestResult, TruthRow } from '../../bench/analysis/selftest.ts';
import { grouped } from '../../bench/grouped.ts';
import { formatSpan } from '../../bench/units.ts';
import { clean } from '../text.ts';
import { changePercent, changeWords, joined, known, NO_FIGURE, plusMinus, range } from '../words.ts';
import type { Missing } from './differences.ts';
import { quickText } from './notes.ts';
import { figures, list, name, type Row, type Section, tableSection } from './section.ts';

export interface Selftest extends SelftestResult {
  readonly program: string;
  readonly session: string;
  /** Of the session; null while it has no manifest. */
  readonly seal: string | null;
  readonly missing: readonly Missing[];
}

export function coverageSentence({ coverage, outcome }: Selftest): string {
  const { contained, intervals, interval } = coverage;
  if (outcome === 'unknown') return 'Coverage: no intervals, because there are fewer than two blocks.';
  const share = `${Math.round(100 * interval.low)} to ${Math.round(100 * interval.high)} %`;
  return `Coverage: ${contained} of ${intervals} intervals of 95 % contain the truth (true share ${share}): ${OUTCOMES[outcome]}.`;
}

const OUTCOMES: Readonly<Record<Exclude<SelftestOutcome, 'unknown'>, string>> = {
  'as-promised': 'as promised',
  'too-few': 'TOO FEW: do not trust the intervals of this host',
  'too-noisy': 'but this host is TOO NOISY TO SAY: intervals so wide contain anything, and no known slowdown shows',
};

/** Wide intervals contain every truth: what they distinguish from no difference says what the host is good for. */
export function powerSentence({ power }: Selftest): string {
  const { found, applied, byTruth, smallest } = power;
  if (applied === 0) return 'Found: no slowdown was applied that could be found.';
  const parts = byTruth.map((own) => `${clean(own.env, 60)} ${own.found} of ${own.applied}`).join(', ');
  const least = smallest === null ? '' : ` The smallest one is ${changePercent(smallest)}.`;
  return `Found: ${found} of ${applied} known slowdowns are distinguished from none (${parts}).${least}`;
}

export function biasSentence({ bias }: Selftest): string {
  if (bias === null) return 'Bias: nothing was measured.';
  const { log, halfWidthLog } = bias;
  const ends = halfWidthLog === null ? null : { low: Math.exp(log - halfWidthLog), high: Math.exp(log + halfWidthLog) };
  const figure = { timeRatio: Math.exp(log), interval: ends };
  return `Bias: ${joined(changeWords(figure, 2))}, the mean error of all ratios.`;
}

export function quotaSentence({ env, truth, leastRead, sustained, short, contained, verdict }: QuotaRow): string {
  if (sustained === null) return `Sustained: ${clean(env)} has no long visits.`;
  const outcome = contained === null ? '' : contained ? ', as expected' : ', NOT as expected';
  const { ratio, interval } = sustained;
  const read = joined({ value: twoDigits(ratio), range: interval && range(interval, twoDigits) });
  const long = `Sustained: ${clean(env)} reads ${read} in long visits; true is ${twoDigits(truth)} (${twoDigits(leastRead)} or more in visits of this length)${outcome}.`;
  if (short === null) return long;
  const judged = verdict === null ? '' : ` Verdict: ${verdict}.`;
  return `${long} In short visits it reads ${twoDigits(short.ratio)}: boxes that take turns hardly use it up.${judged}`;
}

export function truths({ rows, suite }: Selftest): Section {
  return tableSection(
    { id: 'truths', title: 'Known slowdowns: time ratio to native, and the true one' },
    {
      group: 'environment',
      columns: figures('workload', 'truth', 'measured', '95 % interval', 'error', 'contained'),
      rows: grouped([...rows, ...suite], ({ env }) => env)
        .flat()
        .map((row) => ({ group: name(row.env, 60), cells: truthCells(row) })),
    },
  );
}

function truthCells({ workload, truth, ratio, interval, errorLog, contained }: TruthRow): Row['cells'] {
  return [
    clean(workload, 40),
    { show: truth.toFixed(4), value: truth },
    { show: ratio.toFixed(4), value: ratio },
    range(interval, (value) => value.toFixed(4)),
    { show: changePercent(Math.exp(errorLog), 2), value: errorLog },
    contained === null ? NO_FIGURE : contained ? 'yes' : 'NO',
  ];
}

export function smallestDifferences({ smallest, minutes }: Selftest): Section {
  const later = smallest[0]?.later.map((at) => `${at.minutes} min`) ?? [];
  return tableSection(
    { id: 'smallest', title: 'Smallest detectable difference, in this session and in longer ones', weight: 'body' },
    {
      columns: figures('workload', `this: ${formatSpan(minutes * 60)}`, ...later),
      rows: smallest.map(({ workload, now, later: longer }) => ({
        cells: [
          clean(workload, 40),
          ...[now, ...longer.map(({ difference }) => difference)].map((share) => ({
            show: known(share, (it) => plusMinus(it, 2)),
            value: share,
          })),
        ],
      })),
    },
  );
}

export function selftestNotes({ blocks, rows, quotas }: Selftest): Section {
  const none = rows.filter(({ truth }) => truth === 1).length;
  return list('notes', 'Notes', [
    'The truth is the work that was really done: whole extra passes over the passes of a burst, which need not be the round figure asked for.',
    'Intervals of one session share their baseline, so wrong ones come in groups. Several sessions show more than one.',
    'A true difference of the smallest size shows in every other session only.',
    ...(none === 0
      ? []
      : [
          `${none === 1 ? '1 truth is 1' : `${none} truths are 1`}: a burst has too few passes for so small a share of them.`,
        ]),
    ...(quotas.some(({ contained }) => contained === false)
      ? [
          'Where other programs take the CPU anyway, a quota takes nothing more: look for the events pressure and steal.',
        ]
      : []),
    ...quickText(blocks),
  ]);
}

function twoDigits(value: number): string {
  return value.toFixed(2);
}
