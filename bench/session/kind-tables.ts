/** The tables of rows that only some kinds of measurement have; `tables.ts` has all tables of a session. */

import type { FootprintRow, KindRow, KindRows, KindTable } from '../types.ts';
import { DENSITY, LOAD, NEIGHBOUR, SCALE, STORM } from './capacity-tables.ts';
import {
  BLOCK,
  column,
  ENV,
  fields,
  figureOf,
  instancesOf,
  positionOf,
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
      position: positionOf(),
      env: column('env', text, { meaning: ENV }),
      instances: instancesOf('idle boxes that were held at the same time'),
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
