/** `fleet.json` while a fleet runs: what is known of each host, saved soon after it changes. */

import {
  type FleetHost,
  type FleetInfo,
  fleetHostSchema,
  hostName,
  type Names,
  writeFleet,
} from '../../bench/fleet/info.ts';
import type { FoundHost } from '../../fleet/transport.ts';

/** The file holds all hosts: with thousands of them it is not written at every line of one. */
const SAVE_MS = 2000;

export class FleetRecord {
  readonly dir: string;
  #info: FleetInfo;
  readonly #hosts: Map<string, FleetHost>;
  #timer: NodeJS.Timeout | undefined;

  constructor(dir: string, info: FleetInfo) {
    this.dir = dir;
    this.#info = info;
    this.#hosts = new Map(info.hosts.map((host) => [host.name, host]));
    this.save();
  }

  get info(): FleetInfo {
    return { ...this.#info, hosts: [...this.#hosts.values()] };
  }

  get hosts(): readonly FleetHost[] {
    return [...this.#hosts.values()];
  }

  /** Hosts by the address that their transport knows them by. */
  byAddress(): ReadonlyMap<string, FleetHost> {
    return new Map(this.hosts.map((host) => [host.address, host]));
  }

  get(name: string): FleetHost | undefined {
    return this.#hosts.get(name);
  }

  /** A host that the fleet did not have. */
  add(found: FoundHost): FleetHost {
    const host = newHost(found, this.#hosts);
    this.#hosts.set(host.name, host);
    this.#soon();
    return host;
  }

  change(name: string, change: Partial<FleetHost>): FleetHost {
    const host = { ...(this.#hosts.get(name) as FleetHost), ...readable(change) };
    this.#hosts.set(name, host);
    this.#soon();
    return host;
  }

  /** SHA-256 of the plan, once it is known. */
  plan(planDigest: string): void {
    this.#info = { ...this.#info, planDigest };
  }

  finish(finishedAt: string | null): void {
    this.#info = { ...this.#info, finishedAt };
    this.save();
  }

  save(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    writeFleet(this.dir, this.info);
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      try {
        this.save();
      } catch {
        // A full disk: the next change tries again, and the end says what is wrong.
      }
    }, SAVE_MS);
  }
}

/** What a reader of the file takes: hosts say some of it themselves. */
function readable<T extends Partial<FleetHost>>(change: T): Partial<T> {
  const { shape } = fleetHostSchema;
  const isTaken = ([field, value]: [string, unknown]) =>
    !(field in shape) || shape[field as keyof typeof shape].safeParse(value).success;
  return Object.fromEntries(Object.entries(change).filter(isTaken)) as Partial<T>;
}

function newHost({ name, address, labels, architecture }: FoundHost, taken: Names): FleetHost {
  return {
    ...{ name: hostName(name, taken), address, labels, architecture, state: 'waiting', reason: null },
    ...{ footing: null, footingReason: null },
    ...{ session: null, seal: null, attempts: 0, startedAt: null, endedAt: null, lastSeenAt: null },
  };
}
