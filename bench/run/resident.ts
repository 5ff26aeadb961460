/** One started environment while it is resident: prepared, asked for bursts, closed; its times and its CPU use. */

import { createHash } from 'node:crypto';
import type { BodyOf, Op, RequestOf } from '../payload/protocol.ts';
import { runOf } from '../plan/commands.ts';
import {
  type BoxFacts,
  type CpuShare,
  type Environment,
  type Holdings,
  NO_FIGURES,
  type Plan,
  type Start,
  type Started,
  type StartFigures,
} from '../types.ts';
import { assertCopies, type BoxImage, checkImage, checkPrepared, commandsFor, copiesFor } from './box-answers.ts';
import { BoxFault, connect, type PayloadClient, type Piped, type Reply } from './client.ts';
import type { BlockSink } from './kind.ts';
import type { Pipeline } from './pipeline.ts';
import { type Clock, type ClockReading, openClock } from './watch/clock.ts';
import { type AdmitTerms, type HostGauges, hostFacts, postureFacts } from './watch/host-gauges.ts';
import type { Patience } from './watch/patience.ts';

/** What all starts of a session have in common. */
export interface StartScope {
  readonly plan: Plan;
  readonly gauges: HostGauges;
  readonly signal: AbortSignal;
  readonly image: BoxImage;
  /** What the answers of the session so far promise; without it, the plan alone says how long a box may be silent. */
  readonly patience?: Patience;
}

export interface StartRequest {
  readonly box: string;
  readonly startId: string;
  readonly position: number;
  readonly environment: Environment;
  /** Hash the whole image inside the box, not only the payload. */
  readonly digests: boolean;
  /** What the host's guard is asked for; its own terms when left out. */
  readonly admit?: AdmitTerms;
  /** How far it is prepared: until its first line, until it has reported its facts, or with every workload (default). */
  readonly depth?: 'ready' | 'facts' | 'prepared';
  /** Weight or quota of its box; as the engine sets them when left out. */
  readonly share?: CpuShare;
}

/** A payload that was asked to quit gets this long to end before it is ended. */
const GOODBYE_MS = 1000;
const PINGS = 5;

/** An answer, with its CPU time by the host's account. */
export type BookedReply<O extends Op> = Reply<O> & { readonly hostCpuNs: number | null };

/** What the host shows before a start. */
interface Before {
  readonly begunNs: bigint;
  readonly memoryBytes: number | null;
  readonly stealMs: number | null;
}

export class Resident {
  readonly box: string;
  readonly startId: string;
  readonly position: number;
  readonly environment: Environment;
  /** What the box reports about itself, and as `host_…` what the host has set for it. */
  facts: BoxFacts = {};
  prepared: BodyOf<'prepare'>['workloads'] = [];
  /** Workloads that the box can't run, and why. */
  refused: ReadonlyMap<string, string> = new Map();
  readonly #scope: StartScope;
  readonly #request: StartRequest;
  readonly #started: Started;
  readonly #client: PayloadClient;
  readonly #before: Before;
  readonly #cpuAtReady: number | null;
  #clock: Clock;
  #ownCpuNs = 0;
  #memoryDelta: number | null = null;

  /** Starts a box afresh and prepares it as far as requested. On a fault, everything that was opened is closed again. */
  static async start(scope: StartScope, request: StartRequest): Promise<Resident> {
    const { gauges, signal } = scope;
    const { environment } = request;
    const limitMs = limitOf(scope, environment);
    await gauges.admit?.(signal, request.admit);
    const memoryBytes = gauges.availableMemoryBytes();
    const stealMs = gauges.stealMs();
    const begunNs = process.hrtime.bigint();
    const started = await withLimit(environment.start(request.startId, signal, request.share), limitMs, 'its start');
    let client: PayloadClient;
    try {
      client = await connect(started.process, limitMs, signal);
    } catch (error) {
      await started.close();
      throw error;
    }
    const resident = new Resident(scope, request, started, client, { begunNs, memoryBytes, stealMs });
    try {
      await resident.#settle();
      return resident;
    } catch (error) {
      await resident.close();
      throw error;
    }
  }

  private constructor(
    scope: StartScope,
    request: StartRequest,
    started: Started,
    client: PayloadClient,
    before: Before,
  ) {
    this.box = request.box;
    this.startId = request.startId;
    this.position = request.position;
    this.environment = request.environment;
    this.#scope = scope;
    this.#request = request;
    this.#started = started;
    this.#client = client;
    this.#before = before;
    this.#cpuAtReady = started.usage().cpuNs ?? null;
    this.#clock = openClock(client.hello.clockStepNs);
  }

