/** The rows of a fleet's table, host after host: nothing is kept of a host once the next one is read. */

import { BoxmarkError } from '../errors.ts';
import type { FleetRow } from '../session/fleet-tables.ts';
import { type HostRow, hostRows } from './figures.ts';
import type { HostSession } from './hosts.ts';

/** A host whose table can't be read is passed to `onDamaged`, with the reason, and left out. */
export function* fleetRows(
  hosts: readonly HostSession[],
  onDamaged: (host: HostSession, why: string) => void,
): Generator<FleetRow> {
  for (const host of hosts) {
    let rows: HostRow[] = [];
    try {
      rows = hostRows(host);
    } catch (error) {
      if (!(error instanceof BoxmarkError)) throw error;
      onDamaged(host, error.what);
    }
    const head = headOf(host);
    for (const { log, lowLog, highLog, ...row } of rows) {
      yield {
        ...head,
        ...row,
        timeRatio: ratio(log),
        ratioLow: lowLog === null ? null : ratio(lowLog),
        ratioHigh: highLog === null ? null : ratio(highLog),
      };
    }
  }
}

function headOf({ design, ...host }: HostSession) {
  const { size, kernels, threads, margin, figures } = design;
  const { fleet, machine, labels, cpu, kernel, architecture, session, startedAt } = host;
  return {
    ...{ fleet: fleet ?? '', host: host.host, machine, labels: JSON.stringify(labels), cpu, kernel, architecture },
    ...{ session, startedAt, size, kernels, threads, margin, figures },
  };
}

/** With the digits that contrasts.csv has. */
function ratio(log: number): number {
  return Number(Math.exp(log).toPrecision(9));
}
