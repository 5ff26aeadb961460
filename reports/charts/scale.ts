/** Throughput against the number of instances that work at once, and what becomes of an instance's bursts. */

import type { ScaleLevel } from '../../bench/analysis/capacity/scale.ts';
import { bandAt, type ScalingLaw, throughputAt } from '../../bench/analysis/capacity/usl.ts';
import { largest } from '../../bench/analysis/stats/extremes.ts';
import type { Interval } from '../../bench/types.ts';
import { threeDigits } from '../../bench/units.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { known, range, times } from '../words.ts';
import { baseOptions, type Chart, figures, type Json, LEGEND, legendHeight, round, valueAxis } from './chart.ts';
import { slug } from './distribution.ts';
import { chartNames } from './names.ts';
import { faint, type Look, looksOf, pointsWithBars } from './palette.ts';

/** Of a curve. */
const CURVE_POINTS = 40;
/** Legends leave out what has no label. */
const UNLISTED = '';

const SOURCES = [{ file: 'scale.csv', rows: null, filter: null }] as const;

/** For each workload its throughput and its slowdown; none for sessions that did not measure it. */
export function scaleCharts(model: ReportModel, width: number): Chart[] {
  const workloads = [...new Set(model.costs.scale.map(({ workload }) => workload))];
  return workloads.flatMap((workload) => {
    const levels = model.costs.scale.filter((level) => level.workload === workload);
    return [throughputChart(model, levels, width), slowdownChart(model, levels, width)].filter((one) => one !== null);
  });
}

function throughputChart(model: ReportModel, levels: readonly ScaleLevel[], width: number): Chart | null {
  const shown = levels.filter(({ throughput }) => throughput !== null);
  const [first] = shown;
  if (first === undefined) return null;
  const workload = clean(first.workload, 40);
  const unit = clean(first.unit ?? '', 20);
  const figure = ({ throughput }: ScaleLevel) => throughput;
  return {
    id: `scale-${slug(first.workload)}`,
    title: `Throughput on ${workload}`,
    heading: `Throughput on ${workload} against instances at once`,
    description: describe(model, shown, ({ throughput }) => `${known(throughput?.value, threeDigits)} ${unit}`),
    notes: [
      'Points: all instances together, geometric means over blocks with intervals of 95 %. Lines: the scaling law fitted to them; shaded: its band of 95 %.',
    ],
    width,
    height: 420 + legendHeight(model.environments.length, width),
    config: chartOf(model, shown, { figure, title: unit, laws: lawsOn(model, first.workload) }),
    table: figures({
      head: ['environment', 'at once', unit, '95 % interval'],
      rows: shown.map(({ env, instances, throughput }) => [
        clean(env, 160),
        String(instances),
        known(throughput?.value, threeDigits),
        range(throughput?.interval, threeDigits),
      ]),
    }),
    sources: SOURCES,
  };
}

function slowdownChart(model: ReportModel, levels: readonly ScaleLevel[], width: number): Chart | null {
  const shown = levels.filter(({ slowdownP99 }) => slowdownP99 !== null);
  const [first] = shown;
  if (first === undefined) return null;
  const workload = clean(first.workload, 40);
  const figure = ({ slowdownP99 }: ScaleLevel) =>
    slowdownP99 && { value: slowdownP99.ratio, interval: slowdownP99.interval };
  return {
    id: `slowdown-${slug(first.workload)}`,
    title: `Slowdown on ${workload}`,
    heading: `Slowdown of 1 burst in 100 on ${workload} against instances at once`,
    description: describe(model, shown, ({ slowdownP99 }) => `× ${known(slowdownP99?.ratio, times)}`),
    notes: [
      'The 99th percentile of the time of a burst, over the median burst of a single instance, with intervals of 95 % over blocks.',
    ],
    width,
    height: 360 + legendHeight(model.environments.length, width),
    config: chartOf(model, shown, { figure, title: 'times as long as alone', laws: new Map() }),
    table: figures({
      head: ['environment', 'at once', 'median', 'p99', '95 % interval'],
      rows: shown.map(({ env, instances, slowdown, slowdownP99 }) => [
        clean(env, 160),
        String(instances),
        known(slowdown?.ratio, times),
        known(slowdownP99?.ratio, times),
        range(slowdownP99?.interval, times),
      ]),
    }),
    sources: SOURCES,
  };
}

