/** What changed on the hosts of a fleet: the mean change of every figure with its verdict, hosts that stand out, groups. */

import { LEAST_HOSTS } from '../../bench/analysis/stats/random-effects.ts';
import type { ChangeLine, ChangeModel } from '../model/fleet-change.ts';
import { meanFigure, nextFigure } from '../model/fleet-figures.ts';
import { clean } from '../text.ts';
import { percent, valueText } from '../words.ts';
import { groupCells } from './fleet.ts';
import { rangeCell, spreadText, valueCell } from './fleet-words.ts';
import { figures, list, name, type Row, type Section, type Text, tableSection, texts } from './section.ts';

const MOST_ROWS = 100;
const MOST_NAMED = 12;

export function changedFigures({ lines }: ChangeModel): Section {
  return tableSection(
    { id: 'figures', title: 'Time ratios after over before: mean over hosts' },
    {
      group: 'environment',
      columns: figures('workload', 'hosts', 'change', '95 % interval', 'next host', 'spread', 'verdict'),
      rows: lines.map((line) => ({ group: pairOf(line), cells: lineCells(line) })),
      notes: ['change: of the ratio to the baseline, host by host; a host that became slower as a whole cancels out'],
    },
  );
}

/** `docker against native`. */
export function pairOf({ env, baseline }: Pick<ChangeLine, 'env' | 'baseline'>): string {
  return `${clean(env, 60)} against ${clean(baseline, 60)}`;
}

function lineCells({ workload, places, effects, verdict }: ChangeLine): Row['cells'] {
  const mean = effects && meanFigure(effects);
  const isMarked = verdict === 'regressed' || verdict === 'improved';
  return [
    clean(workload, 40),
    { show: String(places.length), value: places.length },
    valueCell(mean),
    rangeCell(mean),
    rangeCell(effects && nextFigure(effects)),
    spreadText(effects),
    { show: verdict, ...(isMarked ? { tone: verdict } : {}) },
  ];
}

const REASONS = {
  'few-hosts': `fewer than ${LEAST_HOSTS} hosts have an interval on both sides, which shows nothing of how hosts differ`,
  'not-past-margin': 'the mean is beyond the margin, but that may be chance',
  'not-shown-unchanged': 'the mean is within the margin, but its interval is not',
} as const;

export function undecidedChanges({ lines }: ChangeModel): Section {
  const reasons = [...new Set(lines.flatMap(({ reason }) => (reason === null ? [] : [reason])))];
  return list(
    'no-verdict',
    'No verdict',
    reasons.map((reason) => {
      const own = lines.filter((line) => line.reason === reason);
      const shown = own.slice(0, MOST_NAMED).map((line) => `${clean(line.env, 60)} on ${clean(line.workload, 40)}`);
      const more = own.length > shown.length ? ` and ${own.length - shown.length} more` : '';
      return `${shown.join(', ')}${more}: ${REASONS[reason]}.`;
    }),
  );
}

/** Hosts on which a figure changed otherwise than on the others. */
export function changeOutliers({ lines, hosts }: ChangeModel): Section {
  const rows = lines.flatMap((line) =>
    line.outliers.map(({ place, deviationLog, pValue }): Row => {
      const index = line.places.indexOf(place);
      const change = (line.afterLogs[index] as number) - (line.beforeLogs[index] as number);
      const half = line.halfWidthLogs[index] as number;
      const interval = { low: Math.exp(change - half), high: Math.exp(change + half) };
      return {
        cells: [
          name(hosts[place]?.host ?? '', 80),
          `${clean(line.env, 60)}, ${clean(line.workload, 40)}`,
          valueCell({ timeRatio: Math.exp(change), interval: Number.isFinite(half) ? interval : null }),
          { show: valueText({ timeRatio: Math.exp(deviationLog), interval: null }), value: deviationLog },
          { show: pValue < 0.0001 ? '<0.0001' : pValue.toFixed(4), value: pValue },
        ],
      };
    }),
  );
  return tableSection(
    { id: 'outliers', title: 'Hosts that changed otherwise than the others', weight: 'body' },
    {
      columns: [...texts('host', 'figure'), ...figures('change', 'from the others', 'p')],
      rows: rows.slice(0, MOST_ROWS),
      notes: rows.length > MOST_ROWS ? [`${rows.length - MOST_ROWS} more are in the JSON document`] : [],
    },
  );
}

export function changeGroups({ lines, by }: ChangeModel): Section {
  const title = clean(by ?? '', 40);
  const rows = lines.flatMap((line) =>
    line.groups.map(
      (group): Row => ({ group: `${pairOf(line)} on ${clean(line.workload, 40)}`, cells: groupCells(group) }),
    ),
  );
  return tableSection(
    { id: 'groups', title: `Changes by ${title}`, weight: 'body' },
    {
      group: 'figure',
      columns: [{ title, align: 'left' }, ...figures('hosts', 'change', '95 % interval', 'next host', 'spread within')],
      rows: rows.slice(0, MOST_ROWS),
      notes: rows.length > MOST_ROWS ? [`${rows.length - MOST_ROWS} more are in the JSON document`] : [],
    },
  );
}

export function unmatchedHosts({ onlyBefore, onlyAfter, leftOut }: ChangeModel): Section {
  const named = (names: readonly string[]) => {
    const more = names.length - MOST_NAMED;
    return `${names
      .slice(0, MOST_NAMED)
      .map((one) => clean(one, 60))
      .join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  };
  const shown = leftOut.slice(0, MOST_NAMED);
  return list('left-out', 'Left out', [
    ...(onlyBefore.length > 0 ? [`Only before: ${named(onlyBefore)}.`] : []),
    ...(onlyAfter.length > 0 ? [`Only after: ${named(onlyAfter)}.`] : []),
    ...shown.map(
      ({ host, dir, why }): Text => [`${clean(host, 60) || 'a session'} (`, name(dir), `): ${clean(why, 200)}`],
    ),
    ...(leftOut.length > shown.length ? [`${leftOut.length - shown.length} more sessions.`] : []),
  ]);
}

export function changeNotes({ margin }: ChangeModel): Section {
  return list('notes', 'Notes', [
    `A figure is unchanged when the whole interval of its mean lies within ±${percent(margin)}, and regressed or improved ` +
      'when it is shown to lie beyond, at 5 % for all figures together (Holm).',
    'Hosts are matched by name and hardware, and compared only where both sides ran the same plan.',
    'Next host: where the true change on one more host lies, in 95 % of cases.',
  ]);
}
