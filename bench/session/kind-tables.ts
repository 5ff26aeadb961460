/** The tables of rows that only some kinds of measurement have; `tables.ts` has all tables of a session. */

import type { FootprintRow, KindRow, KindRows, KindTable, ScaleRow } from '../types.ts';
import { DENSITY, LOAD, STORM } from './capacity-tables.ts';
import {
  BLOCK,
  column,
  ENV,
  FROM_1,
  fields,
  figureOf,
  oneOf,
  ordinal,
  SESSION,
  signedFigure,
  Table,
  text,
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

/** In the order of the manifest. */
export const KIND_TABLES: {
  readonly [K in KindTable]: Table<Partial<KindRow[K]>, KindRow[K]>;
} = {
  footprint: FOOTPRINT,
  scale: SCALE,
  density: DENSITY,
  storm: STORM,
  load: LOAD,
};

const NAMES = Object.keys(KIND_TABLES) as KindTable[];

/** One list of rows for every table. */
export function kindRows(rowsOf: <K extends KindTable>(table: K) => readonly KindRow[K][]): KindRows {
  return Object.fromEntries(NAMES.map((name) => [name, rowsOf(name)])) as unknown as KindRows;
}

export const NO_KIND_ROWS: KindRows = kindRows(() => []);
