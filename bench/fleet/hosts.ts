/** Hosts of fleets, and of folders of sessions, each with its newest session: from `fleet.json` and `session.json` alone. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { machineOf } from '../box/machine.ts';
import { BoxmarkError } from '../errors.ts';
import { sessionFolders } from '../session/find.ts';
import { activityOf } from '../session/heartbeat.ts';
import type { SessionInfo } from '../session/info.ts';
import { KIND_TABLES } from '../session/kind-tables.ts';
import { readSessionInfo } from '../session/load.ts';
import type { CostMeasure } from '../types.ts';
import { type Design, Designs } from './design.ts';
import { type FleetHost, type HostState, isFleet, readFleet } from './info.ts';
import { Names } from './names.ts';

/** What is known of a host; empty where it is not. */
export interface HostFacts {
  readonly cpu: string;
  readonly kernel: string;
  readonly architecture: string;
}

/** A host with its newest session that has figures. */
export interface HostSession extends HostFacts {
  /** Name of its fleet; null in a folder of sessions. */
  readonly fleet: string | null;
  readonly host: string;
  /** Digest of its hardware. */
  readonly machine: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly session: string;
  readonly dir: string;
  readonly startedAt: string;
  readonly startedAtMs: number;
  /** What must be the same, or ratios are of different things. */
  readonly design: Design;
  /** Paths of the plan's environments. */
  readonly environments: readonly string[];
  /** Digest of the image that ran. */
  readonly image: string;
  /** Why its baseline is a container; null where it is none, or nobody knows. */
  readonly footingReason: string | null;
}

/** A host without figures. `silent`: it measures, but is overdue. `gone`: what measured there has ended without an end. */
export interface AbsentHost {
  readonly fleet: string | null;
  readonly host: string;
  readonly state: Exclude<HostState, 'measured'> | 'silent' | 'gone';
  readonly reason: string | null;
  /** RFC 3339; null when nothing was ever heard of it. */
  readonly lastSeenAt: string | null;
}

/** Something that is in no figure. */
export interface LeftOutHost {
  readonly host: string;
  readonly dir: string;
  readonly why: string;
}

export interface Hosts {
  /** By name, then by hardware. */
  readonly hosts: readonly HostSession[];
  readonly absent: readonly AbsentHost[];
  readonly leftOut: readonly LeftOutHost[];
  /** Sessions of hosts that have a newer one. */
  readonly older: number;
}

/** A fleet's host is silent when nothing has come from it for so long: longer than a block of any profile takes. */
export const SILENT_AFTER_MS = 30 * 60_000;

/**
 * Reads one session after the other and keeps some hundred bytes of each. Of several sessions of a host, the same name and
 * hardware, the newest counts. A session that can't be read is left out, with the reason. Throws a usage error for a folder
 * that is neither a fleet nor one of sessions, and for a fleet whose `fleet.json` can't be read.
 * @param nowMs by which a host is overdue, ms since 1970
 */
export function readHosts(dirs: readonly string[], nowMs = Date.now()): Hosts {
  const reader = new HostReader(nowMs);
  for (const dir of dirs) {
    if (isFleet(dir)) reader.fleet(dir);
    else for (const session of sessionFolders(dir, { below: true })) reader.session(session, null);
  }
  return reader.found();
}

interface InFleet {
  readonly fleet: string;
  readonly known: FleetHost;
}

