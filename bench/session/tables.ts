/** The CSV files of a session, each column once: how it is written, read and checked, and what it means. Columns are only ever appended. */

import {
  DIRECTIONS,
  MFLOPS,
  PHASES,
  type Sample,
  SIZES,
  START_TEMPERATURES,
  type Start,
  type StartFigures,
  type StartTemperature,
} from '../types.ts';
import { isHex16, isInstant } from './cell-bytes.ts';
import { CONTRASTS, STARTUP } from './figure-tables.ts';
import { KIND_TABLES } from './kind-tables.ts';
import {
  BLOCK,
  column,
  ENV,
  FROM_1,
  fields,
  figure,
  figureOf,
  flag,
  matching,
  maybe,
  oneOf,
  ordinal,
  positive,
  REASON,
  SESSION,
  signedFigure,
  Table,
  text,
  whole,
} from './table.ts';

const checksum = matching(/^(?:[0-9a-f]{16})?$/, '16 hex digits, or empty', isHex16);
const instant = matching(
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/,
  'a time as 2026-11-23T17:00:00.000Z',
  isInstant,
);

// ---------------------------------------------------------------- samples.csv

export const SAMPLES = new Table<Partial<Sample>, Sample>(
  'samples.csv',
  [
    SESSION,
    ...fields<Sample>({
      block: BLOCK,
      round: column('round', whole, {
        unit: FROM_1,
        meaning: 'round within the block; the number of the visit for long visits, 0 for warm-up',
      }),
      position: column('position', ordinal, {
        unit: FROM_1,
        meaning: "the box's place in the order of turns, for warm-up in the order of starts",
      }),
      env: column('env', text, { meaning: ENV }),
      startId: column('start_id', text, {
        meaning: 'start that the burst ran in',
        detail: 'Joins `starts.csv`',
      }),
      phase: column('phase', oneOf(PHASES), {
        meaning:
          'warm-up before the rounds; first and second burst of a visit, of which the second counts; part of a long visit',
        detail: '`measure` rows are **the only rows that the time ratios are computed from**',
      }),
      workload: column('workload', text, {
        meaning: 'kernel or workload of the system',
        detail: '`boxmark list workloads` has all',
      }),
      size: column('size', oneOf(SIZES), { meaning: 'size of its data' }),
      work: column('work', whole, {
        unit: 'passes',
        meaning: 'kernel passes in the burst, of all copies together; the same for every environment of a session',
        detail: '`clock` = `host`: in the whole visit',
      }),
      wallNs: column('wall_ns', whole, {
        unit: 'ns',
        meaning: 'time of the burst by the monotonic clock inside the box',
        detail: '`clock` = `host`: `host_ns` less the median time of a request without bursts',
      }),
      cpuNs: column('cpu_ns', figure, {
        unit: 'ns',
        meaning: 'CPU time of the burst',
        detail:
          "Shared kernel: user and system time of the payload's process, read inside. Guest kernel (`uml`, `qemu`): the host's account of the box over the whole request, shared out among its bursts by wall time, because such a guest reports wall time as CPU time",
      }),
      mflops: column('mflops', figure, {
        unit: '10⁶ operations a second',
        meaning: 'nominal floating-point operations of the burst ÷ its wall time',
        detail: 'Empty when the answer was wrong, and for workloads that have no MFLOPS',
      }),
      checksum: column('checksum', checksum, {
        unit: '16 hex digits',
        meaning: "FNV-1a 64 over the workload's state after the request",
        detail: 'On the last burst of each request (for a visit, the `measure` row); empty on the others',
      }),
      ok: column('ok', flag, {
        meaning: 'false when a replay shows the state to be wrong',
        detail: 'The times stay, the figure is removed',
      }),
      startedAt: column('started_at', instant, {
        unit: 'RFC 3339, UTC',
        meaning: "the host's clock when the request was sent, plus the burst's offset inside the request",
      }),
      hostNs: column('host_ns', figure, {
        unit: 'ns',
        meaning: 'time on the host from sending the request to receiving its answer',
        detail: 'On the last burst of each request; covers all its bursts and the checksum',
      }),
      clock: column('clock', oneOf(['guest', 'host']), {
        meaning: "whose clock gave the time: the box's own, or the host's",
        detail:
          "`host`: the row is not a burst but a **whole visit timed from outside**, one of three for each workload of a block (`round` 1 to 3, `phase` `long`). There are such rows only when a guest's clock is unreliable, for that guest and what it is compared with; the time ratios of these pairs come from them instead of `measure` rows ([Clocks](../docs/method.md#clocks))",
      }),
      kernels: column('kernels', text, {
        meaning: 'kernel engine: reference, tuned or wasm',
      }),
      unit: column('unit', text, {
        meaning: 'what the rate counts: MFLOPS for a kernel, else things a second',
        detail: 'Empty in sessions of version 0.1.0, which have kernels only',
      }),
      rate: column('rate', figure, {
        unit: 'as unit says',
        meaning: 'rate of the burst; empty when the answer was wrong',
        detail: 'Where `better` is set: the figure that the program printed, the mean over the runs of the burst',
      }),
      better: column('better', maybe(oneOf(DIRECTIONS)), {
        meaning: 'of a figure that a program prints, which of two is better; empty where the time counts',
        appended: true,
      }),
      threads: column('threads', maybe(ordinal), {
        unit: 'count',
        meaning: 'copies of the workload that ran at once, one a CPU',
        detail:
          'Above 1, `wall_ns` is the makespan, from the barrier to the end of the last copy; `work` and `cpu_ns` are those of all copies together, and `rate` is the sum of their rates, or the mean of what they print ([Copies](../docs/method.md#copies))',
        appended: true,
      }),
      spread: column('spread', maybe(positive), {
        meaning: 'time of the slowest copy over that of the fastest; empty for one',
        appended: true,
      }),
      lateNs: column('late_ns', figure, {
        unit: 'ns',
        meaning: 'from the barrier to the beginning of the last copy; empty for one',
        appended: true,
      }),
    }),
  ],
  (row) => {
    const sample = row as unknown as Sample;
    // Sessions of early versions have kernels only, and leave both cells empty.
    return sample.unit === '' ? { ...sample, unit: MFLOPS, rate: sample.mflops } : sample;
  },
);

