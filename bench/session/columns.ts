/** The columns of the CSV files, in order; columns are only ever appended (data dictionary: results/README.md). */

import type { ContrastResult, FootprintRow, Sample, Start, StartFigures, StartupRow } from '../types.ts';

export interface Column<T> {
  readonly name: string;
  value(row: T, session: string): string | number | null | undefined;
  /** Appended after sessions had been written without it, which stay whole. */
  readonly appended: boolean;
}

type Cell = string | number | null | undefined;

export const SAMPLE_COLUMNS: readonly Column<Sample>[] = columns<Sample>({
  session: (_, session) => session,
  block: (row) => row.block,
  round: (row) => row.round,
  position: (row) => row.position,
  env: (row) => row.env,
  start_id: (row) => row.startId,
  phase: (row) => row.phase,
  workload: (row) => row.workload,
  size: (row) => row.size,
  work: (row) => row.work,
  wall_ns: (row) => row.wallNs,
  cpu_ns: (row) => row.cpuNs,
  mflops: (row) => row.mflops,
  checksum: (row) => row.checksum,
  ok: (row) => String(row.ok),
  started_at: (row) => row.startedAt,
  host_ns: (row) => row.hostNs,
  clock: (row) => row.clock,
  kernels: (row) => row.kernels,
  unit: (row) => row.unit,
  rate: (row) => row.rate,
});

export const START_COLUMNS: readonly Column<Start>[] = columns<Start>(
  {
    session: (_, session) => session,
    block: (row) => row.block,
    position: (row) => row.position,
    env: (row) => row.env,
    start_id: (row) => row.startId,
    status: (row) => row.status,
    reason: (row) => ('reason' in row ? row.reason : null),
    spawn_ms: figure('spawnMs'),
    first_instruction_ms: figure('firstInstructionMs'),
    ready_ms: figure('readyMs'),
    run_ms: figure('runMs'),
    teardown_ms: figure('teardownMs'),
    clock_ratio: figure('clockRatio'),
    cpu_user_ms: figure('cpuUserMs'),
    cpu_system_ms: figure('cpuSystemMs'),
    throttled_ms: figure('throttledMs'),
    steal_ms: figure('stealMs'),
    memory_peak_bytes: figure('memoryPeakBytes'),
    host_memory_delta_bytes: figure('hostMemoryDeltaBytes'),
    idle_cpu_ms: figure('idleCpuMs'),
    clock_step_ns: figure('clockStepNs'),
    round: (row) => row.round,
    temperature: (row) => row.temperature,
  },
  ['round', 'temperature'],
);

export const FOOTPRINT_COLUMNS: readonly Column<FootprintRow>[] = columns<FootprintRow>({
  session: (_, session) => session,
  block: (row) => row.block,
  position: (row) => row.position,
  env: (row) => row.env,
  instances: (row) => row.instances,
  host_delta_bytes: (row) => row.hostDeltaBytes,
  pss_bytes: (row) => row.pssBytes,
  cgroup_bytes: (row) => row.cgroupBytes,
  disk_bytes: (row) => row.diskBytes,
  image_bytes: (row) => row.imageBytes,
});

export const STARTUP_COLUMNS: readonly Column<StartupRow>[] = columns<StartupRow>({
  session: (_, session) => session,
  env: (row) => row.env,
  baseline: (row) => row.baseline,
  temperature: (row) => row.temperature,
  figure: (row) => row.figure,
  starts: (row) => row.starts,
  median_ms: (row) => row.medianMs,
  median_low_ms: (row) => row.interval?.low,
  median_high_ms: (row) => row.interval?.high,
  blocks: (row) => row.ratio?.blocks,
  time_ratio: (row) => row.ratio?.ratio,
  ratio_low: (row) => row.ratio?.interval?.low,
  ratio_high: (row) => row.ratio?.interval?.high,
});

export type ContrastRow = ContrastResult & { readonly stopReason: string };

export const CONTRAST_COLUMNS: readonly Column<ContrastRow>[] = columns<ContrastRow>(
  {
    session: (_, session) => session,
    env: (row) => row.env,
    baseline: (row) => row.baseline,
    workload: (row) => row.workload,
    blocks: (row) => row.blocks,
    time_ratio: (row) => row.timeRatio,
    ratio_low: (row) => row.interval?.low,
    ratio_high: (row) => row.interval?.high,
    throughput_change_percent: (row) => row.throughputChangePercent,
    hodges_lehmann: (row) => row.hodgesLehmann?.ratio,
    hl_low: (row) => row.hodgesLehmann?.interval.low,
    hl_high: (row) => row.hodgesLehmann?.interval.high,
    control_ratio: (row) => row.controlRatio,
    control_low: (row) => row.controlInterval?.low,
    control_high: (row) => row.controlInterval?.high,
    verdict: (row) => row.verdict,
    stop_reason: (row) => row.stopReason,
    total_ratio: (row) => row.total?.ratio,
    total_low: (row) => row.total?.interval?.low,
    total_high: (row) => row.total?.interval?.high,
    sustained_ratio: (row) => row.sustained?.ratio,
    sustained_low: (row) => row.sustained?.interval?.low,
    sustained_high: (row) => row.sustained?.interval?.high,
    wakeup_ratio: (row) => row.wakeupRatio,
    intermittent: (row) => String(row.intermittent),
    ns_per_pass: (row) => row.nsPerPass,
    baseline_ns_per_pass: (row) => row.baselineNsPerPass,
  },
  ['ns_per_pass', 'baseline_ns_per_pass'],
);

function columns<T>(
  cells: Readonly<Record<string, (row: T, session: string) => Cell>>,
  appended: readonly string[] = [],
): Column<T>[] {
  return Object.entries(cells).map(([name, value]) => ({ name, value, appended: appended.includes(name) }));
}

function figure(key: keyof StartFigures) {
  return (row: Start): Cell => ('spawnMs' in row ? row[key] : null);
}
