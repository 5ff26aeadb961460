/** Takes sessions of hosts into the folder of a fleet, each checked whole, and each once. */

import { mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf } from '../../bench/errors.ts';
import { FLEET_HOSTS, type FleetHost, type HostState, hostName } from '../../bench/fleet/info.ts';
import { checkWhole } from '../../bench/kinds/whole-check.ts';
import { assertPlainFolder, partialName } from '../../bench/session/files.ts';
import { readSessionInfo } from '../../bench/session/load.ts';
import { removeTree } from '../../runners/kit/remove.ts';
import { SUMS } from '../pack/sums.ts';
import { gatherFiles } from '../pack/write.ts';
import { Arrival, type Arrived, takeArchive } from './arrival.ts';
import type { FleetRecord } from './record.ts';

type Taken = NonNullable<Arrived['session']>;

/** What became of a source, or of one pod of it. */
export interface Outcome {
  readonly host: string;
  readonly state: HostState | 'known';
  /** Why its session is not here; the session when it is. */
  readonly words: string;
}

/** Who says it: where nothing better is known, the name is the host's. */
export interface Speaker {
  /** Of a pod or a file: the same one is the same host when it comes again. */
  readonly address: string;
  readonly name: string;
  /** As the user named it: wins over what the host says of itself. */
  readonly isNamed: boolean;
}

/** The lines of one attempt of a host. */
export interface HostStream {
  /** True when it was the last one. */
  line(text: string): boolean;
  finish(): Promise<void>;
}

export class Collector {
  readonly #record: FleetRecord;
  /** Of the plan; null until the first host names one. */
  #planDigest: string | null;
  /** Hosts by the seals of their sessions. */
  readonly #bySeal: Map<string, string>;
  readonly #byAddress: Map<string, string>;
  readonly outcomes: Outcome[] = [];

  constructor(record: FleetRecord, planDigest: string | null) {
    this.#record = record;
    this.#planDigest = planDigest;
    this.#byAddress = new Map(record.hosts.map(({ address, name }) => [address, name]));
    this.#bySeal = new Map(record.hosts.flatMap(({ seal, name }) => (seal === null ? [] : [[seal, name]])));
  }

  get planDigest(): string | null {
    return this.#planDigest;
  }

  /** A new stream of a host. Its lines are given to `line`; `finish` takes what came of them. */
  stream(speaker: Speaker): HostStream {
    const stage = this.#stage();
    let foreign: string | null = null;
    const arrival = new Arrival(this.#record.dir, stage, {
      begin: ({ planDigest }) => {
        this.#planDigest ??= planDigest;
        if (planDigest !== this.#planDigest) foreign = planDigest;
      },
    });
    return {
      line: (text) => {
        if (foreign === null) arrival.line(text);
        return text.startsWith('{"boxmark":"end"');
      },
      finish: async () => this.#arrived(speaker, stage, await arrival.finish(), foreign),
    };
  }

  /** A session's folder, which stays as it is, or its archive. */
  async take(kind: 'session' | 'archive', path: string, name: string | null): Promise<void> {
    const stage = this.#stage();
    const dir = this.#record.dir;
    try {
      const taken =
        kind === 'archive'
          ? await takeArchive(path, { dir, host: stage, session: null })
          : await copyFolder(path, { dir, host: stage });
      const { host } = readSessionInfo(join(dir, taken.path));
      const speaker = { address: path, name: name ?? host.name, isNamed: name !== null };
      this.#keep(speaker, stage, taken, null);
    } catch (error) {
      this.#miss({ address: path, name: name ?? basename(path), isNamed: true }, 'failed', messageOf(error));
    } finally {
      await this.#clear(stage);
    }
  }

