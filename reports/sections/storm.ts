/** Storms of starts: the mistake of starting everything at once beside its remedies, and what a box at work loses. */

import type { StormCell, StormSummary } from '../../bench/analysis/capacity/storm.ts';
import { largest } from '../../bench/analysis/stats/extremes.ts';
import type { Estimate } from '../../bench/types.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { count, known, ms, NO_FIGURE, range, times } from '../words.ts';
import { environmentCell, MOST_NAMED } from './names.ts';
import { figures, name, type RichCell, type Row, type Section, type Text, texts } from './section.ts';

/** `all at once, with weights`. */
export function stormWay({ order, share }: StormCell): string {
  const what = order === 'at-once' ? 'all at once' : 'staggered';
  return share === 'none' ? what : `${what}, ${share === 'weight' ? 'small weights' : 'quotas'}`;
}

export function storm(model: ReportModel): Section {
  const { plan } = model.session;
  const storms = model.costs.storm;
  const hasNumbers = new Set(storms.map(({ instances }) => instances)).size > 1;
  return {
    id: 'storm',
    title: 'Storms of starts',
    short: 'Storms',
    weight: 'top',
    lead: storms.length === 0 ? [] : [leadText(model)],
    charts: plan.measure === 'storm' ? ['storm'] : [],
    tables: [
      {
        id: 'storm',
        caption:
          'Until all boxes are ready, and what a box at work loses meanwhile; against all at once without limits',
        group: 'environment',
        columns: [
          ...texts('boxes started'),
          ...figures(
            'all ready',
            '95 % interval',
            '× at once',
            '95 % interval',
            'worst box',
            'victim ×',
            '95 % interval',
            'p99 ×',
            'gap',
          ),
        ],
        rows: model.environments.flatMap((environment): Row[] =>
          storms
            .filter(({ env }) => env === environment.path)
            .map((one) => ({ group: environmentCell(environment), cells: cellsOf(one, hasNumbers) })),
        ),
        notes:
          storms.length === 0
            ? []
            : [
                'Victim: median pass of the box at work during the storm, and its 99th percentile, over the median before. Gap: the longest time in which a thread that only sleeps got no CPU.',
              ],
        sources: [{ file: 'storm.csv', rows: null, filter: 'by env, order and share' }],
      },
    ],
    notes: storms.flatMap((one) => [...lostNotes(one), ...beatNotes(one)]),
  };
}

function leadText({ session }: ReportModel): Text {
  const { baseline, workloads, limits } = session.plan;
  const cpus = count(limits.cpus.length, 'CPU');
  return [
    'Each storm starts its boxes on ',
    cpus,
    ' beside a box of ',
    name(baseline),
    ` that works on ${clean(workloads[0] ?? '', 40)}. Staggered: two at a time for each CPU. Small weights: 10 instead of 1024. Quotas: half of the CPUs, divided among the boxes.`,
  ];
}

function cellsOf(one: StormSummary, hasNumbers: boolean): Row['cells'] {
  const way = stormWay(one);
  const { allReady, against, worstMs, victim, victimP99, longestGapMs } = one;
  return [
    hasNumbers ? `${one.instances} ${way}` : way,
    allReady === null ? NO_FIGURE : { show: ms(allReady.ms), value: allReady.ms },
    range(allReady?.interval, ms),
    ratioCell(against?.allReady ?? null),
    range(against?.allReady?.interval, times),
    known(worstMs, ms),
    ratioCell(victim),
    range(victim?.interval, times),
    ratioCell(victimP99),
    known(longestGapMs, ms),
  ];
}

function ratioCell(estimate: Estimate | null): RichCell {
  return estimate === null ? { show: NO_FIGURE } : { show: times(estimate.ratio), value: estimate.ratio };
}

function lostNotes(one: StormSummary): Text[] {
  if (one.lost === 0) return [];
  return [
    [name(one.env), `, ${one.instances} ${stormWay(one)}: ${count(one.lost, 'box', 'boxes')} did not become ready.`],
  ];
}

function beatNotes(one: StormSummary): Text[] {
  if (one.missedBeats === 0) return [];
  const missed = count(one.missedBeats, 'time');
  const gap = known(one.longestGapMs, ms);
  return [
    [
      name(one.env),
      `, ${one.instances} ${stormWay(one)}: the host was locked ${missed} for more than a second (${gap} at most), and the storm was ended.`,
    ],
  ];
}

const WIDE_SPAN = 10;

/** `50 starts at once: docker all ready after 14.2 s, the box beside them × 3.1; with small weights …` */
export function stormAnswer(model: ReportModel): string {
  const storms = model.costs.storm;
  if (storms.length === 0) return 'Nothing was measured.';
  const most = largest(storms.map(({ instances }) => instances));
  const texts = model.session.plan.environments.flatMap(({ path }) => {
    const own = storms.filter(({ env, instances }) => env === path && instances === most);
    const worst = own.find(({ against }) => against === null);
    if (worst === undefined) return [];
    const atWorst = worst.victim?.ratio ?? Number.POSITIVE_INFINITY;
    // The other way that spares the box at work most, if one does.
    const best = own
      .filter(({ against, victim, lost }) => against !== null && victim !== null && lost === 0)
      .filter(({ victim }) => (victim?.ratio ?? atWorst) < atWorst)
      .sort((a, b) => (a.victim?.ratio ?? 0) - (b.victim?.ratio ?? 0))[0];
    const remedy = best === undefined ? '' : `; ${stormWay(best)} ${outcomeText(best)}`;
    return [`${clean(path, 60)} ${outcomeText(worst)}${remedy}`];
  });
  const shown = texts.slice(0, MOST_NAMED).join('. ');
  const more = texts.length > MOST_NAMED ? `. And ${texts.length - MOST_NAMED} more environments` : '';
  return `${most} starts at once: ${shown}${more}.`;
}

function outcomeText({ allReady, victim, lost }: StormSummary): string {
  const ready = allReady === null ? `lost ${count(lost, 'box', 'boxes')}` : `all ready after ${ms(allReady.ms)}`;
  if (victim === null) return ready;
  const { ratio, interval, blocks } = victim;
  // A few blocks of something that varies by factors leave no digit of the ratio.
  const isWide = interval === null || interval.high / interval.low > WIDE_SPAN;
  const ends = isWide ? `(${count(blocks, 'block')})` : range(interval, times);
  return `${ready}, the box at work beside them × ${times(ratio)} ${ends}`;
}
