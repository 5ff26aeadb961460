/** All charts of a session, in the order in which a report shows them. */

import { suiteOf } from '../../bench/plan/suite.ts';
import { leadName, leadWorkload } from '../model/headline.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { WIDE } from '../words.ts';
import type { Chart } from './chart.ts';
import { distributionChart, slug } from './distribution.ts';
import { footprintChart } from './footprint.ts';
import { ladderAxis, ladderChart } from './ladder.ts';
import { orderChart } from './order.ts';
import { startupChart } from './startup.ts';
import { warmupChart } from './warmup.ts';

/** Width in CSS pixels of one of several charts beside each other. */
const NARROW = 560;

export interface SessionCharts {
  readonly ladder: Chart | null;
  readonly workloads: readonly Chart[];
  readonly distributions: readonly Chart[];
  readonly order: Chart | null;
  readonly startup: Chart | null;
  readonly footprint: Chart | null;
  readonly warmups: readonly Chart[];
}

/** Pure: the same model gives the same configurations. */
export function sessionCharts(model: ReportModel): SessionCharts {
  const { workloads } = model.session.plan;
  const each = (draw: (workload: string) => Chart | null) => workloads.map(draw).filter((chart) => chart !== null);
  const kernels = suiteOf(model.session.plan);
  const axis = ladderAxis(model, kernels);
  return {
    ladder: ladderChart(model, {
      id: 'ladder',
      title: leadName(model),
      workload: leadWorkload(model),
      width: WIDE,
      explained: true,
    }),
    workloads: each((workload) =>
      ladderChart(model, {
        id: `workload-${slug(workload)}`,
        title: clean(workload, 40),
        workload,
        width: NARROW,
        // Of the system's workloads each has a scale of its own.
        axis: kernels.includes(workload) ? axis : undefined,
      }),
    ),
    distributions: each((workload) => distributionChart(model, workload, NARROW)),
    order: orderChart(model, WIDE),
    startup: startupChart(model, WIDE),
    footprint: footprintChart(model, WIDE),
    warmups: each((workload) => warmupChart(model, workload, NARROW)),
  };
}

export function allCharts(charts: SessionCharts): Chart[] {
  const { ladder, workloads, distributions, order, startup, footprint, warmups } = charts;
  return [ladder, ...workloads, ...distributions, order, startup, footprint, ...warmups].filter(
    (chart) => chart !== null,
  );
}