  /** A session that is in its place already, and that the fleet does not know of. */
  async adopt(host: string, session: string): Promise<void> {
    const path = [FLEET_HOSTS, host, session].join('/');
    const folder = join(this.#record.dir, path);
    const { findings, seal } = await checkWhole(folder);
    const known = seal === null ? undefined : this.#bySeal.get(seal);
    if (findings.length > 0 || seal === null || known !== undefined) return;
    const { name } = this.#hostFor({ address: path, name: host, isNamed: true }, true);
    const place = [FLEET_HOSTS, name, session].join('/');
    mkdirSync(join(this.#record.dir, FLEET_HOSTS, name), { recursive: true });
    renameSync(folder, join(this.#record.dir, place));
    this.#note(name, place, seal, null);
  }

  #stage(): string {
    return basename(partialName(join(this.#record.dir, FLEET_HOSTS, 'arriving')));
  }

  /** Mostly there is nothing in it any more: a program for each of thousands of hosts would take longer than the rest. */
  async #clear(stage: string): Promise<void> {
    const folder = join(this.#record.dir, FLEET_HOSTS, stage);
    try {
      rmdirSync(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') await removeTree(folder);
    }
  }

  async #arrived(speaker: Speaker, stage: string, arrived: Arrived, foreign: string | null): Promise<void> {
    const { begin, session, exitCode, reason } = arrived;
    const named = begin?.host === undefined || speaker.isNamed ? speaker : { ...speaker, name: begin.host };
    try {
      if (foreign !== null) this.#miss(named, 'refused', `it measured another plan, ${foreign.slice(0, 12)}…`);
      else if (session !== null) this.#keep(named, stage, session, begin);
      else this.#miss(named, exitCode === null ? 'lost' : 'failed', reason ?? '', begin);
    } finally {
      await this.#clear(stage);
    }
  }

  #keep(speaker: Speaker, stage: string, { path, seal }: Taken, begin: Arrived['begin']): void {
    const known = seal === null ? undefined : this.#bySeal.get(seal);
    if (known !== undefined) {
      this.outcomes.push({ host: known, state: 'known', words: 'its session is here already' });
      return;
    }
    const session = basename(path);
    const { name } = this.#hostFor(speaker, true);
    const folder = join(this.#record.dir, FLEET_HOSTS, name);
    mkdirSync(folder, { recursive: true });
    renameSync(join(this.#record.dir, FLEET_HOSTS, stage, session), join(folder, session));
    this.#note(name, [FLEET_HOSTS, name, session].join('/'), seal, begin);
    this.outcomes.push({ host: name, state: 'measured', words: [FLEET_HOSTS, name, session].join('/') });
  }

  #note(name: string, session: string, seal: string | null, begin: Arrived['begin']): void {
    const { startedAt, finishedAt } = readSessionInfo(join(this.#record.dir, session));
    const state = { state: 'measured', reason: null, session, seal, startedAt, endedAt: finishedAt } as const;
    this.#record.change(name, { ...state, ...heard(begin), attempts: this.#attempts(name) });
    if (seal !== null) this.#bySeal.set(seal, name);
  }

  /** No session of it is here; one that came before stays. */
  #miss(speaker: Speaker, state: HostState, why: string, begin: Arrived['begin'] = null): void {
    const reason = why.slice(0, MOST_WORDS);
    const { name } = this.#hostFor(speaker, false);
    if (this.#record.get(name)?.state !== 'measured') {
      this.#record.change(name, { state, reason, ...heard(begin), attempts: this.#attempts(name) });
    }
    this.outcomes.push({ host: name, state, words: reason });
  }

  #attempts(name: string): number {
    return Math.min((this.#record.get(name)?.attempts ?? 0) + 1, MOST_ATTEMPTS);
  }

  /** The host as the fleet knows it: by its address, or by its name; a new one, where that has another session. */
  #hostFor({ address: from, name, isNamed }: Speaker, hasSession: boolean): FleetHost {
    const address = from.slice(-MOST_ADDRESS);
    const byAddress = isNamed ? undefined : this.#byAddress.get(address);
    const known = this.#record.get(byAddress ?? hostName(name, NONE));
    if (known !== undefined && !(hasSession && known.session !== null)) return known;
    const host = this.#record.add({ name, address, labels: {}, architecture: null, refused: null });
    this.#byAddress.set(address, host.name);
    return host;
  }
}

const NONE: ReadonlySet<string> = new Set();
const MOST_WORDS = 2000;
const MOST_ATTEMPTS = 1000;
const MOST_ADDRESS = 256;

function heard(begin: Arrived['begin']): Partial<FleetHost> {
  if (begin === null) return {};
  return {
    architecture: begin.architecture,
    footing: begin.footing,
    footingReason: begin.why?.slice(0, MOST_WORDS) ?? null,
  };
}

/** Copies the files that belong to a session, and checks the copy. */
async function copyFolder(
  from: string,
  { dir, host }: { readonly dir: string; readonly host: string },
): Promise<Taken> {
  assertPlainFolder(from);
  const { session } = readSessionInfo(from);
  const into = join(dir, FLEET_HOSTS, host, session);
  mkdirSync(into, { recursive: true });
  await gatherFiles(from, into);
  await rm(join(into, SUMS), { force: true });
  const { findings, seal } = await checkWhole(into);
  const [finding] = findings;
  if (finding !== undefined) throw new Error(`its session is not whole: ${finding.file}: ${finding.problem}`);
  if (seal === null) throw new Error('its session has no manifest: it still runs, or was cut off');
  return { path: [FLEET_HOSTS, host, readdirSync(join(dir, FLEET_HOSTS, host))[0]].join('/'), seal };
}
