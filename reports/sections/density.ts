/** How many idle instances fit, what ended each series, what one more takes, and what all of them share. */

import { DENSITY_FIGURES, type DensityFigure, type DensitySummary } from '../../bench/analysis/capacity/density.ts';
import type { SeriesEnd } from '../../bench/types.ts';
import type { EnvironmentModel, ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { count, known, mib, ms, NO_FIGURE, percent, range, sentence, times } from '../words.ts';
import { shownMemory, slopeCells } from './memory.ts';
import { environmentCell, MOST_NAMED } from './names.ts';
import { figures, name, type Row, type Section, type Text, texts } from './section.ts';

const TITLES: Readonly<Record<DensityFigure, string>> = {
  host: 'host memory',
  pss: 'PSS',
  rss: 'resident',
  cgroup: 'control group',
  slab: "kernel's objects",
  disk: 'disk, own',
};

const ENDS: Readonly<Record<SeriesEnd, string>> = {
  max: 'as many as planned',
  memory: 'memory',
  disk: 'disk',
  load: 'load',
  processes: 'processes',
  engine: 'the engine',
};

type Measured = readonly [EnvironmentModel, DensitySummary];

export function density(model: ReportModel): Section {
  const measured = model.environments.flatMap((environment): Measured[] => {
    const summary = model.costs.density.find(({ env }) => env === environment.path);
    return summary === undefined ? [] : [[environment, summary]];
  });
  const sources = [{ file: 'density.csv', rows: null, filter: 'by env' }] as const;
  return {
    id: 'density',
    title: 'How many idle instances fit',
    short: 'Density',
    weight: 'top',
    charts: model.session.plan.measure === 'density' ? ['density'] : [],
    tables: [
      {
        id: 'density-starts',
        caption: 'Instances held at the end of a series, and the time to start the next one',
        group: 'environment',
        columns: [
          ...figures('held'),
          ...texts('ended by'),
          ...figures('first', 'median', 'last', 'growth', '95 % interval'),
        ],
        rows: measured.map(([environment, summary]) => ({
          group: environmentCell(environment),
          cells: startCells(summary),
        })),
        notes:
          measured.length === 0
            ? []
            : ['Growth: median start of the last quarter of a series over that of the first quarter.'],
        sources,
      },
      {
        id: 'density',
        caption: 'One more idle instance, MiB: slope over the number of instances, and the fixed part',
        group: 'environment',
        columns: figures('resource', 'MiB each', '95 % interval', 'fixed'),
        rows: measured.flatMap(([environment, { slopes }]) =>
          DENSITY_FIGURES.map((figure) => ({
            group: environmentCell(environment),
            cells: [TITLES[figure], ...slopeCells(slopes[figure])],
          })),
        ),
        sources,
      },
    ],
    notes: measured.flatMap(([, summary]) => [...endNotes(summary), ...sharingNotes(summary)]),
  };
}

function startCells({ held, ends, starts }: DensitySummary): Row['cells'] {
  const numbers = held.least === held.most ? String(held.most) : `${held.median} (${held.least} to ${held.most})`;
  return [
    { show: numbers, value: held.median },
    ends.map(({ by }) => ENDS[by]).join(', '),
    known(starts?.firstMs, ms),
    known(starts?.medianMs, ms),
    known(starts?.lastMs, ms),
    starts?.growth == null ? NO_FIGURE : { show: times(starts.growth.ratio), value: starts.growth.ratio },
    range(starts?.growth?.interval, times),
  ];
}

function endNotes({ env, ends }: DensitySummary): Text[] {
  return ends.flatMap(({ by, blocks, reason }): Text[] =>
    by === 'max'
      ? []
      : [[name(env), `: ${count(blocks, 'series', 'series')} ended by ${ENDS[by]}: ${sentence(clean(reason, 300))}`]],
  );
}

function sharingNotes({ env, sharing }: DensitySummary): Text[] {
  if (sharing === null || sharing.instances < 2 || !(sharing.rssBytes > 0)) return [];
  const { instances, rssBytes, pssBytes, ksmBytes } = sharing;
  const saved = percent(Number((1 - pssBytes / rssBytes).toPrecision(3)));
  const merged =
    ksmBytes === null
      ? 'the kernel merges no equal pages (KSM is off)'
      : `the kernel merged equal pages (KSM): ${mib(ksmBytes)} MiB`;
  return [
    [
      name(env),
      `: processes of ${instances} instances have ${mib(rssBytes)} MiB resident, ${mib(pssBytes)} MiB in proportion: ${saved} are pages that several map, of programs and files; ${merged}.`,
    ],
  ];
}

/** `Idle instances: native 100 (as many as planned), 8.5 MiB each [8.4, 8.6]; …` */
export function densityAnswer(model: ReportModel): string {
  const { baseline, environments } = model.session.plan;
  const order = [baseline, ...environments.map(({ path }) => path).filter((path) => path !== baseline)];
  const found = order.flatMap((path) => model.costs.density.find(({ env }) => env === path) ?? []);
  if (found.length === 0) return 'Nothing was measured.';
  const shown = found.slice(0, MOST_NAMED).map(answerText);
  const more = found.length > MOST_NAMED ? `; and ${found.length - MOST_NAMED} more environments` : '';
  return `Idle instances: ${shown.join('; ')}${more}.`;
}

function answerText({ env, held, ends, slopes }: DensitySummary): string {
  const why = ends.map(({ by }) => (by === 'max' ? ENDS.max : `ended by ${ENDS[by]}`)).join(', ');
  const shown = shownMemory(slopes);
  if (shown === null) return `${clean(env, 60)} ${held.median} (${why})`;
  const { slope, account } = shown;
  const interval = slope.interval === null ? ', no interval' : ` ${range(slope.interval, mib)}`;
  return `${clean(env, 60)} ${held.median} (${why}), ${mib(slope.perInstanceBytes)} MiB each${interval}${account}`;
}
