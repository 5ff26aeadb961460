/** Starts compared: warm ones, and those with a cold page cache. */

import { STARTUP_FIGURES, type StartupFigure, type StartupRow } from '../../bench/types.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { ms, NO_FIGURE, range, times } from '../words.ts';
import { environmentCell } from './names.ts';
import { figures, type Row, type Section } from './section.ts';

export const STARTUP_TITLES: Readonly<Record<StartupFigure, string>> = {
  spawned: 'spawned',
  'first-instruction': 'first instruction',
  ready: 'ready',
  removal: 'removal',
};

export function warmStarts(model: ReportModel): Section {
  return {
    ...startupSection(model, 'warm'),
    id: 'starts',
    title: 'Warm starts',
    weight: 'top',
    charts: model.session.plan.measure === 'startup' ? ['startup'] : [],
  };
}

export function coldStarts(model: ReportModel): Section {
  const kept = model.events.byKind.some(({ kind }) => kind === 'page-cache-kept');
  const cold = kept
    ? "The first starts since the image was prepared. The page cache can't be dropped here, so there is one block of them."
    : "Each right after the host's page cache was dropped.";
  return { ...startupSection(model, 'cold'), id: 'cold-starts', title: 'Cold starts', weight: 'body', lead: [cold] };
}

function startupSection(model: ReportModel, temperature: StartupRow['temperature']): Pick<Section, 'tables'> {
  const rows = model.costs.startup.filter((row) => row.temperature === temperature);
  return {
    tables: [
      {
        id: `${temperature}-start-rows`,
        caption: `Time from start, and of removal; ratios to ${clean(model.session.plan.baseline, 60)}, paired within rounds`,
        group: 'environment',
        columns: figures('until', 'median', '95 % of a block', 'time ratio', '95 % interval', 'starts'),
        rows: model.environments.flatMap((environment): Row[] =>
          STARTUP_FIGURES.flatMap((figure) => {
            const row = rows.find((it) => it.env === environment.path && it.figure === figure);
            return row === undefined ? [] : [{ group: environmentCell(environment), cells: startCells(row) }];
          }),
        ),
        sources: [{ file: 'starts.csv', rows: null, filter: `${temperature}, by env` }],
      },
    ],
  };
}

function startCells({ figure, medianMs, interval, ratio, starts }: StartupRow): Row['cells'] {
  return [
    STARTUP_TITLES[figure],
    { show: ms(medianMs), value: medianMs },
    range(interval, ms),
    ratio === null ? NO_FIGURE : { show: times(ratio.ratio), value: ratio.ratio },
    range(ratio?.interval, times),
    { show: String(starts), value: starts },
  ];
}
