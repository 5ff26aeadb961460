/** All charts of a session, in the order in which a report shows them. */

import { suiteOf } from '../../bench/plan/suite.ts';
import { leadName, leadWorkload } from '../model/headline.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { WIDE } from '../words.ts';
import type { Chart } from './chart.ts';
import { densityChart } from './density.ts';
import { distributionChart, slug } from './distribution.ts';
import { footprintChart } from './footprint.ts';
import { ladderAxis, ladderChart } from './ladder.ts';
import { loadCharts } from './load.ts';
import { neighbourCharts } from './neighbour.ts';
import { orderChart } from './order.ts';
import { scaleCharts } from './scale.ts';
import { startupChart } from './startup.ts';
import { stormChart, stormTimelines } from './storm.ts';
import { warmupChart } from './warmup.ts';

/** Width in CSS pixels of one of several charts beside each other. */
const NARROW = 560;

/** By the names that sections use; empty where there is nothing to draw. */
export type SessionCharts = Readonly<
  Record<
    | 'ladder'
    | 'workloads'
    | 'distributions'
    | 'order'
    | 'startup'
    | 'footprint'
    | 'scale'
    | 'density'
    | 'storm'
    | 'load'
    | 'neighbour'
    | 'warmups',
    readonly Chart[]
  >
>;

/** Pure: the same model gives the same configurations. */
export function sessionCharts(model: ReportModel): SessionCharts {
  const { workloads } = model.session.plan;
  const only = (...charts: readonly (Chart | null)[]) => charts.filter((chart) => chart !== null);
  const each = (draw: (workload: string) => Chart | null) => only(...workloads.map(draw));
  const kernels = suiteOf(model.session.plan);
  const axis = ladderAxis(model, kernels);
  return {
    ladder: only(
      ladderChart(model, {
        id: 'ladder',
        title: leadName(model),
        workload: leadWorkload(model),
        width: WIDE,
        explained: true,
      }),
    ),
    workloads: each((workload) =>
      ladderChart(model, {
        id: `workload-${slug(workload)}`,
        title: clean(workload, 40),
        workload,
        width: NARROW,
        // Each system workload has its own scale.
        axis: kernels.includes(workload) ? axis : undefined,
      }),
    ),
    distributions: each((workload) => distributionChart(model, workload, NARROW)),
    order: only(orderChart(model, WIDE)),
    startup: only(startupChart(model, WIDE)),
    footprint: only(footprintChart(model, WIDE)),
    scale: scaleCharts(model, WIDE),
    density: only(densityChart(model, WIDE)),
    storm: only(stormChart(model, WIDE), ...stormTimelines(model, NARROW)),
    load: loadCharts(model, WIDE),
    neighbour: neighbourCharts(model, WIDE),
    warmups: each((workload) => warmupChart(model, workload, NARROW)),
  };
}
