/** The tables of what a host carries: instances and neighbours at work, how many idle boxes fit, storms of starts, requests under load. */

import {
  type DensityRow,
  INSTANCE_STATUS,
  type LoadRow,
  type NeighbourRow,
  REQUEST_STATUSES,
  type ScaleRow,
  SERIES_ENDS,
  STORM_ORDERS,
  STORM_SHARES,
  type StormRow,
  VISIT_STATUSES,
} from '../types.ts';
import {
  BLOCK,
  column,
  ENV,
  FROM_1,
  fields,
  figureOf,
  flag,
  instancesOf,
  maybe,
  oneOf,
  ordinal,
  positionOf,
  positive,
  REASON,
  SESSION,
  signedFigure,
  Table,
  text,
  whole,
} from './table.ts';

const SOME = 'At 1, 2, 5, 10, 20, 50 … instances, and with the last one of a series';

const START_ID = column('start_id', text, { meaning: 'name of the start', detail: 'Joins `starts.csv`' });

export const SCALE = new Table<Partial<ScaleRow>, ScaleRow>(
  'scale.csv',
  [
    SESSION,
    ...fields<ScaleRow>({
      block: BLOCK,
      position: positionOf('place of environment and level'),
      env: column('env', text, { meaning: ENV }),
      workload: column('workload', text, { meaning: 'what all instances do in the window' }),
      instances: instancesOf('the level: instances that work at once'),
      instance: column('instance', ordinal, { unit: FROM_1, meaning: 'which of them' }),
      startId: column('start_id', text, {
        meaning: 'name of its start',
        detail: 'Joins `starts.csv`, and the bursts of the window in `samples.csv` (`phase` = `long`)',
      }),
      status: column('status', oneOf(['completed', 'failed', 'timed-out']), {
        meaning: 'how its window ended',
        detail: 'A level with an instance that failed counts in no figure',
      }),
      reason: REASON,
      beginNs: figureOf(
        'begin_ns',
        'ns',
        'from the first request of the window until its first burst began',
        'Time on the host until its own request was sent, and in the box until the burst',
      ),
      endNs: figureOf('end_ns', 'ns', 'from the first request of the window until its last burst ended'),
      cpuNs: figureOf('cpu_ns', 'ns', "CPU time of its box during its request, by the host's account"),
      stealMs: figureOf(
        'steal_ms',
        'ms',
        'time stolen from all CPUs of the host in the window; the same in all rows of a window',
        undefined,
        signedFigure,
      ),
      hostDeltaBytes: figureOf(
        'host_delta_bytes',
        'bytes',
        'available memory of the host before the first instance was started, less that when all were ready; the same in all rows of a window',
        'Medians of five readings',
        signedFigure,
      ),
      availableBytes: figureOf(
        'available_bytes',
        'bytes',
        'available memory of the host before the first instance was started; the same in all rows of a window',
      ),
    }),
  ],
  (row) => row as unknown as ScaleRow,
  ['scale', 'capacity'],
);

