/** What a victim loses beside each kind of neighbour: environments as points in groups, with intervals. */

import type { NeighbourCell } from '../../bench/analysis/capacity/neighbour.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { known, range, times } from '../words.ts';
import {
  baseOptions,
  type Chart,
  figures,
  type Json,
  LEGEND,
  legendHeight,
  nameAxis,
  round,
  valueAxis,
  ZERO_LINE,
} from './chart.ts';
import { slug } from './distribution.ts';
import { chartNames } from './names.ts';
import { looksOf, pointsWithBars } from './palette.ts';

type Known = NeighbourCell & { readonly slowdown: NonNullable<NeighbourCell['slowdown']> };

/** One for each workload; none for sessions that did not measure it. */
export function neighbourCharts(model: ReportModel, width: number): Chart[] {
  const cells = model.costs.neighbour.filter((cell): cell is Known => cell.slowdown !== null);
  const workloads = [...new Set(cells.map(({ workload }) => workload))];
  return workloads.map((workload) =>
    chartOf(
      model,
      workload,
      cells.filter((cell) => cell.workload === workload),
      width,
    ),
  );
}

function chartOf(model: ReportModel, workload: string, cells: readonly Known[], width: number): Chart {
  const sorted = inGroups(model, cells);
  const title = `${clean(workload, 40)} beside a neighbour`;
  return {
    id: `neighbour-${slug(workload)}`,
    title,
    heading: `Time of ${title}, over the time without it`,
    description: `Time beside a neighbour of the same environment over the time without it: ${sorted
      .map(
        ({ env, aggressor, slowdown }) => `${clean(env, 60)} beside ${clean(aggressor, 20)} × ${times(slowdown.ratio)}`,
      )
      .join('; ')}.`,
    notes: ['Points: geometric means over blocks with intervals of 95 %. The line is at 1: nothing lost.'],
    width,
    height: 90 + 26 * sorted.length + legendHeight(model.environments.length, width),
    config: configOf(model, sorted),
    table: figures({
      head: ['neighbour', 'environment', 'slowdown', '95 % interval', 'longest burst'],
      rows: sorted.map(({ env, aggressor, slowdown, longest }) => [
        clean(aggressor, 20),
        clean(env, 160),
        times(slowdown.ratio),
        range(slowdown.interval, times),
        known(longest?.ratio, times),
      ]),
    }),
    sources: [{ file: 'neighbour.csv', rows: null, filter: `workload = ${clean(workload, 40)}` }],
  };
}

/** By neighbour, and in each group the environments in the model's order. */
function inGroups({ environments }: ReportModel, cells: readonly Known[]): Known[] {
  const aggressors = [...new Set(cells.map(({ aggressor }) => aggressor))];
  const place = ({ env }: Known) => environments.findIndex(({ path }) => path === env);
  return cells.toSorted(
    (a, b) => aggressors.indexOf(a.aggressor) - aggressors.indexOf(b.aggressor) || place(a) - place(b),
  );
}

function configOf(model: ReportModel, cells: readonly Known[]): Chart['config'] {
  const names = chartNames(model.environments);
  const lookOf = looksOf(model.environments);
  const nameOf = (env: string) => names.get(env) ?? clean(env, 30);
  const labelOf = ({ env, aggressor }: Known) => `${clean(aggressor, 20)} · ${nameOf(env)}`;
  const paths = model.environments.map(({ path }) => path).filter((path) => cells.some(({ env }) => env === path));
  const datasets = paths.map((path): Json => {
    const own = cells.filter(({ env }) => env === path);
    return {
      type: 'scatterWithErrorBars',
      label: nameOf(path),
      data: own.map((cell) => ({ ...pointOf(cell), y: labelOf(cell) })),
      ...pointsWithBars(
        own.map(() => lookOf(path)),
        5,
      ),
    };
  });
  return {
    type: 'scatterWithErrorBars',
    data: { datasets },
    options: baseOptions({
      scales: { x: valueAxis('times as long as without the neighbour'), y: nameAxis(cells.map(labelOf)) },
      plugins: {
        legend: LEGEND,
        annotation: { annotations: { one: { ...(ZERO_LINE as Readonly<Record<string, Json>>), xMin: 1, xMax: 1 } } },
      },
    }),
  };
}

function pointOf({ env, aggressor, slowdown }: Known) {
  const { ratio, interval } = slowdown;
  return {
    x: round(ratio),
    ...(interval === null ? {} : { xMin: round(interval.low), xMax: round(interval.high) }),
    t: `${clean(env, 40)} beside ${clean(aggressor, 20)}: × ${times(ratio)}`,
  };
}
