/** Runs a job on the hosts of a fleet, so many at a time: what each says is followed, and what it measured is taken in. */

import type { FleetHost } from '../../bench/fleet/info.ts';
import type { Job } from '../../bench/fleet/job.ts';
import type { FoundHost, JobEnd, Transport } from '../../fleet/transport.ts';
import { clean } from '../../reports/text.ts';
import { Arrival, type Arrived } from './arrival.ts';
import { Pace } from './pace.ts';
import type { FleetRecord } from './record.ts';

export interface FleetScope {
  readonly record: FleetRecord;
  readonly transport: Transport;
  readonly job: Job;
  /** Hosts that measure at the same time, at most. */
  readonly parallel: number;
  readonly signal: AbortSignal;
  /** A line for whoever watches. */
  readonly say: (text: string) => void;
}

const MOST_WORDS = 2000;
/** How often hosts that have gone quiet are looked for. */
const LOOK_MS = 60_000;

export class FleetRun {
  readonly #scope: FleetScope;
  readonly #pace = new Pace();

  constructor(scope: FleetScope) {
    this.#scope = scope;
  }

  /** Measures on every host that was found and has no session yet. Rejects with the reason of the signal alone. */
  async run(found: readonly FoundHost[]): Promise<void> {
    const { record, signal, parallel } = this.#scope;
    const waiting = this.#admitted(found);
    const watch = setInterval(() => {
      for (const { host, text } of this.#pace.quiet(performance.now())) this.#scope.say(`${clean(host)}: ${text}`);
    }, LOOK_MS);
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) {
        await this.#measure(next.host, next.found);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(parallel, waiting.length) }, work));
    } finally {
      clearInterval(watch);
    }
    record.save();
    signal.throwIfAborted();
  }

  /** Those to measure on, in the order in which they were found; of the others it says why not. */
  #admitted(found: readonly FoundHost[]): { host: FleetHost; found: FoundHost }[] {
    const { record } = this.#scope;
    const known = record.byAddress();
    const admitted: { host: FleetHost; found: FoundHost }[] = [];
    for (const one of found) {
      const host = known.get(one.address) ?? record.add(one);
      if (host.state === 'measured') continue;
      if (one.refused !== null) this.#close(host.name, 'refused', one.refused);
      else admitted.push({ host: record.change(host.name, { state: 'waiting', reason: null }), found: one });
    }
    const there = new Set(found.map(({ address }) => address));
    for (const { name, address, state } of record.hosts) {
      if (state !== 'measured' && !there.has(address)) this.#close(name, 'lost', 'it is not among the hosts any more');
    }
    return admitted;
  }

  async #measure({ name, attempts }: FleetHost, found: FoundHost): Promise<void> {
    const { record, transport, job, signal, say } = this.#scope;
    record.change(name, { state: 'running', attempts: attempts + 1, startedAt: now(), endedAt: null, reason: null });
    say(`${clean(name)}: begins`);
    const arrival = new Arrival(record.dir, name, {
      begin: ({ footing, architecture, why }) => {
        record.change(name, { footing, architecture, footingReason: why?.slice(0, MOST_WORDS) ?? null });
        if (why !== null) say(`${clean(name)}: ${clean(why)}`);
      },
      progress: ({ block, blocks, text }) => {
        const slow = this.#block(name, text === 'ended');
        if (text === 'ended') say(`${clean(name)}: block ${block} of ${blocks}`);
        if (slow !== null) say(`${clean(name)}: ${slow}`);
      },
      note: (text) => say(`${clean(name)}: ${clean(text)}`),
    });
    const onLine = (line: string): void => {
      this.#pace.heard(name, performance.now());
      arrival.line(line);
      record.change(name, { lastSeenAt: now() });
    };
    let end: JobEnd | null = null;
    try {
      end = await transport.run(found, job, onLine, signal);
    } catch (error) {
      // The other hosts are being ended as well.
      if (!signal.aborted) end = { how: 'lost', reason: String(error) };
    }
    this.#pace.done(name);
    const arrived = await arrival.finish();
    if (arrived.session !== null) this.#keep(name, arrived);
    else if (end === null) this.#close(name, 'waiting', null);
    else this.#close(name, ...stateAfter(end, arrived));
  }

  /** A block has begun or ended. What is to be said of the host's pace. */
  #block(name: string, hasEnded: boolean): string | null {
    if (hasEnded) return this.#pace.ended(name, performance.now());
    this.#pace.began(name, performance.now());
    return null;
  }

  #keep(name: string, { session }: Arrived): void {
    const { path = null, seal = null } = session ?? {};
    this.#scope.record.change(name, { state: 'measured', session: path, seal, reason: null, endedAt: now() });
    this.#scope.say(`${clean(name)}: measured, ${path}`);
  }

  #close(name: string, state: FleetHost['state'], reason: string | null): void {
    const { record, say } = this.#scope;
    record.change(name, { state, reason: reason?.slice(0, MOST_WORDS) ?? null, endedAt: now() });
    if (reason !== null) say(`${clean(name)}: ${state}: ${clean(reason)}`);
  }
}

/** Of a host without a session. What it says itself explains most. */
function stateAfter(end: JobEnd, { reason, exitCode }: Arrived): [FleetHost['state'], string] {
  if (exitCode !== null) return ['failed', reason ?? `it ended with ${exitCode}`];
  if (end.how !== 'ended') return [end.how, end.reason];
  return ['failed', reason ?? `its program ended with ${end.exitCode ?? 'a signal'}`];
}

function now(): string {
  return new Date().toISOString();
}