export const NEIGHBOUR = new Table<Partial<NeighbourRow>, NeighbourRow>(
  'neighbour.csv',
  [
    SESSION,
    ...fields<NeighbourRow>({
      block: BLOCK,
      position: positionOf('place of the environment'),
      env: column('env', text, { meaning: ENV }),
      workload: column('workload', text, { meaning: 'what the victim does' }),
      aggressor: column('aggressor', text, { meaning: 'what the neighbour of the pair does' }),
      round: column('round', ordinal, {
        unit: FROM_1,
        meaning: 'the pair: a visit without the neighbour and one beside it, in random order',
      }),
      beside: column('beside', flag, { meaning: 'does the neighbour work in this visit?' }),
      turn: column('turn', whole, {
        unit: 'count from 1; 0: none',
        meaning: "which visit of the victim's it was",
        detail: 'Its bursts in `samples.csv` have it as `round`, with `phase` = `long`',
      }),
      startId: column('start_id', text, { meaning: "name of the victim's start" }),
      status: column('status', oneOf(VISIT_STATUSES), {
        meaning: 'how the visit ended',
        detail:
          '`uncovered`: the neighbour was not shown to work from before its beginning until after its end, so the pair does not count. `neighbour-failed`: the neighbour failed, which costs its pairs of the block. `refused`: the box can not run what the neighbour should do. `failed`, `timed-out`: of the victim, which costs the environment the block',
      }),
      reason: REASON,
      work: column('work', maybe(ordinal), { unit: 'passes', meaning: 'passes in each burst of the victim' }),
      meanPassNs: figureOf('mean_pass_ns', 'ns', 'time of all bursts of the visit over their passes'),
      medianPassNs: figureOf('median_pass_ns', 'ns', "a pass in the visit's median burst"),
      longestPassNs: figureOf('longest_pass_ns', 'ns', "a pass in the visit's longest burst"),
      copies: column('copies', whole, { unit: 'count', meaning: 'boxes of the neighbour that worked' }),
      aggressorPasses: figureOf(
        'aggressor_passes',
        'passes',
        'what they did in the requests that surround the visit, all together',
      ),
      leadNs: figureOf(
        'lead_ns',
        'ns',
        'from the latest time at which all of them can have begun until the visit began',
        'Negative: not shown to work at its beginning',
        signedFigure,
      ),
      tailNs: figureOf(
        'tail_ns',
        'ns',
        'from the end of the visit until the earliest time at which one of them can have ended',
        'Negative: not shown to work at its end',
        signedFigure,
      ),
      stealMs: figureOf(
        'steal_ms',
        'ms',
        'time stolen from all CPUs of the host in the visit',
        undefined,
        signedFigure,
      ),
    }),
  ],
  (row) => row as unknown as NeighbourRow,
  ['neighbour'],
);

export const DENSITY = new Table<Partial<DensityRow>, DensityRow>(
  'density.csv',
  [
    SESSION,
    ...fields<DensityRow>({
      block: BLOCK,
      position: positionOf(),
      env: column('env', text, { meaning: ENV }),
      instances: instancesOf('idle boxes that are held, this one included'),
      startId: START_ID,
      status: column('status', oneOf(INSTANCE_STATUS), {
        meaning: 'what became of the box',
        detail: '`stopped`: it was not started, because the host had no room for it',
      }),
      endedBy: column('ended_by', maybe(oneOf(SERIES_ENDS)), {
        meaning: 'in the last row of a series, what ended it',
        detail:
          "`max`: as many as planned are held; `memory`, `disk`, `load`, `processes`: what the host ran short of; `engine`: the engine's own error",
      }),
      reason: REASON,
      readyMs: figureOf('ready_ms', 'ms', 'from the beginning of its start until its first line', 'As in `starts.csv`'),
      hostDeltaBytes: figureOf(
        'host_delta_bytes',
        'bytes',
        'available memory of the host before the first of them was started, less that now',
        'Read as soon as the box is ready. Can be negative on a busy host',
        signedFigure,
      ),
      pssBytes: figureOf(
        'pss_bytes',
        'bytes',
        "proportional set sizes of the boxes' processes, as in footprint.csv",
        SOME,
      ),
      rssBytes: figureOf(
        'rss_bytes',
        'bytes',
        'resident set sizes of the same processes: a page that n of them map counts n times',
        SOME,
      ),
      cgroupBytes: figureOf('cgroup_bytes', 'bytes', "what the boxes' own control groups are charged with", SOME),
      diskBytes: figureOf(
        'disk_bytes',
        'bytes',
        'allocated bytes below the folders of the engine and of the run, less those before the first start',
        SOME,
        signedFigure,
      ),
      slabBytes: figureOf(
        'slab_bytes',
        'bytes',
        "memory of the kernel's own objects (Slab of /proc/meminfo), less that before the first start",
        SOME,
        signedFigure,
      ),
      ksmBytes: figureOf(
        'ksm_bytes',
        'bytes',
        'what the kernel has saved by merging equal pages (KSM), less that before the first start',
        `${SOME}. Empty where merging is off`,
        signedFigure,
      ),
    }),
  ],
  (row) => row as unknown as DensityRow,
  ['density'],
);

const WHOLE_STORM = 'The same in all rows of a storm';

