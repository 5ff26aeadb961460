/** The tables of levels on a terminal: what a pass takes in each environment, and what it comes to in its own unit. */

import type { WorkloadSummary } from '../bench/analysis/summary.ts';
import { suiteOf } from '../bench/plan/suite.ts';
import { formatNs, threeDigits } from '../bench/units.ts';
import type { EnvironmentModel, ReportModel } from './model.ts';
import { type TableRow, tableLines } from './table.ts';
import { clean } from './text.ts';
import { environmentTitle } from './wording.ts';

const NO_FIGURE = '–';

/** Kernels side by side, with the composite score where there is one. */
export function kernelLevels(model: ReportModel, width: number): string[] {
  const kernels = suiteOf(model.session.plan);
  const measured = measuredIn(model, kernels);
  if (measured.length === 0) return [];
  const composite = measured.some(({ summary }) => summary.compositeMflops !== null);
  const head = ['', ...kernels.map((workload) => clean(workload, 20)), ...(composite ? ['composite'] : [])];
  const rows = measured.flatMap((environment): TableRow[] => {
    const { summary } = environment;
    const cells = (cell: (one: WorkloadSummary) => string) => workloadsOf(environment, kernels).map(cell);
    const score = composite ? [figure(summary.compositeMflops, threeDigits)] : [];
    return [
      { cells: [environmentTitle(environment)], heading: true },
      { cells: ['  time', ...cells(timeText)] },
      { cells: ['  MFLOPS', ...cells(({ medianMflops }) => figure(medianMflops, threeDigits)), ...score] },
      { cells: ['  wake-up', ...cells(wakeupText)] },
    ];
  });
  return tableLines(head, rows, width);
}

/** All other workloads one below the other, because each has a unit of its own. */
export function systemLevels(model: ReportModel, width: number): string[] {
  const kernels = suiteOf(model.session.plan);
  const others = model.session.plan.workloads.filter((id) => !kernels.includes(id));
  const rows = measuredIn(model, others).flatMap((environment): TableRow[] => [
    { cells: [environmentTitle(environment)], heading: true },
    ...workloadsOf(environment, others).map((one) => ({
      cells: [`  ${clean(one.workload, 20)}`, timeText(one), rateText(one), wakeupText(one)],
    })),
  ]);
  return rows.length === 0 ? [] : tableLines(['', 'time', 'rate', 'wake-up'], rows, width);
}

/** `4.21 M calls/s`; units that begin with a prefix take no other. */
export function rateText({ medianRate, unit }: Pick<WorkloadSummary, 'medianRate' | 'unit'>): string {
  if (medianRate === null || unit === null) return NO_FIGURE;
  const [scale, prefix] =
    unit.startsWith('M') || medianRate < 1e4 ? [1, ''] : medianRate < 1e6 ? [1e3, 'k '] : [1e6, 'M '];
  return `${threeDigits(medianRate / scale)} ${prefix}${clean(unit, 20)}`;
}

function measuredIn(model: ReportModel, workloads: readonly string[]): EnvironmentModel[] {
  return model.environments.filter(
    (environment) =>
      environment.role !== 'control' && workloadsOf(environment, workloads).some(({ bursts }) => bursts > 0),
  );
}

function workloadsOf({ summary }: EnvironmentModel, wanted: readonly string[]): WorkloadSummary[] {
  return summary.workloads.filter(({ workload }) => wanted.includes(workload));
}

function timeText({ medianNsPerPass }: WorkloadSummary): string {
  return figure(medianNsPerPass, formatNs);
}

function wakeupText({ wakeupRatio }: WorkloadSummary): string {
  return figure(wakeupRatio, (ratio) => `${ratio.toFixed(2)}×`);
}

function figure(value: number | null, format: (value: number) => string): string {
  return value === null ? NO_FIGURE : format(value);
}
