/** What the host tells of itself and of a box: gauges that are read between starts, facts that the box can't know. */

import type { BoxFacts, Environment, HostLimits } from '../../types.ts';

/** What the host tells about itself; figures it doesn't have are null. */
export interface HostGauges {
  availableMemoryBytes(): number | null;
  /** Time stolen from all CPUs since boot, ms. */
  stealMs(): number | null;
  /** Time since boot in which some task waited for a CPU, ms. */
  pressureMs?(): number | null;
  /** Namespaces of the harness by kind (`pid`, `net`), each with the number that tells it from others. */
  namespaces?(): Readonly<Record<string, string>>;
  /** Writes dirty pages back and drops the page cache. Gives the reason when it may not; else null. */
  dropCaches?(): Promise<string | null>;
}

/** What the box can't know of itself, for its posture: whose kernel and namespaces it has, and what its engine does. */
export function postureFacts({ sharesClock, engine }: Environment, gauges: HostGauges): BoxFacts {
  const namespaces = sharesClock ? Object.entries(gauges.namespaces?.() ?? {}) : [];
  return {
    host_kernel_shared: sharesClock,
    ...Object.fromEntries(namespaces.map(([kind, number]) => [`host_namespace_${kind}`, number])),
    engine_root_daemon: engine?.rootDaemon ?? null,
    image_signature_verified: engine?.signedImage ?? null,
  };
}

/** What the host has set for a box, named after the facts that it reads of itself. */
export function hostFacts(limits: HostLimits | undefined): BoxFacts {
  return Object.fromEntries(Object.entries(limits ?? {}).map(([fact, value]) => [`host_${fact}`, value]));
}
