/** The tables of a session whose cells are computed from the rows of the others; `tables.ts` has them all. */

import { type ContrastResult, STARTUP_FIGURES, type StartupRow, VERDICTS } from '../types.ts';
import { STOP_REASONS, type StopReason } from './info.ts';
import {
  type CellsOf,
  type CellType,
  type ComputedColumn,
  computed,
  ENV,
  figure,
  flag,
  maybe,
  oneOf,
  ordinal,
  positive,
  real,
  SESSION,
  Table,
  text,
  type Words,
  whole,
} from './table.ts';

// ---------------------------------------------------------------- contrasts.csv

export type ContrastRow = ContrastResult & { readonly stopReason: StopReason };

const contrast = computedBy<ContrastRow>();

const CONTRAST_COLUMNS = {
  env: contrast(text, ({ env }) => env, { meaning: 'path of the environment that is compared, or the control' }),
  baseline: contrast(text, ({ baseline }) => baseline, { meaning: 'what env is compared with' }),
  workload: contrast(text, ({ workload }) => workload, {
    meaning: 'a workload, or suite: the mean over the kernels within each block',
  }),
  blocks: contrast(ordinal, ({ blocks }) => blocks, {
    unit: 'count',
    meaning: 'blocks that have a value, on which the interval is based',
  }),
  time_ratio: contrast(positive, ({ timeRatio }) => timeRatio, {
    meaning: 'time of env ÷ time of baseline, of typical bursts; above 1 takes longer',
  }),
  ratio_low: contrast(figure, ({ interval }) => interval?.low, {
    meaning: 'lower end of its interval of 95 %, not adjusted for the number of intervals',
    detail: 'Empty with one block',
  }),
  ratio_high: contrast(figure, ({ interval }) => interval?.high, { meaning: 'upper end' }),
  throughput_change_percent: contrast(real, (row) => row.throughputChangePercent, {
    unit: '%',
    meaning: 'the same as a change of throughput: (1 ÷ time ratio − 1) × 100',
  }),
  hodges_lehmann: contrast(figure, (row) => row.hodgesLehmann?.ratio, {
    meaning: 'ratio of the typical start',
    detail: 'Empty with fewer than six blocks',
  }),
  hl_low: contrast(figure, (row) => row.hodgesLehmann?.interval.low, {
    meaning: 'lower end of its exact signed-rank interval',
  }),
  hl_high: contrast(figure, (row) => row.hodgesLehmann?.interval.high, { meaning: 'upper end' }),
  control_ratio: contrast(figure, ({ controlRatio }) => controlRatio, {
    meaning: 'the control against the baseline on the same workload',
  }),
  control_low: contrast(figure, (row) => row.controlInterval?.low, { meaning: 'lower end of its interval of 95 %' }),
  control_high: contrast(figure, (row) => row.controlInterval?.high, { meaning: 'upper end' }),
  verdict: contrast(maybe(oneOf(VERDICTS)), ({ verdict }) => verdict, {
    meaning: "at the plan's margin, about typical bursts; empty for the control",
  }),
  stop_reason: contrast(oneOf(STOP_REASONS), ({ stopReason }) => stopReason, {
    meaning: 'what ended the session',
    detail: 'As `stopReason` in `session.json`',
  }),
  total_ratio: contrast(figure, ({ total }) => total?.ratio, {
    meaning: 'time ratio with what either side loses by rare long bursts',
    detail: 'Mean over median of the lead-ins and measured bursts, env against baseline, times `time_ratio`',
  }),
  total_low: contrast(figure, ({ total }) => total?.interval?.low, { meaning: 'lower end of its interval of 95 %' }),
  total_high: contrast(figure, ({ total }) => total?.interval?.high, { meaning: 'upper end' }),
  sustained_ratio: contrast(figure, ({ sustained }) => sustained?.ratio, {
    meaning: 'ratio of times per pass in long visits, paired like rounds, over the blocks that have one',
  }),
  sustained_low: contrast(figure, ({ sustained }) => sustained?.interval?.low, {
    meaning: 'lower end of its interval of 95 %',
    detail: 'Empty with one such block',
  }),
  sustained_high: contrast(figure, ({ sustained }) => sustained?.interval?.high, { meaning: 'upper end' }),
  wakeup_ratio: contrast(figure, ({ wakeupRatio }) => wakeupRatio, {
    meaning: 'of env: median over visits of 1 + what the lead-in loses ÷ time of the measured burst',
    detail: 'Of the suite the geometric mean over the workloads',
  }),
  intermittent: contrast(flag, ({ intermittent }) => intermittent, {
    meaning: 'true when one side stalls more often than the other, by an exact test',
    detail: 'Also when a CPU quota throttled a side of the pair',
  }),
  ns_per_pass: contrast(figure, ({ nsPerPass }) => nsPerPass, {
    unit: 'ns',
    meaning: 'median over the measured bursts of env; empty for the suite',
    detail: 'A slower host changes it, unlike the ratio. Sessions of an early version do not have the column',
    appended: true,
  }),
  baseline_ns_per_pass: contrast(figure, ({ baselineNsPerPass }) => baselineNsPerPass, {
    unit: 'ns',
    meaning: 'the same of baseline',
    appended: true,
  }),
  stalled_bursts: contrast(maybe(whole), ({ stalledBursts }) => stalledBursts, {
    unit: 'count',
    meaning:
      'lead-ins and measured bursts of env that lie more than 5 % of a measured burst, and 14.8 MAD, above the others of their round',
    detail: 'Sessions of an early version do not have the column',
    appended: true,
  }),
  baseline_stalled_bursts: contrast(maybe(whole), (row) => row.baselineStalledBursts, {
    unit: 'count',
    meaning: 'the same of baseline, its copies together',
    appended: true,
  }),
};