// ---------------------------------------------------------------- starts.csv

type StartCells = StartFigures & {
  readonly block: number;
  readonly position: number;
  readonly env: string;
  readonly startId: string;
  readonly status: Start['status'];
  readonly reason: string;
  readonly round: number | null;
  readonly temperature: StartTemperature | null;
};

const STATUSES = ['completed', 'failed', 'timed-out', 'skipped'] as const satisfies readonly Start['status'][];
const ms = (name: string, meaning: string, detail?: string) => figureOf(name, 'ms', meaning, detail);

export const STARTS = new Table<Partial<StartCells>, Start>(
  'starts.csv',
  [
    SESSION,
    ...fields<StartCells>({
      block: BLOCK,
      position: column('position', whole, { unit: FROM_1, meaning: "place in the block's order of starts" }),
      env: column('env', text, { meaning: ENV }),
      startId: column('start_id', text, { meaning: 'name of the start', detail: 'Example: `b3-docker-docker`' }),
      status: column('status', oneOf(STATUSES), {
        meaning: 'how it ended; skipped after failing in two blocks in a row',
      }),
      reason: REASON,
      spawnMs: ms(
        'spawn_ms',
        "from the beginning of the start until the payload's command was spawned; all outer layers are up by then",
      ),
      firstInstructionMs: figureOf(
        'first_instruction_ms',
        'ms',
        "from the beginning until the payload's first statement",
        "With a guest kernel, which has its own clock, until the payload's first line arrived",
        signedFigure,
      ),
      readyMs: ms(
        'ready_ms',
        "from the beginning until the payload's first line arrived; the workloads are prepared after that",
      ),
      runMs: ms(
        'run_ms',
        'from ready until the box was about to be closed',
        'Preparation, warm-up, its own visits, and waiting for those of the others',
      ),
      teardownMs: ms('teardown_ms', 'from then until everything of the start was removed'),
      clockRatio: figureOf(
        'clock_ratio',
        undefined,
        'elapsed time in the box ÷ elapsed time on the host, from the first answer to the last',
        "Of a guest kernel: from the end of its preparation. 1.001 means that the box's clock ran 0.1 % fast",
      ),
      cpuUserMs: ms(
        'cpu_user_ms',
        "CPU time of the innermost box in user mode, by the host's account",
        'On cgroup v1 the sum with `cpu_system_ms` is exact and its split comes in steps of 10 ms',
      ),
      cpuSystemMs: ms('cpu_system_ms', 'the same in the kernel'),
      throttledMs: ms('throttled_ms', 'time in which a CPU quota throttled the box'),
      stealMs: figureOf(
        'steal_ms',
        'ms',
        "time stolen from all CPUs of the host during the start's life",
        'In steps of 10 ms. Not every hypervisor reports it',
        signedFigure,
      ),
      memoryPeakBytes: figureOf(
        'memory_peak_bytes',
        'bytes',
        "highest memory use of the innermost box by the host's account",
        'Of a guest kernel: the whole machine',
      ),
      hostMemoryDeltaBytes: figureOf(
        'host_memory_delta_bytes',
        'bytes',
        'available memory of the host before the start, less that after the workloads were prepared',
        undefined,
        signedFigure,
      ),
      idleCpuMs: ms('idle_cpu_ms', 'CPU time that the box used after it was ready and outside its own requests'),
      clockStepNs: figureOf('clock_step_ns', 'ns', "smallest step seen of the box's monotonic clock"),
      round: column('round', maybe(whole), {
        unit: 'count from 0',
        meaning: 'of a start-up session: round of the block; 0 for the cold start that opens it',
        appended: true,
      }),
      temperature: column('temperature', maybe(oneOf(START_TEMPERATURES)), {
        meaning:
          'of a start-up session: with a warm page cache, right after it was dropped, or the first one since the image was prepared',
        appended: true,
      }),
    }),
  ],
  (row) => toStart(row as unknown as StartCells),
);

/** Starts of sessions of workloads, of which each block has one of a box, have neither round nor temperature. */
function toStart(cells: StartCells): Start {
  const { block, position, env, startId, status, reason, round, temperature, ...figures } = cells;
  const head = {
    ...{ block, position, env, startId },
    ...(round === null ? {} : { round }),
    ...(temperature === null ? {} : { temperature }),
  };
  if (status === 'skipped') return { ...head, status, reason };
  return status === 'completed' ? { ...head, ...figures, status } : { ...head, ...figures, status, reason };
}

/** In the order of the manifest. */
export const TABLES = [SAMPLES, STARTS, CONTRASTS, STARTUP, ...Object.values(KIND_TABLES)] as const;
