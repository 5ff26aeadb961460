/** The method in short, and what the columns and words of a session mean: the same for every session. */

import type { ReportModel } from '../model/model.ts';
import { percent } from '../words.ts';
import { code, factsTable, name, type Section, strong } from './section.ts';

/** Columns of the session's tables that a reader of this page meets; the rest is in results/README.md. */
export const DICTIONARY: Readonly<
  Record<'samples.csv' | 'starts.csv' | 'contrasts.csv', Readonly<Record<string, string>>>
> = {
  'samples.csv': {
    session: 'name of the session',
    block: 'every environment started afresh, measured in turns, closed: the unit of inference',
    round: 'one visit of every environment for every workload; 0 for warm-up',
    position: 'place in the order of the round',
    env: 'environment, written as a path of layers; the control is native@control',
    start_id: 'the start that the burst was run in',
    phase: 'warmup, lead (first burst of a visit), measure (the second, which counts), long',
    workload: 'kernel',
    size: 'size of its data',
    work: 'kernel passes in the burst',
    wall_ns: 'time of the burst, ns',
    cpu_ns: 'CPU time of the burst, ns; empty where it could not be read',
    mflops: 'nominal floating-point operations per µs; empty when the answer was wrong',
    checksum: 'of the state after the burst, where it was read',
    ok: 'was the answer right?',
    started_at: 'UTC',
    host_ns: 'time of the whole request as the host saw it, ns',
    clock: 'whose clock timed it: guest (the box’s own) or host',
    kernels: 'implementation of the kernels',
  },
  'starts.csv': {
    start_id: 'name of the start',
    status: 'completed, failed, timed-out or skipped',
    reason: 'why it was not completed',
    spawn_ms: 'until the command was spawned; outer layers are up by then',
    first_instruction_ms: 'until the payload’s first statement',
    ready_ms: 'until its first line arrived',
    run_ms: 'until the box was about to be closed',
    teardown_ms: 'until everything of it was removed',
    clock_ratio: 'time gone by in the box ÷ on the host',
    throttled_ms: 'held back by a CPU quota',
    steal_ms: 'stolen from the host’s CPUs meanwhile',
    idle_cpu_ms: 'CPU time that the box used while it was not asked for anything',
  },
  'contrasts.csv': {
    baseline: 'what env is compared with',
    blocks: 'blocks behind the interval',
    time_ratio: 'time of env ÷ time of baseline, of typical bursts; above 1 takes longer',
    ratio_low: 'lower end of its interval of 95 %',
    ratio_high: 'upper end',
    throughput_change_percent: 'the same as a change of throughput',
    hodges_lehmann: 'ratio of the typical start, with hl_low and hl_high',
    control_ratio: 'the control against the baseline, with control_low and control_high',
    verdict: 'slower, faster, equivalent, inconclusive or untrusted',
    stop_reason: 'what ended the session',
    total_ratio: 'of the sums of measured bursts, rare long ones included',
    sustained_ratio: 'of long visits',
    wakeup_ratio: 'lead-in ÷ measured burst',
    intermittent: 'is time lost now and then that typical bursts don’t show?',
  },
};

export function method({ session, margin }: ReportModel): Section {
  const { plan } = session;
  const schedule =
    plan.schedule === 'interleaved'
      ? '. All boxes stay resident and take turns of milliseconds on the same CPU, in balanced random order, so what disturbs the host affects all alike.'
      : '. The boxes ran one after the other (sequential), so what disturbed the host for seconds is not paired away.';
  return {
    id: 'method',
    title: 'Method in short',
    short: 'Method',
    weight: 'fold',
    notes: [
      [
        'A ',
        strong('block'),
        ' starts every environment afresh, and a second copy of ',
        name(plan.baseline, 60),
        ', the ',
        strong('control'),
        schedule,
      ],
      [
        'A ',
        strong('visit'),
        ` is a lead-in burst and a measured burst of fixed work, about ${plan.burstNs / 1e6} ms on the baseline. Every environment runs the same bytes and must leave the same bits.`,
      ],
      'Within a block: the median over rounds of the logarithm of the time ratio in the same round, against the baseline and against the control, averaged. Over blocks: the mean with Student’s interval of 95 %. The block is the unit; rounds and bursts are never pooled.',
      [
        'The ',
        strong('verdict'),
        ` checks the interval against a margin of ±${percent(margin)}, fixed before the run: `,
        strong('equivalent'),
        ' inside it, ',
        strong('slower'),
        ' or ',
        strong('faster'),
        ' where it excludes no difference and reaches past the margin, ',
        strong('untrusted'),
        ' where the control differs or a setting made boxes unequal, else ',
        strong('inconclusive'),
        '.',
      ],
      'Nothing is dropped. Intervals are not adjusted for their number: of twenty, one is expected to miss the truth.',
    ],
  };
}

export function dictionary(): Section {
  return {
    id: 'dictionary',
    title: 'Data dictionary',
    short: 'Dictionary',
    weight: 'fold',
    lead: [
      [
        'CSV: UTF-8, a header row, an empty cell where a figure could not be read. Columns that are not listed here are in the data dictionary of the project, ',
        code('results/README.md'),
        '.',
      ],
    ],
    tables: Object.entries(DICTIONARY).map(([file, columns]) => ({
      ...factsTable(
        `dictionary-${file.replaceAll('.', '-')}`,
        file,
        Object.entries(columns).map(([column, text]) => [code(column), text] as const),
      ),
      folded: true,
    })),
  };
}