interface Drawing {
  readonly figure: (level: ScaleLevel) => { readonly value: number; readonly interval: Interval | null } | null;
  readonly title: string;
  /** By environment; without one, a line joins its points. */
  readonly laws: ReadonlyMap<string, ScalingLaw>;
}

/** A line through the points of each environment; levels of several environments stand slightly apart. */
function chartOf(model: ReportModel, levels: readonly ScaleLevel[], { figure, title, laws }: Drawing): Chart['config'] {
  const names = chartNames(model.environments);
  const lookOf = looksOf(model.environments);
  const paths = model.environments.map(({ path }) => path).filter((path) => levels.some(({ env }) => env === path));
  const most = largest(levels.map(({ instances }) => instances));
  const datasets = paths.flatMap((path, index): Json[] => {
    const own = levels.filter(({ env }) => env === path);
    const look = lookOf(path);
    const law = laws.get(path);
    const shift = (index - (paths.length - 1) / 2) * 0.006 * most;
    const points: Json = {
      type: 'scatterWithErrorBars',
      label: names.get(path) ?? clean(path, 30),
      data: own.flatMap((level) => pointOf(level, figure(level), shift)),
      showLine: law === undefined,
      ...pointsWithBars(
        own.map(() => look),
        5,
      ),
      ...(law === undefined ? { borderColor: look.line, borderWidth: 1.5 } : {}),
    };
    return law === undefined ? [points] : [points, ...lawSets(law, most, look)];
  });
  return {
    type: 'scatterWithErrorBars',
    data: { datasets },
    options: baseOptions({
      scales: {
        x: valueAxis('instances at once', { min: 0, max: Math.ceil(most * 1.04), ticks: { precision: 0 } }),
        y: valueAxis(title, { min: 0 }),
      },
      plugins: { legend: LEGEND },
    }),
  };
}

function lawsOn(model: ReportModel, workload: string): ReadonlyMap<string, ScalingLaw> {
  return new Map(model.costs.laws.filter((one) => one.workload === workload).map(({ env, law }) => [env, law]));
}

/** Curve of a law and the edges of its band, with more points where it bends. */
function lawSets(law: ScalingLaw, most: number, { line }: Look): Json[] {
  const places = Array.from({ length: CURVE_POINTS }, (_, at) => most ** (at / (CURVE_POINTS - 1)));
  const curve = (valueAt: (instances: number) => number | undefined, more: { readonly [key: string]: Json }): Json => ({
    type: 'scatter',
    label: UNLISTED,
    data: places.flatMap((x) => {
      const y = valueAt(x);
      return y === undefined ? [] : [{ x: round(x), y: round(y) }];
    }),
    ...{ showLine: true, pointRadius: 0, pointHitRadius: 0, borderColor: line, borderWidth: 1.5, ...more },
  });
  const edge = { borderWidth: 0, backgroundColor: faint(line, '22') };
  const middle = curve((x) => throughputAt(law, x), {});
  if (law.spread === null) return [middle];
  return [middle, curve((x) => bandAt(law, x)?.low, edge), curve((x) => bandAt(law, x)?.high, { ...edge, fill: '-1' })];
}

function pointOf({ env, instances }: ScaleLevel, figure: ReturnType<Drawing['figure']>, shift: number): Json[] {
  if (figure === null) return [];
  const { value, interval } = figure;
  const bars = interval === null ? {} : { yMin: round(interval.low), yMax: round(interval.high) };
  return [
    {
      x: round(instances + shift),
      y: round(value),
      ...bars,
      t: `${clean(env, 40)}, ${instances}: ${threeDigits(value)}`,
    },
  ];
}

function describe(model: ReportModel, levels: readonly ScaleLevel[], text: (level: ScaleLevel) => string): string {
  const most = largest(levels.map(({ instances }) => instances));
  const ends = model.environments.flatMap(({ path }) => {
    const last = levels.findLast(({ env }) => env === path);
    return last === undefined ? [] : [`${clean(path, 60)} ${text(last)} with ${last.instances}`];
  });
  return `From 1 to ${most} instances at once: ${ends.join('; ')}.`;
}
