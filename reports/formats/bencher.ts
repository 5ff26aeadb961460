/** Bencher Metric Format (the adapter `json`): measures with the ends of our intervals as lower and upper value. */

import type { Interval } from '../../bench/types.ts';
import { FOOTPRINT_FIGURES, LATENCIES } from '../model/costs.ts';
import { neutral } from '../text.ts';
import { type ExportModel, rounded, textExport } from './export.ts';
import { jsonText } from './json-text.ts';

interface Metric {
  readonly value: number;
  readonly lower_value?: number;
  readonly upper_value?: number;
}

/** One measure of one benchmark; null where the figure is not known. */
type Point = readonly [benchmark: string, measure: string, metric: Metric | null];

/** The service joins the points of a name over commits, so names contain nothing that changes from run to run. */
function render(model: ExportModel): string {
  const benchmarks = new Map<string, Record<string, Metric>>();
  for (const [name, measure, metric] of [...ratioPoints(model), ...levelPoints(model), ...costPoints(model)]) {
    if (metric === null) continue;
    const key = neutral(name);
    benchmarks.set(key, { ...benchmarks.get(key), [measure]: metric });
  }
  return jsonText({ ...Object.fromEntries(benchmarks), 'boxmark session': { faults: faultsOf(model) } });
}

/** Readers pass over members of a metric that they don't know, and a name with a seal would be new in each run. */
function faultsOf({ session, integrity: { seal, faults } }: ExportModel) {
  return { value: faults.length, session: neutral(session.id), seal, warnings: faults.map(neutral) };
}

function ratioPoints({ contrasts, control }: ExportModel): Point[] {
  return [...contrasts, ...control.rows].map(({ env, baseline, workload, timeRatio, interval }) => [
    `${env} over ${baseline}, ${workload}`,
    'time-ratio',
    metricOf(timeRatio, interval),
  ]);
}

/** Latency is the service's own measure, in ns. */
function levelPoints({ environments }: ExportModel): Point[] {
  return environments.flatMap(({ path, summary }) =>
    summary.workloads.map(
      ({ workload, medianNsPerPass }): Point => [
        `${path}, ${workload}`,
        'latency',
        medianNsPerPass === null ? null : metricOf(medianNsPerPass, null),
      ],
    ),
  );
}

/** A start's levels and ratios by stage, what an idle instance adds in bytes, and latency at each rate of load. */
function costPoints({ costs }: ExportModel): Point[] {
  const starts = costs.startup.flatMap(({ env, baseline, temperature, figure, medianMs, interval, ratio }): Point[] => {
    const ns = (ms: number) => ms * 1e6;
    const level = interval === null ? null : { low: ns(interval.low), high: ns(interval.high) };
    return [
      [`${env}, ${temperature} start, ${figure}`, 'latency', metricOf(ns(medianMs), level)],
      [
        `${env} over ${baseline}, ${temperature} start, ${figure}`,
        'time-ratio',
        ratio === null ? null : metricOf(ratio.ratio, ratio.interval),
      ],
    ];
  });
  const instances = costs.footprint.flatMap(({ env, slopes }) =>
    FOOTPRINT_FIGURES.map((figure): Point => {
      const slope = slopes[figure];
      return [
        `${env}, idle instance, ${figure}`,
        'bytes',
        slope === null ? null : metricOf(slope.perInstanceBytes, slope.interval),
      ];
    }),
  );
  const dense = costs.density.flatMap(({ env, held, slopes }): Point[] => [
    [
      `${env}, idle instances held`,
      'instances',
      { value: held.median, lower_value: held.least, upper_value: held.most },
    ],
    [
      `${env}, idle instance, host`,
      'bytes',
      slopes.host === null ? null : metricOf(slopes.host.perInstanceBytes, slopes.host.interval),
    ],
  ]);
  const storms = costs.storm.flatMap(({ env, instances, order, share, allReady, victim }): Point[] => {
    const name = `${env}, storm of ${instances}, ${order}, ${share}`;
    const ns = (ms: number) => ms * 1e6;
    const { interval = null } = allReady ?? {};
    const ends = interval === null ? null : { low: ns(interval.low), high: ns(interval.high) };
    return [
      [`${name}, all ready`, 'latency', allReady === null ? null : metricOf(ns(allReady.ms), ends)],
      [`${name}, slowdown`, 'time-ratio', victim === null ? null : metricOf(victim.ratio, victim.interval)],
    ];
  });
  const loads = costs.load.levels.flatMap(({ env, workload, ratePerSecond, latencyNs }) =>
    LATENCIES.map((name): Point => {
      const level = latencyNs[name];
      return [
        `${env}, ${workload} at ${ratePerSecond} a second, ${name}`,
        'latency',
        level === null ? null : metricOf(level.value, level.interval),
      ];
    }),
  );
  return [...starts, ...instances, ...dense, ...scalePoints(costs), ...storms, ...loads, ...neighbourPoints(costs)];
}

function neighbourPoints({ neighbour }: ExportModel['costs']): Point[] {
  return neighbour.map(
    ({ env, workload, aggressor, slowdown }): Point => [
      `${env}, ${workload} beside ${aggressor}`,
      'time-ratio',
      slowdown === null ? null : metricOf(slowdown.ratio, slowdown.interval),
    ],
  );
}

/** Throughput and slowdown of so many instances at once. */
function scalePoints({ scale }: ExportModel['costs']): Point[] {
  return scale.flatMap(({ env, workload, instances, throughput, slowdown, slowdownP99 }): Point[] => {
    const name = `${env}, ${workload}, ${instances} at once`;
    return [
      [name, 'throughput', throughput === null ? null : metricOf(throughput.value, throughput.interval)],
      [name, 'time-ratio', slowdown === null ? null : metricOf(slowdown.ratio, slowdown.interval)],
      [`${name}, p99`, 'time-ratio', slowdownP99 === null ? null : metricOf(slowdownP99.ratio, slowdownP99.interval)],
    ];
  });
}

function metricOf(value: number, interval: Interval | null): Metric {
  if (interval === null) return { value: rounded(value) };
  return { value: rounded(value), lower_value: rounded(interval.low), upper_value: rounded(interval.high) };
}

export const bencher = textExport(
  {
    name: 'bencher',
    extension: 'json',
    summary:
      'Bencher Metric Format, with intervals as lower and upper value: ratios, times, starts, idle instances, load',
    costs: true,
  },
  render,
);