class HostReader {
  readonly #nowMs: number;
  readonly #designs = new Designs();
  readonly #names = new Names();
  readonly #hosts = new Map<string, HostSession>();
  readonly #absent: AbsentHost[] = [];
  readonly #leftOut: LeftOutHost[] = [];
  #older = 0;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  fleet(dir: string): void {
    const { fleet, hosts, finishedAt } = readFleet(dir);
    for (const known of hosts) {
      const { name, state, session } = known;
      if (state === 'measured') {
        if (session === null) this.#leave({ host: name, dir, why: 'fleet.json names no session of it' });
        else this.session(join(dir, session), { fleet, known });
      } else this.#absent.push({ ...absentOf(fleet, known), state: this.#stateOf(known, finishedAt !== null) });
    }
  }

  /** Never throws for what is in the folder. */
  session(dir: string, within: InFleet | null): void {
    try {
      this.#take(dir, within);
    } catch (error) {
      // A session that was never checked may hold anything, and costs no other its place.
      const why = error instanceof BoxmarkError ? error.what.replace(/\.$/, '') : 'it is damaged';
      this.#leave({ host: within?.known.name ?? '', dir, why });
    }
  }

  found(): Hosts {
    const hosts = [...this.#hosts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, host]) => host);
    return { hosts, absent: this.#absent, leftOut: this.#leftOut, older: this.#older };
  }

  /** A host that was running when its fleet ended has ended with it. */
  #stateOf({ state, lastSeenAt, startedAt }: FleetHost, isOver: boolean): AbsentHost['state'] {
    if (state === 'measured') return 'waiting';
    if (state !== 'running') return state;
    if (isOver) return 'gone';
    const last = Date.parse(lastSeenAt ?? startedAt ?? '');
    return this.#nowMs - last > SILENT_AFTER_MS ? 'silent' : 'running';
  }

  #take(dir: string, within: InFleet | null): void {
    const info = readSessionInfo(dir);
    const host = within?.known.name ?? info.host.name;
    const why = whyNot(info, dir);
    if (info.stopReason === 'running') this.#running(dir, host, within);
    else if (why !== null) this.#leave({ host, dir, why });
    else this.#keep(this.#hostOf(dir, info, within));
  }

  #running(dir: string, host: string, within: InFleet | null): void {
    const { state, lastMs } = activityOf(dir, this.#nowMs);
    const lastSeenAt = Number.isFinite(lastMs) ? new Date(lastMs).toISOString() : null;
    const isOverdue = state === 'silent' || state === 'gone';
    const absent = { fleet: within?.fleet ?? null, host, lastSeenAt, reason: null };
    this.#absent.push({ ...absent, state: isOverdue ? state : 'running' });
  }

  #hostOf(dir: string, info: SessionInfo, within: InFleet | null): HostSession {
    const shared = (text: unknown) => this.#names.shared(typeof text === 'string' ? text : '');
    const { cpuModel, architecture } = info.host.hardware as Readonly<Record<string, unknown>>;
    const { kernelRelease } = info.host.stack as Readonly<Record<string, unknown>>;
    const paths = info.plan.environments.map(({ path }) => shared(path));
    return {
      fleet: within?.fleet ?? null,
      host: within?.known.name ?? info.host.name,
      machine: shared(machineOf(info.host)),
      labels: within?.known.labels ?? {},
      cpu: shared(cpuModel),
      kernel: shared(kernelRelease),
      architecture: shared(architecture ?? within?.known.architecture),
      session: info.session,
      dir,
      startedAt: info.startedAt,
      startedAtMs: Date.parse(info.startedAt),
      design: this.#designs.of(info),
      environments: this.#names.list(paths),
      image: shared(info.image.digest),
      footingReason: within?.known.footingReason ?? null,
    };
  }

  #keep(one: HostSession): void {
    const key = JSON.stringify([one.host, one.machine]);
    const before = this.#hosts.get(key);
    if (before !== undefined) this.#older += 1;
    const isNewer =
      before === undefined ||
      one.startedAtMs > before.startedAtMs ||
      (one.startedAtMs === before.startedAtMs && one.session > before.session);
    if (isNewer) this.#hosts.set(key, one);
  }

  #leave(one: LeftOutHost): void {
    this.#leftOut.push(one);
  }
}

function absentOf(fleet: string, { name: host, reason, lastSeenAt }: FleetHost) {
  return { fleet, host, reason, lastSeenAt };
}

/** Why a session has no figures; null when it may have some. */
function whyNot({ plan, startedAt }: SessionInfo, dir: string): string | null {
  if (plan.measure !== undefined)
    return `it measures the ${plan.measure}, not times of workloads${askedBy(plan.measure)}`;
  if (!Number.isFinite(Date.parse(startedAt))) return 'its time is invalid';
  return existsSync(join(dir, 'contrasts.csv')) ? null : 'incomplete: no contrasts.csv';
}

/** The command that answers from such a session alone. */
function askedBy(measure: CostMeasure): string {
  return KIND_TABLES.scale.measures?.includes(measure) === true
    ? ': ask it with boxmark plan-hosts'
    : ': read it with boxmark report';
}