export const CONTRASTS = new Table<ContrastRow, CellsOf<typeof CONTRAST_COLUMNS>>(
  'contrasts.csv',
  [SESSION, ...computed<ContrastRow>(CONTRAST_COLUMNS)],
  (row) => row as CellsOf<typeof CONTRAST_COLUMNS>,
);

// ---------------------------------------------------------------- startup.csv

const startup = computedBy<StartupRow>();

const STARTUP_COLUMNS = {
  env: startup(text, ({ env }) => env, { meaning: ENV }),
  baseline: startup(text, ({ baseline }) => baseline, { meaning: 'what env is compared with' }),
  temperature: startup(oneOf(['warm', 'cold']), ({ temperature }) => temperature, {
    meaning: 'was the page cache warm, or cold: dropped, or as it was at the first start',
  }),
  figure: startup(oneOf(STARTUP_FIGURES), (row) => row.figure, {
    meaning: 'until when the start is timed, or its removal',
    detail: 'The columns `spawn_ms`, `first_instruction_ms`, `ready_ms` and `teardown_ms` of `starts.csv`',
  }),
  starts: startup(whole, ({ starts }) => starts, {
    unit: 'count',
    meaning: 'completed starts, on which the median is based',
  }),
  median_ms: startup(figure, ({ medianMs }) => medianMs, { unit: 'ms', meaning: 'median over all of them' }),
  median_low_ms: startup(figure, ({ interval }) => interval?.low, {
    unit: 'ms',
    meaning: 'lower end of the interval of 95 % of a typical block',
    detail: "Student's, over the logarithms of the blocks' medians. Empty with one block",
  }),
  median_high_ms: startup(figure, ({ interval }) => interval?.high, { unit: 'ms', meaning: 'upper end' }),
  blocks: startup(maybe(whole), ({ ratio }) => ratio?.blocks, {
    unit: 'count',
    meaning: 'blocks on which the ratio is based',
  }),
  time_ratio: startup(maybe(positive), ({ ratio }) => ratio?.ratio, {
    meaning: 'time of env ÷ time of baseline, paired by round; empty for the baseline',
  }),
  ratio_low: startup(figure, ({ ratio }) => ratio?.interval?.low, {
    meaning: 'lower end of its interval of 95 % over blocks',
    detail: 'Empty with one block',
  }),
  ratio_high: startup(figure, ({ ratio }) => ratio?.interval?.high, { meaning: 'upper end' }),
};

export const STARTUP = new Table<StartupRow, CellsOf<typeof STARTUP_COLUMNS>>(
  'startup.csv',
  [SESSION, ...computed<StartupRow>(STARTUP_COLUMNS)],
  (row) => row as CellsOf<typeof STARTUP_COLUMNS>,
  ['startup'],
);

function computedBy<Row>() {
  return <V>(type: CellType<V>, write: (row: Row) => V | undefined, words: Words): ComputedColumn<Row, V> => ({
    type,
    write,
    ...words,
  });
}
