/** `boxmark fleet export`: every figure of every host as one table, for a database or a spreadsheet. */

import { EXIT, messageOf, usageError } from '../../bench/errors.ts';
import { readHosts } from '../../bench/fleet/hosts.ts';
import { fleetRows } from '../../bench/fleet/rows.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { isPrinted } from '../../bench/session/files.ts';
import type { FleetRow } from '../../bench/session/fleet-tables.ts';
import { openSink, type Sink } from '../../bench/session/sink.ts';
import { clean } from '../../reports/text.ts';
import { type RowFormat, writeRows } from '../fleet/rows-file.ts';
import { stderr, stdout } from '../terminal/streams.ts';

export async function fleetExport(
  { as, output }: FlagValues<'fleet export'>,
  ...dirs: readonly string[]
): Promise<number> {
  if (as === undefined) throw new Error('--as is required');
  const { hosts, leftOut, older } = readHosts(dirs);
  for (const { host, dir, why } of leftOut) warn(`left out: ${host === '' ? '' : `${host}, `}${dir}: ${why}`);
  if (older > 0) warn(`left out: ${older} sessions of hosts that have a newer one`);
  if (hosts.length === 0) {
    throw usageError(
      'There is nothing to export: no host has figures.',
      dirs.join(' '),
      'boxmark fleet report, for why',
    );
  }
  const rows = fleetRows(hosts, (host, why) => warn(`left out: ${host.host}, ${host.dir}: ${why}`));
  if (isPrinted(output) && as === 'parquet')
    throw usageError('Parquet is not text: -o names its file.', as, '-o fleet.parquet');
  if (isPrinted(output)) await writeRows(as, rows, PRINTED);
  else await writeFile(as, rows, output);
  return EXIT.ok;
}

const PRINTED = { write: (piece: string | Uint8Array) => stdout.write(String(piece)) };

async function writeFile(as: RowFormat, rows: Iterable<FleetRow>, file: string): Promise<void> {
  const sink = opened(file);
  try {
    await writeRows(as, rows, sink);
  } catch (error) {
    sink.drop();
    throw unwritten(error, file);
  }
  sink.end();
}

function warn(text: string): void {
  stderr.write(`boxmark: ${clean(text)}\n`);
}

function opened(file: string): Sink {
  try {
    return openSink(file);
  } catch (error) {
    throw unwritten(error, file);
  }
}

/** What the system says of a file is the user's to solve; anything else is a defect. */
function unwritten(error: unknown, file: string): unknown {
  if ((error as NodeJS.ErrnoException).syscall === undefined) return error;
  return usageError(`--output: the file can't be written (${messageOf(error)}).`, file, 'a file that you may write to');
}
