/** OpenMetrics text, for a Prometheus textfile collector or a push gateway: gauges only, without timestamps. */

import { VERDICTS } from '../../bench/types.ts';
import { DENSITY_FIGURES, FOOTPRINT_FIGURES, LATENCIES } from '../model/costs.ts';
import { neutral } from '../text.ts';
import { type ExportModel, plain, textExport } from './export.ts';

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly unit?: string;
  readonly help: string;
  readonly points: readonly { readonly labels: Labels; readonly value: number | null | undefined }[];
}

/** Families without a point are left out; a figure that is not known has no line. */
function render(model: ExportModel): string {
  const text = familiesOf(model).flatMap(({ name, unit, help, points }) => {
    const known = points.flatMap(({ labels, value }) =>
      value === null || value === undefined || !Number.isFinite(value)
        ? []
        : `${name}${braces(labels)} ${plain(value)}`,
    );
    if (known.length === 0) return [];
    return [
      `# TYPE ${name} gauge`,
      ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
      `# HELP ${name} ${help}`,
      ...known,
    ];
  });
  return `${[...text, '# EOF'].join('\n')}\n`;
}

/** All points of a family together, as the format requires. */
function familiesOf(model: ExportModel): Family[] {
  return [
    ...sessionFamilies(model),
    ...ratioFamilies(model),
    ...levelFamilies(model),
    ...startFamilies(model),
    ...instanceFamilies(model),
    ...scaleFamilies(model),
    ...stormFamilies(model),
    ...loadFamilies(model),
    ...neighbourFamilies(model),
  ];
}

function sessionFamilies({ session, fingerprint, integrity }: ExportModel): Family[] {
  const { seal, faults } = integrity;
  const finished = Date.parse(session.finishedAt ?? '');
  const lastActivity = Date.parse(session.lastActivityAt ?? session.startedAt);
  const { id, program, plan } = session;
  return [
    {
      name: 'boxmark_session',
      help: 'The session that the other figures are of; always 1.',
      points: [{ labels: { session: id, version: program, fingerprint, size: plan.size, seal: seal ?? '' }, value: 1 }],
    },
    {
      name: 'boxmark_session_fault',
      help: 'Why the other figures can not be relied on; always 1, and missing when the check of the session passes.',
      points: [...new Set(faults.map(neutral))].map((reason) => ({ labels: { reason }, value: 1 })),
    },
    {
      name: 'boxmark_session_finished_timestamp_seconds',
      unit: 'seconds',
      help: 'When the session ended, seconds since 1970-01-01 UTC.',
      points: [{ labels: {}, value: Number.isFinite(finished) ? finished / 1000 : null }],
    },
    {
      name: 'boxmark_session_last_activity_timestamp_seconds',
      unit: 'seconds',
      help: 'Last sign of life of the session, seconds since 1970-01-01 UTC: alert on time() minus this.',
      points: [{ labels: {}, value: Number.isFinite(lastActivity) ? lastActivity / 1000 : null }],
    },
  ];
}

function ratioFamilies({ contrasts, control }: ExportModel): Family[] {
  const rows = [...contrasts, ...control.rows].map(({ env, baseline, workload, ...row }) => ({
    labels: { env, baseline, workload },
    ...row,
  }));
  return [
    {
      name: 'boxmark_time_ratio',
      help: 'Time of the environment over that of its baseline, typical burst; above 1 takes longer.',
      points: rows.map(({ labels, timeRatio }) => ({ labels, value: timeRatio })),
    },
    {
      name: 'boxmark_time_ratio_low',
      help: 'Lower end of the 95 % interval of boxmark_time_ratio, over blocks.',
      points: rows.map(({ labels, interval }) => ({ labels, value: interval?.low })),
    },
    {
      name: 'boxmark_time_ratio_high',
      help: 'Upper end of the 95 % interval of boxmark_time_ratio, over blocks.',
      points: rows.map(({ labels, interval }) => ({ labels, value: interval?.high })),
    },
    {
      name: 'boxmark_blocks',
      help: 'Blocks behind boxmark_time_ratio: fresh starts of every environment.',
      points: rows.map(({ labels, blocks }) => ({ labels, value: blocks })),
    },
    {
      name: 'boxmark_verdict',
      help: 'The verdict at the margin of the plan: 1 for the one that holds, 0 for the others.',
      points: rows
        .filter(({ verdict }) => verdict !== null)
        .flatMap(({ labels, verdict }) =>
          VERDICTS.map((word) => ({ labels: { ...labels, verdict: word }, value: word === verdict ? 1 : 0 })),
        ),
    },
  ];
}

