/** Sections about costs beside CPU time, as text: starts compared, memory and disk of an instance, posture. */

import type { FootprintSummary, Slope } from '../bench/analysis/footprint.ts';
import type { PostureCell } from '../bench/analysis/posture.ts';
import { STARTUP_FIGURES, type StartupFigure, type StartupRow } from '../bench/types.ts';
import { formatNs } from '../bench/units.ts';
import { mebibytes, times } from './cost-rows.ts';
import type { ReportModel } from './model.ts';
import { type TableRow, tableLines } from './table.ts';
import { clean } from './text.ts';
import { environmentTitle } from './wording.ts';

const NO_FIGURE = '–';

const TITLES: Readonly<Record<StartupFigure, string>> = {
  spawned: 'spawned',
  'first-instruction': '1st instruction',
  ready: 'ready',
  removal: 'removal',
};

/** More environments than this are told by the two ends. */
const MOST_TOLD = 4;

interface Told {
  readonly value: number;
  readonly text: string;
}

/** The answer in one sentence for sessions without workloads; null for others. */
export function costAnswer(model: ReportModel): string | null {
  const { measure, baseline } = model.session.plan;
  if (measure === undefined) return null;
  const others = model.session.plan.environments.map(({ path }) => path).filter((path) => path !== baseline);
  const isStartup = measure === 'startup';
  const told = isStartup
    ? others.flatMap((env) => startAnswer(model.costs.startup, env))
    : [baseline, ...others].flatMap((env) => footprintAnswer(model.costs.footprint, env));
  if (told.length === 0) return 'Nothing could be compared.';
  const what = isStartup
    ? `First instruction, warm, against ${clean(baseline, 60)}`
    : "One more idle instance takes of the host's memory";
  return `${what}: ${told.length > MOST_TOLD ? endsOf(told) : told.map(({ text }) => text).join('; ')}.`;
}

function endsOf(told: readonly Told[]): string {
  const sorted = told.toSorted((a, b) => a.value - b.value);
  const [least, most] = [sorted[0], sorted.at(-1)] as [Told, Told];
  return `from ${least.text} to ${most.text}, ${told.length} environments`;
}

function startAnswer(rows: readonly StartupRow[], env: string): Told[] {
  const row = rows.find((it) => it.env === env && it.temperature === 'warm' && it.figure === 'first-instruction');
  if (row?.ratio == null) return [];
  const { ratio, interval } = row.ratio;
  const range = interval ? ` [${times(interval.low)}, ${times(interval.high)}]` : '';
  return [{ value: ratio, text: `${clean(env, 60)} ${formatNs(row.medianMs * 1e6)}, × ${times(ratio)}${range}` }];
}

function footprintAnswer(summaries: readonly FootprintSummary[], env: string): Told[] {
  const slope = summaries.find((it) => it.env === env)?.slopes.host;
  if (!slope) return [];
  const value = slope.perInstanceBytes;
  return [{ value, text: `${clean(env, 60)} ${mebibytes(value)} MiB` }];
}

/** What cold means in this session. */
export function coldText({ events }: ReportModel): string {
  return events.byKind.some(({ kind }) => kind === 'page-cache-kept')
    ? 'the first since the image was prepared; the page cache may not be dropped here, so that there is one block of them'
    : 'right after the page cache of the host was dropped';
}

/** Warm or cold starts: medians, and the ratio to the baseline's with its interval. */
export function startupLines(model: ReportModel, temperature: StartupRow['temperature'], width: number): string[] {
  const rows = model.costs.startup.filter((row) => row.temperature === temperature);
  const lines = model.environments.flatMap((environment): TableRow[] => {
    const own = rows.filter(({ env }) => env === environment.path);
    if (own.length === 0) return [];
    const figures = STARTUP_FIGURES.flatMap((figure) => own.find((row) => row.figure === figure) ?? []);
    return [
      { cells: [environmentTitle(environment)], heading: true },
      ...figures.map((row) => ({ cells: startCells(row) })),
    ];
  });
  return lines.length === 0
    ? []
    : tableLines(['', 'median', '95 % of a block', 'ratio', '95 % interval', 'starts'], lines, width);
}

function startCells({ figure, medianMs, interval, ratio, starts }: StartupRow): string[] {
  const ms = (value: number) => formatNs(value * 1e6);
  return [
    `  ${TITLES[figure]}`,
    ms(medianMs),
    interval === null ? NO_FIGURE : `${ms(interval.low)} to ${ms(interval.high)}`,
    ratio === null ? NO_FIGURE : times(ratio.ratio),
    ratio?.interval ? `[${times(ratio.interval.low)}, ${times(ratio.interval.high)}]` : NO_FIGURE,
    String(starts),
  ];
}

/** Slopes over the number of instances, in MiB. */
export function footprintLines(model: ReportModel, width: number): string[] {
  const titles = { host: 'host memory', pss: 'PSS', cgroup: 'control group', disk: 'disk, own' } as const;
  const lines = model.environments.flatMap((environment): TableRow[] => {
    const summary = model.costs.footprint.find(({ env }) => env === environment.path);
    if (summary === undefined) return [];
    const { slopes, imageBytes, sharedDiskBytes } = summary;
    return [
      { cells: [environmentTitle(environment)], heading: true },
      ...(['host', 'pss', 'cgroup', 'disk'] as const).map((figure) => ({
        cells: [`  ${titles[figure]}`, ...slopeCells(slopes[figure])],
      })),
      { cells: ['  image; shared', sizes(imageBytes, sharedDiskBytes), NO_FIGURE, NO_FIGURE] },
    ];
  });
  return lines.length === 0 ? [] : tableLines(['', 'MiB each', '95 % interval', 'besides'], lines, width);
}

function slopeCells(slope: Slope | null): string[] {
  if (slope === null) return [NO_FIGURE, NO_FIGURE, NO_FIGURE];
  const { perInstanceBytes, interval, fixedBytes } = slope;
  return [
    mebibytes(perInstanceBytes),
    interval === null ? NO_FIGURE : `[${mebibytes(interval.low)}, ${mebibytes(interval.high)}]`,
    mebibytes(fixedBytes),
  ];
}

function sizes(image: number | null, shared: number | null): string {
  return `${image === null ? NO_FIGURE : mebibytes(image)}; ${shared === null ? NO_FIGURE : mebibytes(shared)}`;
}

/** The matrix: aspects down, environments across; `+` marks what shuts a box in. */
export function postureLines(model: ReportModel, width: number): string[] {
  const { environments, rows } = model.costs.posture;
  if (environments.length === 0) return [];
  const head = ['', ...environments.map(({ env }) => clean(env, 24))];
  const count = { cells: ['aspects that shut it in', ...environments.map(({ holds, told }) => `${holds} of ${told}`)] };
  return tableLines(
    head,
    [...rows.map(({ title, cells }) => ({ cells: [title, ...cells.map(cellText)] })), count],
    width,
  );
}

function cellText({ text, holds }: PostureCell): string {
  return text === null ? NO_FIGURE : `${clean(text, 22)}${holds ? ' +' : ''}`;
}