export const STORM = new Table<Partial<StormRow>, StormRow>(
  'storm.csv',
  [
    SESSION,
    ...fields<StormRow>({
      block: BLOCK,
      position: positionOf("the storm's place"),
      env: column('env', text, { meaning: ENV }),
      instances: instancesOf('boxes that the storm starts'),
      order: column('order', oneOf(STORM_ORDERS), {
        meaning: 'all at the same moment, or a few at a time',
        detail: '`staggered`: two for each CPU',
      }),
      share: column('share', oneOf(STORM_SHARES), {
        meaning: 'what holds the boxes back: nothing, a small CPU weight, or a CPU quota',
        detail:
          '`weight`: 10, where every box has 1024; `quota`: half of the CPUs, divided among the boxes of the storm',
      }),
      instance: column('instance', ordinal, { unit: FROM_1, meaning: 'which of the boxes' }),
      startId: START_ID,
      status: column('status', oneOf(INSTANCE_STATUS), {
        meaning: 'what became of the box',
        detail: '`stopped`: it was not started, because the storm was ended before',
      }),
      reason: REASON,
      startMs: figureOf('start_ms', 'ms', 'from the beginning of its own start until its first line'),
      readyMs: figureOf('ready_ms', 'ms', 'from the beginning of the storm until its first line'),
      victimBeforeNs: figureOf(
        'victim_before_ns',
        'ns',
        'time of a pass in a box of the baseline that runs bursts, median before the storm',
        WHOLE_STORM,
      ),
      victimDuringNs: figureOf('victim_during_ns', 'ns', 'the same during the storm', WHOLE_STORM),
      victimP99Ns: figureOf(
        'victim_p99_ns',
        'ns',
        '99th percentile of the same during the storm',
        `${WHOLE_STORM}. Of fewer than 100 bursts the longest`,
      ),
      victimBursts: figureOf('victim_bursts', 'count', 'its bursts that began during the storm', WHOLE_STORM),
      longestGapMs: figureOf(
        'longest_gap_ms',
        'ms',
        'the longest time between two signs of life of a thread of the harness that sleeps for 10 ms',
        WHOLE_STORM,
      ),
      missedBeats: column('missed_beats', whole, {
        unit: 'count',
        meaning: 'how often that was more than a second',
        detail: `${WHOLE_STORM}. The first one ends the storm`,
      }),
    }),
  ],
  (row) => row as unknown as StormRow,
  ['storm', 'capacity'],
);

export const LOAD = new Table<Partial<LoadRow>, LoadRow>(
  'load.csv',
  [
    SESSION,
    ...fields<LoadRow>({
      block: BLOCK,
      position: positionOf('place of the level'),
      env: column('env', text, { meaning: ENV }),
      startId: column('start_id', text, { meaning: 'start that the request ran in', detail: 'Joins `starts.csv`' }),
      workload: column('workload', text, { meaning: 'what a request is one burst of' }),
      rate: column('rate', positive, {
        unit: 'arrivals a second',
        meaning: 'mean rate of the Poisson process by which requests arrive in the level',
      }),
      arrival: column('arrival', ordinal, { unit: FROM_1, meaning: 'number of the request in its level' }),
      intendedNs: column('intended_ns', whole, {
        unit: 'ns',
        meaning: "when the request arrived by the plan, from the level's beginning",
        detail: '`done_ns` − `intended_ns` is its latency. The same for every environment in a block',
      }),
      sentNs: column('sent_ns', whole, {
        unit: 'ns',
        meaning: "when the harness sent it on its way to the box, by the host's clock",
        detail: '`sent_ns` − `intended_ns` is how late the harness was',
      }),
      doneNs: figureOf('done_ns', 'ns', "when its answer arrived, by the host's clock; empty without an answer"),
      serviceNs: figureOf('service_ns', 'ns', "time of its burst by the box's own clock"),
      status: column('status', oneOf(REQUEST_STATUSES), {
        meaning: 'answered; dropped before the box was sent it, because the level was stopped; failed with its box',
      }),
    }),
  ],
  (row) => row as unknown as LoadRow,
  ['load'],
);