function levelFamilies({ environments }: ExportModel): Family[] {
  const levels = environments.flatMap(({ path, summary }) =>
    summary.workloads.map(({ workload, ...level }) => ({ labels: { env: path, workload }, ...level })),
  );
  return [
    {
      name: 'boxmark_pass_seconds',
      unit: 'seconds',
      help: 'Median time of one pass of the workload.',
      points: levels.map(({ labels, medianNsPerPass: ns }) => ({ labels, value: ns === null ? null : ns / 1e9 })),
    },
    {
      name: 'boxmark_mflops',
      help: 'Median rate, nominal floating-point operations in millions a second.',
      points: levels.map(({ labels, medianMflops }) => ({ labels, value: medianMflops })),
    },
    {
      name: 'boxmark_wrong_answers',
      help: 'Bursts with a wrong answer, which are in no other figure.',
      points: levels.map(({ labels, wrongAnswers }) => ({ labels, value: wrongAnswers })),
    },
  ];
}

function startFamilies({ environments }: ExportModel): Family[] {
  const startups = environments.flatMap(({ path, startup }) => (startup === null ? [] : [{ ...startup, path }]));
  const stages = {
    spawn: 'spawnMs',
    first_instruction: 'firstInstructionMs',
    ready: 'readyMs',
    removal: 'teardownMs',
  } as const;
  return [
    {
      name: 'boxmark_start_seconds',
      unit: 'seconds',
      help: 'Median time of a fresh start until the stage, and of its removal.',
      points: startups.flatMap((startup) =>
        Object.entries(stages).map(([stage, key]) => {
          const ms = startup[key];
          return { labels: { env: startup.path, stage }, value: ms === null ? null : ms / 1e3 };
        }),
      ),
    },
  ];
}

function instanceFamilies({ costs }: ExportModel): Family[] {
  const slopes = costs.footprint.flatMap(({ env, slopes }) =>
    FOOTPRINT_FIGURES.map((figure) => ({ labels: { env, figure: figure as string }, slope: slopes[figure] })),
  );
  const dense = costs.density.flatMap(({ env, slopes: own }) =>
    DENSITY_FIGURES.map((figure) => ({ labels: { env, figure: figure as string }, slope: own[figure] })),
  );
  return [
    {
      name: 'boxmark_instance_bytes',
      unit: 'bytes',
      help: 'Memory or disk that one more idle instance takes.',
      points: [...slopes, ...dense].map(({ labels, slope }) => ({ labels, value: slope?.perInstanceBytes })),
    },
    {
      name: 'boxmark_instances_held',
      help: 'Idle instances that were held at the end of a series, median over blocks, and what ended most series.',
      points: costs.density.map(({ env, held, ends }) => ({
        labels: { env, ended_by: ends[0]?.by ?? '' },
        value: held.median,
      })),
    },
  ];
}

