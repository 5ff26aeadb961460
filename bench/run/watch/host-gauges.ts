/** What the host reports about itself and a box: gauges read between starts, its state in a block, facts that the box can't know. */

import { BoxmarkError, type ErrorParts } from '../../errors.ts';
import type { NewEvent } from '../../session/events.ts';
import type { BoxFacts, Environment, HostLimits } from '../../types.ts';

/** Shares of the block's time above which it is an event. */
const STEAL_SHARE = 0.01;
/** With one box active at a time, nothing should wait for a CPU, but the harness and daemons may share one. */
const PRESSURE_SHARE = 0.1;

/** What the host reports about itself; figures that it doesn't have are null. */
export interface HostGauges {
  availableMemoryBytes(): number | null;
  /** Time stolen from all CPUs since boot, ms. */
  stealMs(): number | null;
  /** Time since boot in which some task waited for a CPU, ms. */
  pressureMs?(): number | null;
  /** Namespaces of the harness by kind (`pid`, `net`), each with the number that identifies it. */
  namespaces?(): Readonly<Record<string, string>>;
  /**
   * Asked before every start: waits while the host is short of memory, disk or CPUs. Throws `HostAtLimit` when it stays so
   * and a start could do harm.
   */
  admit?(signal: AbortSignal, terms?: AdmitTerms): Promise<void>;
  /** Memory of the kernel's own objects. */
  slabBytes?(): number | null;
  /** Memory that processes save because the kernel merged equal pages of theirs (KSM); null where that is off. */
  mergedBytes?(): number | null;
  /** Processes that the kernel has ended since boot because memory ran out. */
  memoryKills?(): number | null;
  /** Waits until the host's memory has settled, for `ms`; by a timer when left out. */
  wait?(ms: number): Promise<unknown>;
  /** Writes dirty pages back and drops the page cache. Returns the reason when that is not allowed; else null. */
  dropCaches?(): Promise<string | null>;
}

/** What whoever asks for a start settles for. */
export interface AdmitTerms {
  /** Wait no longer: the guard's own patience when left out. */
  readonly patienceMs?: number;
  /** What a load above the limit does: the start waits for a while and begins all the same, when left out. */
  readonly load?: 'refuses' | 'ignored';
}

/** Where nothing about the host is asked. */
export const NO_GAUGES: HostGauges = { availableMemoryBytes: () => null, stealMs: () => null };

/** What a host can run short of. */
export type HostRoom = 'memory' | 'disk' | 'load';

/** The host has too little left for a further box: the session ends with what it has. */
export class HostAtLimit extends BoxmarkError {
  readonly of: HostRoom;
  constructor(problem: ErrorParts, of: HostRoom) {
    super(problem);
    this.of = of;
  }
}

/** What the box can't know about itself, for its posture: whose kernel and namespaces it has, and what its engine does. */
export function postureFacts({ sharesClock, engine }: Environment, gauges: HostGauges): BoxFacts {
  const namespaces = sharesClock ? Object.entries(gauges.namespaces?.() ?? {}) : [];
  return {
    host_kernel_shared: sharesClock,
    ...Object.fromEntries(namespaces.map(([kind, number]) => [`host_namespace_${kind}`, number])),
    engine_root_daemon: engine?.rootDaemon ?? null,
    image_signature_verified: engine?.signedImage ?? null,
  };
}

/** What the host has set for a box, named like the facts that it reads about itself. */
export function hostFacts(limits: HostLimits | undefined): BoxFacts {
  return Object.fromEntries(Object.entries(limits ?? {}).map(([fact, value]) => [`host_${fact}`, value]));
}

/** Starts watching the host during a block. The function that it returns gives the events since then, and is called once. */
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

/** 0 where the kernel doesn't report it. */
function since(before: number | null, after: number | null): number {
  return before === null || after === null ? 0 : after - before;
}
