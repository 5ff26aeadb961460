/** Figures of many hosts, from `contrasts.csv` of each: read one host after the other, and kept as columns of numbers. */

import { BoxmarkError, usageError } from '../errors.ts';
import { nameAmongOthers, SUITE } from '../plan/suite.ts';
import { CONTRASTS } from '../session/figure-tables.ts';
import { rowsOf } from '../session/load.ts';
import type { Verdict } from '../types.ts';
import type { HostSession, LeftOutHost } from './hosts.ts';
import { Names } from './names.ts';

/** No plan has as many pairs and workloads; a table of strangers may. */
const MOST_ROWS = 5000;
/** No quotient of two doubles has such a logarithm: such a figure is damaged and does not count. */
const ABSURD_LOG = 1500;

/** A row of a host. Logs are natural; ends of the interval of 95 %, null where there is none. */
export interface HostRow {
  readonly env: string;
  readonly baseline: string;
  readonly workload: string;
  readonly blocks: number;
  readonly log: number;
  readonly lowLog: number | null;
  readonly highLog: number | null;
  readonly verdict: Verdict;
  readonly nsPerPass: number | null;
  readonly baselineNsPerPass: number | null;
}

/**
 * The rows of a host's session that its plan has, each pair and workload once, the control left out. Throws a usage error
 * where the table is damaged.
 */
export function hostRows({ dir, design, environments }: HostSession, names = new Names()): HostRow[] {
  const [paths, workloads] = [new Set(environments), new Set(design.workloads)];
  const seen = new Set<string>();
  const found: HostRow[] = [];
  let read = 0;
  for (const row of rowsOf(dir, CONTRASTS)) {
    read += 1;
    if (read > MOST_ROWS) throw usageError(`contrasts.csv has more than ${MOST_ROWS} rows, which no plan makes.`, dir);
    const isPlanned = row.workload === SUITE ? design.hasSuite : workloads.has(row.workload);
    const key = JSON.stringify([row.env, row.baseline, row.workload]);
    if (!isPlanned || !paths.has(row.env) || !paths.has(row.baseline) || row.verdict === null || seen.has(key))
      continue;
    seen.add(key);
    const log = Math.log(row.time_ratio);
    if (!(Math.abs(log) < ABSURD_LOG)) continue;
    found.push({
      env: names.shared(row.env),
      baseline: names.shared(row.baseline),
      workload: names.shared(nameAmongOthers(row.workload, design)),
      blocks: row.blocks,
      log,
      ...endsOf(row.ratio_low, row.ratio_high),
      verdict: row.verdict,
      nsPerPass: row.ns_per_pass,
      baselineNsPerPass: row.baseline_ns_per_pass,
    });
  }
  return found;
}

/** Both ends or none. */
function endsOf(low: number | null, high: number | null): Pick<HostRow, 'lowLog' | 'highLog'> {
  const [lowLog, highLog] = [Math.log(low ?? 0), Math.log(high ?? 0)];
  const isRange = lowLog <= highLog && Math.abs(lowLog) < ABSURD_LOG && Math.abs(highLog) < ABSURD_LOG;
  return isRange ? { lowLog, highLog } : { lowLog: null, highLog: null };
}

/** One figure over hosts. Places are those of the hosts that were given; ends are NaN where there are none. */
export interface FleetFigure {
  readonly env: string;
  readonly baseline: string;
  readonly workload: string;
  readonly places: number[];
  readonly logs: number[];
  readonly lows: number[];
  readonly highs: number[];
  readonly blocks: number[];
  readonly verdicts: Verdict[];
}

export interface FleetFigures {
  /** Hosts with a figure. */
  readonly hosts: readonly HostSession[];
  readonly figures: readonly FleetFigure[];
  readonly leftOut: readonly LeftOutHost[];
  /** Rows of untrusted contrasts, which are in no figure, and the hosts that have one. */
  readonly untrusted: { readonly rows: number; readonly hosts: readonly string[] };
}

/** Figures of hosts of one design. A host whose table is damaged or empty is left out, with the reason. */
export function readFigures(hosts: readonly HostSession[], names = new Names()): FleetFigures {
  const figures = new Map<string, FleetFigure>();
  const kept: HostSession[] = [];
  const leftOut: LeftOutHost[] = [];
  const untrusted = { rows: 0, hosts: [] as string[] };
  for (const host of hosts) {
    const rows = readable(host, names);
    if (typeof rows === 'string' || rows.length === 0) {
      leftOut.push({ host: host.host, dir: host.dir, why: typeof rows === 'string' ? rows : 'no whole block' });
      continue;
    }
    const place = kept.push(host) - 1;
    const trusted = rows.filter(({ verdict }) => verdict !== 'untrusted');
    for (const row of trusted) add(figures, place, row);
    if (trusted.length === rows.length) continue;
    untrusted.rows += rows.length - trusted.length;
    untrusted.hosts.push(host.host);
  }
  return { hosts: kept, figures: [...figures.values()], leftOut, untrusted };
}

function readable(host: HostSession, names: Names): HostRow[] | string {
  try {
    return hostRows(host, names);
  } catch (error) {
    if (error instanceof BoxmarkError) return error.what.replace(/\.$/, '');
    throw error;
  }
}

function add(figures: Map<string, FleetFigure>, place: number, row: HostRow): void {
  const { env, baseline, workload } = row;
  const key = JSON.stringify([env, baseline, workload]);
  let figure = figures.get(key);
  if (figure === undefined) {
    figure = { env, baseline, workload, places: [], logs: [], lows: [], highs: [], blocks: [], verdicts: [] };
    figures.set(key, figure);
  }
  figure.places.push(place);
  figure.logs.push(row.log);
  figure.lows.push(row.lowLog ?? Number.NaN);
  figure.highs.push(row.highLog ?? Number.NaN);
  figure.blocks.push(row.blocks);
  figure.verdicts.push(row.verdict);
}