/** Numbers of instances are labels, as the quantiles are. */
function scaleFamilies({ costs }: ExportModel): Family[] {
  const levels = costs.scale.map((level) => {
    const { env, workload, instances } = level;
    return { ...level, labels: { env, workload, instances: String(instances) } };
  });
  return [
    {
      name: 'boxmark_scale_throughput',
      help: 'Throughput of so many instances that work at once, in the unit of the workload.',
      points: levels.map(({ labels, unit, throughput }) => ({
        labels: { ...labels, unit: unit ?? '' },
        value: throughput?.value,
      })),
    },
    {
      name: 'boxmark_scale_slowdown',
      help: 'Time of a burst among so many instances over the median burst of a single one, by quantile.',
      points: levels.flatMap(({ labels, slowdown, slowdownP99 }) => [
        { labels: { ...labels, quantile: '0.5' }, value: slowdown?.ratio },
        { labels: { ...labels, quantile: '0.99' }, value: slowdownP99?.ratio },
      ]),
    },
  ];
}

function stormFamilies({ costs }: ExportModel): Family[] {
  const storms = costs.storm.map(({ env, instances, order, share, ...figures }) => ({
    labels: { env, instances: String(instances), order, share },
    ...figures,
  }));
  return [
    {
      name: 'boxmark_storm_ready_seconds',
      unit: 'seconds',
      help: 'Time until all boxes of a storm of starts were ready, of a typical block.',
      points: storms.map(({ labels, allReady }) => ({ labels, value: allReady === null ? null : allReady.ms / 1e3 })),
    },
    {
      name: 'boxmark_storm_slowdown',
      help: 'Median pass of a box at work during the storm over that before it.',
      points: storms.map(({ labels, victim }) => ({ labels, value: victim?.ratio })),
    },
    {
      name: 'boxmark_storm_gap_seconds',
      unit: 'seconds',
      help: 'The longest time in which a thread of the harness that only sleeps got no CPU.',
      points: storms.map(({ labels, longestGapMs: ms }) => ({ labels, value: ms === null ? null : ms / 1e3 })),
    },
  ];
}

/** Rates are labels, as the quantiles are. */
function loadFamilies({ costs }: ExportModel): Family[] {
  const { levels, knees } = costs.load;
  const labelled = levels.map((level) => {
    const { env, workload, ratePerSecond } = level;
    return { level, labels: { env, workload, rate: plain(ratePerSecond) } };
  });
  const quantiles = { p50: '0.5', p99: '0.99', p999: '0.999' };
  return [
    {
      name: 'boxmark_load_latency_seconds',
      unit: 'seconds',
      help: 'Time from the intended arrival of a request to its answer, by arrivals a second and quantile.',
      points: labelled.flatMap(({ level, labels }) =>
        LATENCIES.map((name) => {
          const ns = level.latencyNs[name]?.value;
          return { labels: { ...labels, quantile: quantiles[name] }, value: ns === undefined ? null : ns / 1e9 };
        }),
      ),
    },
    {
      name: 'boxmark_load_saturated',
      help: 'Did requests arrive faster than they were answered? 1 for yes.',
      points: labelled.map(({ level, labels }) => ({ labels, value: level.isSaturated ? 1 : 0 })),
    },
    {
      name: 'boxmark_load_knee_rate',
      help: 'Highest arrivals a second up to which the 99th percentile of latency is within the limit.',
      points: knees.map(({ env, workload, ratePerSecond }) => ({ labels: { env, workload }, value: ratePerSecond })),
    },
  ];
}

function neighbourFamilies({ costs }: ExportModel): Family[] {
  return [
    {
      name: 'boxmark_neighbour_slowdown',
      help: 'Time per pass of a victim beside a neighbour of the same environment, over that without it.',
      points: costs.neighbour.map(({ env, workload, aggressor, slowdown }) => ({
        labels: { env, workload, aggressor },
        value: slowdown?.ratio,
      })),
    },
  ];
}

/** `{env="docker",workload="fft"}`, or nothing. */
function braces(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(neutral(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

export const openmetrics = textExport(
  {
    name: 'openmetrics',
    extension: 'txt',
    costs: true,
    summary: 'OpenMetrics text for Prometheus: ratios with intervals, verdicts, times, start-up, as gauges',
  },
  render,
);
