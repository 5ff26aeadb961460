/** From a row of a session's tables back to the burst or the start that it was written from. */

import {
  type FootprintRow,
  MFLOPS,
  type Phase,
  type Sample,
  SIZES,
  type Size,
  START_TEMPERATURES,
  type Start,
  type StartFigures,
} from '../types.ts';

/** A row by the names of its columns. */
export type Row = Readonly<Record<string, string>>;

/** A cell that can't be of its column; the message names the column and the cell. */
export class BadCell extends Error {}

const PHASES: readonly Phase[] = ['warmup', 'lead', 'measure', 'long'];
const STATUSES: readonly Start['status'][] = ['completed', 'failed', 'timed-out', 'skipped'];

/** Throws a BadCell. */
export function toSample(row: Row): Sample {
  return {
    block: whole(row, 'block'),
    round: whole(row, 'round'),
    position: whole(row, 'position'),
    env: text(row, 'env'),
    startId: text(row, 'start_id'),
    phase: oneOf(row, 'phase', PHASES),
    workload: text(row, 'workload'),
    size: oneOf<Size>(row, 'size', SIZES),
    work: whole(row, 'work'),
    wallNs: whole(row, 'wall_ns'),
    cpuNs: figure(row, 'cpu_ns'),
    mflops: figure(row, 'mflops'),
    checksum: row.checksum ?? '',
    ok: oneOf(row, 'ok', ['true', 'false']) === 'true',
    startedAt: row.started_at ?? '',
    hostNs: figure(row, 'host_ns'),
    clock: oneOf(row, 'clock', ['guest', 'host']),
    kernels: text(row, 'kernels'),
    ...rateOf(row),
  };
}

/** Sessions of early versions have kernels only, and no cells for this. */
function rateOf(row: Row): Pick<Sample, 'unit' | 'rate'> {
  const unit = text(row, 'unit');
  return unit === '' ? { unit: MFLOPS, rate: figure(row, 'mflops') } : { unit, rate: figure(row, 'rate') };
}

/** Throws a BadCell. */
export function toStart(row: Row): Start {
  const head = {
    block: whole(row, 'block'),
    position: whole(row, 'position'),
    env: text(row, 'env'),
    startId: text(row, 'start_id'),
    // Sessions of workloads start each box once a block, and have neither.
    ...(row.round ? { round: whole(row, 'round') } : {}),
    ...(row.temperature ? { temperature: oneOf(row, 'temperature', START_TEMPERATURES) } : {}),
  };
  const status = oneOf(row, 'status', STATUSES);
  const reason = text(row, 'reason');
  if (status === 'skipped') return { ...head, status, reason };
  const figures: StartFigures = {
    spawnMs: figure(row, 'spawn_ms'),
    firstInstructionMs: figure(row, 'first_instruction_ms'),
    readyMs: figure(row, 'ready_ms'),
    runMs: figure(row, 'run_ms'),
    teardownMs: figure(row, 'teardown_ms'),
    clockRatio: figure(row, 'clock_ratio'),
    cpuUserMs: figure(row, 'cpu_user_ms'),
    cpuSystemMs: figure(row, 'cpu_system_ms'),
    throttledMs: figure(row, 'throttled_ms'),
    stealMs: figure(row, 'steal_ms'),
    memoryPeakBytes: figure(row, 'memory_peak_bytes'),
    hostMemoryDeltaBytes: figure(row, 'host_memory_delta_bytes'),
    idleCpuMs: figure(row, 'idle_cpu_ms'),
    clockStepNs: figure(row, 'clock_step_ns'),
  };
  return status === 'completed' ? { ...head, ...figures, status } : { ...head, ...figures, status, reason };
}

/** Throws a BadCell. */
export function toFootprint(row: Row): FootprintRow {
  return {
    block: whole(row, 'block'),
    position: whole(row, 'position'),
    env: text(row, 'env'),
    instances: whole(row, 'instances'),
    hostDeltaBytes: figure(row, 'host_delta_bytes'),
    pssBytes: figure(row, 'pss_bytes'),
    cgroupBytes: figure(row, 'cgroup_bytes'),
    diskBytes: figure(row, 'disk_bytes'),
    imageBytes: figure(row, 'image_bytes'),
  };
}

function whole(row: Row, column: string): number {
  const value = Number(row[column]);
  if (row[column] === '' || !Number.isSafeInteger(value) || value < 0) throw bad(row, column, 'a whole number');
  return value;
}

/** An empty cell says that the figure could not be read. */
function figure(row: Row, column: string): number | null {
  const cell = row[column];
  if (cell === undefined || cell === '') return null;
  const value = Number(cell);
  if (!Number.isFinite(value)) throw bad(row, column, 'a number');
  return value;
}

function oneOf<T extends string>(row: Row, column: string, values: readonly T[]): T {
  const found = values.find((value) => value === row[column]);
  if (found === undefined) throw bad(row, column, values.join(', '));
  return found;
}

/** Takes back the sign that keeps a spreadsheet from running a cell as a formula. */
export function text(row: Row, column: string): string {
  return (row[column] ?? '').replace(/^'(?=[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20])/, '');
}

function bad(row: Row, column: string, wanted: string): BadCell {
  if (row[column] === undefined) return new BadCell(`there is no column ${column}`);
  return new BadCell(`${column} is ${JSON.stringify(row[column].slice(0, 40))}, not ${wanted}`);
}
