/** What the host went through during a block: time stolen by its hypervisor, tasks that waited for a CPU. */

import type { NewEvent } from '../../session/events.ts';
import type { HostGauges } from './host-gauges.ts';

/** Shares of the block's time above which it is an event. */
const STEAL_SHARE = 0.01;
/** With one box active at a time nobody should wait for a CPU, but the harness and daemons may share one. */
const PRESSURE_SHARE = 0.1;

/** Begins to watch. The function returned gives the events of the time since, and is called once. */
export function watchHost(gauges: HostGauges): (block: number) => NewEvent[] {
  const begunNs = process.hrtime.bigint();
  const stealBefore = gauges.stealMs();
  const pressureBefore = gauges.pressureMs?.() ?? null;
  return (block) => {
    const elapsedMs = Number(process.hrtime.bigint() - begunNs) / 1e6;
    const stealMs = since(stealBefore, gauges.stealMs());
    const waitedMs = since(pressureBefore, gauges.pressureMs?.() ?? null);
    const share = (ms: number) => Math.round((1000 * ms) / elapsedMs) / 1000;
    return [
      ...(stealMs > STEAL_SHARE * elapsedMs ? [{ kind: 'steal' as const, block, stealMs, share: share(stealMs) }] : []),
      ...(waitedMs > PRESSURE_SHARE * elapsedMs
        ? [{ kind: 'pressure' as const, block, waitedMs: Math.round(waitedMs), share: share(waitedMs) }]
        : []),
    ];
  };
}

/** 0 where the kernel doesn't say. */
function since(before: number | null, after: number | null): number {
  return before === null || after === null ? 0 : after - before;
}
