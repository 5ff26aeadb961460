/** The tables of rows that only some kinds of measurement have; `tables.ts` has all tables of a session. */

import {
  type FootprintRow,
  type KindRow,
  type KindRows,
  type KindTable,
  type NeighbourRow,
  type ScaleRow,
  VISIT_STATUSES,
} from '../types.ts';
import { DENSITY, LOAD, STORM } from './capacity-tables.ts';
import {
  BLOCK,
  column,
  ENV,
  FROM_1,
  fields,
  figureOf,
  flag,
  maybe,
  oneOf,
  ordinal,
  SESSION,
  signedFigure,
  Table,
  text,
  whole,
} from './table.ts';

const FOOTPRINT = new Table<Partial<FootprintRow>, FootprintRow>(
  'footprint.csv',
  [
    SESSION,
    ...fields<FootprintRow>({
      block: BLOCK,
      position: column('position', ordinal, { unit: FROM_1, meaning: "place in the block's random order" }),
      env: column('env', text, { meaning: ENV }),
      instances: column('instances', ordinal, {
        unit: 'count',
        meaning: 'idle boxes that were held at the same time',
      }),
      hostDeltaBytes: figureOf(
        'host_delta_bytes',
        'bytes',
        'available memory of the host before the first of them was started, less that when all were idle',
        'Medians of five readings. Can be negative on a busy host',
        signedFigure,
      ),
      pssBytes: figureOf(
        'pss_bytes',
        'bytes',
        "proportional set sizes of the boxes' processes and of the commands that hold them open",
      ),
      cgroupBytes: figureOf(
        'cgroup_bytes',
        'bytes',
        "what the boxes' own control groups are charged with",
        'Empty where a box has none',
      ),
      diskBytes: figureOf(
        'disk_bytes',
        'bytes',
        'allocated bytes below the folders of the engine and of the run, less those before the first start',
        "Hard links once, other mounted file systems left out. Empty where the folders can't be read",
        signedFigure,
      ),
      imageBytes: figureOf('image_bytes', 'bytes', 'size of the image as the engine holds it'),
    }),
  ],
  (row) => row as unknown as FootprintRow,
  ['footprint'],
);

const SCALE = new Table<Partial<ScaleRow>, ScaleRow>(
  'scale.csv',
  [
    SESSION,
    ...fields<ScaleRow>({
      block: BLOCK,
      position: column('position', ordinal, {
        unit: FROM_1,
        meaning: "place of environment and level in the block's random order",
      }),
      env: column('env', text, { meaning: ENV }),
      workload: column('workload', text, { meaning: 'what all instances do in the window' }),
      instances: column('instances', ordinal, { unit: 'count', meaning: 'the level: instances that work at once' }),
      instance: column('instance', ordinal, { unit: FROM_1, meaning: 'which of them' }),
      startId: column('start_id', text, {
        meaning: 'name of its start',
        detail: 'Joins `starts.csv`, and the bursts of the window in `samples.csv` (`phase` = `long`)',
      }),
      status: column('status', oneOf(['completed', 'failed', 'timed-out']), {
        meaning: 'how its window ended',
        detail: 'A level with an instance that failed counts in no figure',
      }),
      reason: column('reason', text, { meaning: 'why it was not completed' }),
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

const NEIGHBOUR = new Table<Partial<NeighbourRow>, NeighbourRow>(
  'neighbour.csv',
  [
    SESSION,
    ...fields<NeighbourRow>({
      block: BLOCK,
      position: column('position', ordinal, {
        unit: FROM_1,
        meaning: "place of the environment in the block's random order",
      }),
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
      reason: column('reason', text, { meaning: 'why it was not completed' }),
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

/** In the order of the manifest. */
export const KIND_TABLES: {
  readonly [K in KindTable]: Table<Partial<KindRow[K]>, KindRow[K]>;
} = {
  footprint: FOOTPRINT,
  scale: SCALE,
  density: DENSITY,
  storm: STORM,
  load: LOAD,
  neighbour: NEIGHBOUR,
};

const NAMES = Object.keys(KIND_TABLES) as KindTable[];

/** One list of rows for every table. */
export function kindRows(rowsOf: <K extends KindTable>(table: K) => readonly KindRow[K][]): KindRows {
  return Object.fromEntries(NAMES.map((name) => [name, rowsOf(name)])) as unknown as KindRows;
}

export const NO_KIND_ROWS: KindRows = kindRows(() => []);