  async ask<O extends Op>(op: O, params: RequestOf<O>): Promise<BookedReply<O>> {
    return (await this.answerTo(op, params))();
  }

  /** When the answer is there. What it gives reads it, and must be called before the next request. */
  async answerTo<O extends Op>(op: O, params: RequestOf<O>): Promise<() => BookedReply<O>> {
    const { patience } = this.#scope;
    const planMs = limitOf(this.#scope, this.environment);
    const what = `${this.box} ${op} ${'workload' in params ? params.workload : ''}`;
    const wait = patience?.waitFor(what, planMs) ?? { limitMs: planMs };
    const before = this.#cpuSoFar();
    const read = await this.#client.ask(op, params, wait);
    return () => {
      const reply = read();
      if ('workload' in params) assertCopies(reply.body, String(params.workload), this.#scope.plan);
      patience?.answered(what, Number(reply.receivedNs - reply.sentNs) / 1e6);
      const after = this.#cpuSoFar();
      const hostCpuNs = before === null || after === null ? null : after - before;
      this.#ownCpuNs += hostCpuNs ?? 0;
      this.#clock.stamp({ boxNs: reply.boxNs, hostNs: reply.receivedNs });
      return { ...reply, hostCpuNs };
    };
  }

  /**
   * Equal requests in a pipeline while `act` has it; nothing else may be asked meanwhile. How much CPU time it took is noted
   * once, at its end: reading the accounts beside every request would make some of them late.
   */
  async inPipeline<O extends Op>(
    op: O,
    params: RequestOf<O>,
    options: { readonly window: number; onAnswer(answer: Piped<O>): void },
    act: (pipeline: Pipeline<Piped<O>>) => Promise<void>,
  ): Promise<void> {
    const before = this.#cpuSoFar();
    let last: Piped<O> | undefined;
    const onAnswer = (answer: Piped<O>) => {
      last = answer;
      options.onAnswer(answer);
    };
    const limitMs = limitOf(this.#scope, this.environment);
    const pipeline = this.#client.pipeline(op, params, { window: options.window, limitMs, onAnswer });
    try {
      await act(pipeline);
    } finally {
      pipeline.close();
    }
    const after = this.#cpuSoFar();
    this.#ownCpuNs += before === null || after === null ? 0 : after - before;
    if (last !== undefined) this.#clock.stamp({ boxNs: last.boxNs, hostNs: last.receivedNs });
  }

  /** Makes a few trivial requests, so at least one answer comes quickly and `clock` is exact. */
  async ping(): Promise<void> {
    const workload = runOf(this.#scope.plan).find((id) => !this.refused.has(id));
    if (workload === undefined) return;
    for (let i = 0; i < PINGS; i++) await this.ask('checksum', { workload });
  }

  /** The box's clock beside the host's, from the end of the preparation to the last answer so far. */
  clock(): ClockReading {
    return this.#clock.read();
  }

  /** From its beginning until its first line. */
  get readyMs(): number {
    return ms(this.#client.helloNs - this.#before.begunNs);
  }

  /** Host monotonic time of its first line, ns. */
  get readyAtNs(): bigint {
    return this.#client.helloNs;
  }

  /** Why it is over, if it has ended by itself. */
  get ended(): BoxFault | undefined {
    return this.#client.ended();
  }

  /** Memory that it holds now, by the host's account. */
  holdings(): Holdings {
    return this.#started.holdings?.() ?? {};
  }

  /** Asks the payload to quit, reads the accounts, closes. Never throws. */
  async close(): Promise<StartFigures> {
    const { hello, helloNs } = this.#client;
    const { begunNs, stealMs } = this.#before;
    const runEndNs = process.hrtime.bigint();
    const usage = this.#started.usage();
    const stealAfter = this.#scope.gauges.stealMs();
    await sayGoodbye(this.#client, this.#started);
    await this.#started.close().catch(() => {});
    const goneNs = process.hrtime.bigint();
    const firstNs = this.environment.sharesClock ? BigInt(hello.firstNs) : helloNs;
    return {
      spawnMs: ms(this.#started.spawnedNs - begunNs),
      firstInstructionMs: ms(firstNs - begunNs),
      readyMs: ms(helloNs - begunNs),
      runMs: ms(runEndNs - helloNs),
      teardownMs: ms(goneNs - runEndNs),
      clockRatio: this.#clock.read().ratio,
      cpuUserMs: milli(usage.cpuUserNs),
      cpuSystemMs: milli(usage.cpuSystemNs),
      throttledMs: milli(usage.throttledNs),
      stealMs: difference(stealAfter, stealMs),
      memoryPeakBytes: usage.memoryPeakBytes ?? null,
      hostMemoryDeltaBytes: this.#memoryDelta,
      idleCpuMs: this.#idleCpuMs(usage.cpuNs ?? null),
      clockStepNs: hello.clockStepNs,
    };
  }

  /** From the first line to the requested depth. */
  async #settle(): Promise<void> {
    const { depth = 'prepared' } = this.#request;
    if (depth !== 'ready') await this.#readFacts();
    if (depth === 'prepared') await this.#prepare();
    if (depth === 'prepared' && !this.environment.sharesClock) {
      // Requests so far took their time, and so may their answers.
      this.#clock = openClock(this.#client.hello.clockStepNs);
      await this.ping();
    }
    this.#memoryDelta = difference(this.#before.memoryBytes, this.#scope.gauges.availableMemoryBytes());
  }

  async #readFacts(): Promise<void> {
    const { image, gauges } = this.#scope;
    const { digests } = this.#request;
    const own = (await this.ask('facts', { digests })).body.facts;
    checkImage(own, this.environment.image ?? image);
    this.facts = { ...own, ...hostFacts(this.#started.limits?.()), ...postureFacts(this.environment, gauges) };
  }

  async #prepare(): Promise<void> {
    const { plan } = this.#scope;
    const { size, kernels } = plan;
    const { body } = await this.ask('prepare', {
      size,
      kernels,
      workloads: [...runOf(plan)],
      ...commandsFor(plan, this.environment),
      ...copiesFor(plan),
    });
    this.refused = new Map((body.refused ?? []).map(({ id, reason }) => [id, reason]));
    checkPrepared(body, plan);
    this.prepared = body.workloads;
  }

  #cpuSoFar(): number | null {
    const started = this.#started;
    return (started.cpuNs === undefined ? started.usage().cpuNs : started.cpuNs()) ?? null;
  }

  /** CPU time since it was ready, outside its requests. */
  #idleCpuMs(cpuNs: number | null): number | null {
    const sinceReady = difference(cpuNs, this.#cpuAtReady);
    return sinceReady === null ? null : Math.max(0, (sinceReady - this.#ownCpuNs) / 1e6);
  }
}

function limitOf({ plan }: StartScope, environment: Environment): number {
  return plan.timeoutMs * environment.slowness;
}

async function sayGoodbye(client: PayloadClient, started: Started): Promise<void> {
  const quit = client.request('quit', {}, GOODBYE_MS).then(() => started.process.exited);
  await Promise.race([quit.catch(() => {}), new Promise((resolve) => setTimeout(resolve, GOODBYE_MS).unref())]);
}

async function withLimit(starting: Promise<Started>, limitMs: number, what: string): Promise<Started> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new BoxFault('timed-out', `${what} took longer than ${limitMs / 1000} s`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([starting, limit]);
  } catch (error) {
    // Whatever starts after the limit must not be left behind.
    void starting.then((late) => late.close()).catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function ms(ns: bigint): number {
  return Number(ns) / 1e6;
}

function milli(ns: number | undefined): number | null {
  return ns === undefined ? null : ns / 1e6;
}

function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

/** `b3-docker-docker-control`: safe as a file, container and cgroup name; a long one is truncated, and stays unique. */
export function startName(block: number, box: string, most = 60): string {
  const name = `b${block}-${box.replace(/[^a-z0-9]+/gi, '-')}`;
  if (name.length <= most) return name;
  const mark = createHash('sha256').update(box).digest('hex').slice(0, 8);
  return `${name.slice(0, most - 9)}-${mark}`;
}

/** Which start it is, in its row. */
export type StartHead = Pick<Start, 'block' | 'position' | 'env' | 'startId' | 'round' | 'temperature'>;

/** The row and the event of a start that failed; with `figures` when it failed after its payload had answered. */
export function recordFault(
  sink: Pick<BlockSink, 'start' | 'event'>,
  head: StartHead,
  fault: BoxFault,
  { figures = NO_FIGURES, ...detail }: { readonly figures?: StartFigures; readonly instances?: number } = {},
): void {
  const { status, message: reason } = fault;
  sink.start({ ...head, ...figures, status, reason });
  sink.event({ kind: status, env: head.env, block: head.block, ...detail, reason });
}
