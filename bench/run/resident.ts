/** One started environment while it is resident: prepared, asked for bursts, closed; its times and its CPU use. */

import type { BodyOf, Op, RequestOf } from '../payload/protocol.ts';
import type { BoxFacts, Environment, Holdings, Plan, Started, StartFigures } from '../types.ts';
import { BoxFault, connect, type PayloadClient, type Reply } from './client.ts';
import { type ClockReading, openClock } from './watch/clock.ts';
import { type HostGauges, hostFacts, postureFacts } from './watch/host-gauges.ts';

export interface Resident {
  readonly box: string;
  readonly startId: string;
  readonly position: number;
  readonly environment: Environment;
  /** What the box shows of itself, and as `host_…` what the host has set for it. */
  readonly facts: BoxFacts;
  readonly prepared: BodyOf<'prepare'>['workloads'];
  ask<O extends Op>(op: O, params: RequestOf<O>): Promise<Reply<O> & { readonly hostCpuNs: number | null }>;
  /** The box's clock held against the host's, from the end of the preparation to the last answer so far. */
  clock(): ClockReading;
  /** Asks next to nothing a few times, so that at least one answer comes quickly and `clock` is exact. */
  ping(): Promise<void>;
  /** Memory that it holds now, by the host's account. */
  holdings(): Holdings;
  /** Says goodbye, reads the accounts, closes. Never throws. */
  close(): Promise<StartFigures>;
}

export interface StartRequest {
  readonly box: string;
  readonly startId: string;
  readonly position: number;
  readonly environment: Environment;
  readonly plan: Plan;
  readonly gauges: HostGauges;
  readonly signal: AbortSignal;
  /** Hash the whole image inside the box, not only the payload. */
  readonly digests: boolean;
  /** How far it is brought: until its first line, until it has told its facts, or with every workload prepared (default). */
  readonly depth?: 'ready' | 'facts' | 'prepared';
  /** SHA-256 of what must run in the box; an empty one is not held against anything. */
  readonly image: { readonly node: string; readonly payload: string };
}

/** A payload that was asked to quit gets this long to end before it is ended. */
const GOODBYE_MS = 1000;
const PINGS = 5;

/** Starts a box afresh and prepares every workload in it. On a fault all that was opened is closed again. */
export async function startResident(request: StartRequest): Promise<Resident> {
  const { environment, plan, gauges, signal } = request;
  const limitMs = plan.timeoutMs * environment.slowness;
  const memoryBefore = gauges.availableMemoryBytes();
  const stealBefore = gauges.stealMs();
  const begunNs = process.hrtime.bigint();
  const started = await withLimit(environment.start(request.startId, signal), limitMs, 'its start');
  let client: PayloadClient;
  try {
    client = await connect(started.process, limitMs, signal);
  } catch (error) {
    await started.close();
    throw error;
  }
  const readyNs = client.helloNs;
  const firstNs = environment.sharesClock ? BigInt(client.hello.firstNs) : client.helloNs;
  const cpuAtReady = started.usage().cpuNs ?? null;
  let ownCpuNs = 0;
  let clock = openClock(client.hello.clockStepNs);

  const cpuSoFar = () => (started.cpuNs === undefined ? started.usage().cpuNs : started.cpuNs()) ?? null;

  const ask: Resident['ask'] = async (op, params) => {
    const before = cpuSoFar();
    const reply = await client.request(op, params, limitMs);
    const after = cpuSoFar();
    const hostCpuNs = before === null || after === null ? null : after - before;
    ownCpuNs += hostCpuNs ?? 0;
    clock.stamp({ boxNs: reply.boxNs, hostNs: reply.receivedNs });
    return { ...reply, hostCpuNs };
  };

  const ping = async () => {
    const [workload = ''] = plan.workloads;
    for (let i = 0; i < PINGS; i++) await ask('checksum', { workload });
  };

  const close: Resident['close'] = async () => {
    const runEndNs = process.hrtime.bigint();
    const usage = started.usage();
    const stealAfter = gauges.stealMs();
    await sayGoodbye(client, started);
    await started.close().catch(() => {});
    const goneNs = process.hrtime.bigint();
    const cpuNs = usage.cpuNs ?? null;
    return {
      spawnMs: ms(started.spawnedNs - begunNs),
      firstInstructionMs: ms(firstNs - begunNs),
      readyMs: ms(readyNs - begunNs),
      runMs: ms(runEndNs - readyNs),
      teardownMs: ms(goneNs - runEndNs),
      clockRatio: clock.read().ratio,
      cpuUserMs: milli(usage.cpuUserNs),
      cpuSystemMs: milli(usage.cpuSystemNs),
      throttledMs: milli(usage.throttledNs),
      stealMs: stealAfter === null || stealBefore === null ? null : stealAfter - stealBefore,
      memoryPeakBytes: usage.memoryPeakBytes ?? null,
      hostMemoryDeltaBytes: memoryDelta,
      idleCpuMs: cpuNs === null || cpuAtReady === null ? null : Math.max(0, (cpuNs - cpuAtReady - ownCpuNs) / 1e6),
      clockStepNs: client.hello.clockStepNs,
    };
  };

  let memoryDelta: number | null = null;
  const { depth = 'prepared' } = request;
  try {
    let facts: BoxFacts = {};
    if (depth !== 'ready') {
      const own = (await ask('facts', { digests: request.digests })).body.facts;
      checkImage(own, environment.image ?? request.image);
      facts = { ...own, ...hostFacts(started.limits?.()), ...postureFacts(environment, gauges) };
    }
    let prepared: Resident['prepared'] = [];
    if (depth === 'prepared') {
      const { size, kernels, workloads } = plan;
      const { body } = await ask('prepare', { size, kernels, workloads: [...workloads] });
      checkPrepared(body, plan);
      prepared = body.workloads;
    }
    if (!environment.sharesClock && depth === 'prepared') {
      // What was asked so far took its time, and so may its answers.
      clock = openClock(client.hello.clockStepNs);
      await ping();
    }
    const memoryAfter = gauges.availableMemoryBytes();
    memoryDelta = memoryBefore === null || memoryAfter === null ? null : memoryBefore - memoryAfter;
    const { box, startId, position } = request;
    const holdings = () => started.holdings?.() ?? {};
    return {
      box,
      startId,
      position,
      environment,
      facts,
      prepared,
      ask,
      clock: () => clock.read(),
      ping,
      holdings,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The digests known on the host decide, not the manifest in the box: whoever changed one could have changed both. */
function checkImage(facts: BoxFacts, image: StartRequest['image']): void {
  const { payload_sha256: payload = null, node_sha256: node = null, image_mismatch: files = null } = facts;
  if (image.payload !== '' && payload !== image.payload) {
    throw new BoxFault(
      'failed',
      `runs another payload than the image's: SHA-256 ${payload}, expected ${image.payload}`,
    );
  }
  if (node !== null && image.node !== '' && node !== image.node) {
    throw new BoxFault('failed', `runs another Node.js than the image's: SHA-256 ${node}, expected ${image.node}`);
  }
  if (image.payload !== '' && typeof files === 'string') {
    throw new BoxFault('failed', `runs files that are not the image's: ${files}`);
  }
}

/** The kernels must be those of the plan, and the first pass must leave the stored reference, or the box computes something else. */
function checkPrepared({ kernels = 'reference', workloads }: BodyOf<'prepare'>, plan: Plan): void {
  if (kernels !== plan.kernels) throw new BoxFault('failed', `runs the kernels ${kernels}, not ${plan.kernels}`);
  for (const id of plan.workloads) {
    const found = workloads.find((workload) => workload.id === id);
    if (found === undefined) throw new BoxFault('failed', `did not prepare ${id}`);
    if (found.first !== found.reference) {
      throw new BoxFault('failed', `${id} is wrong after its first pass: ${found.first}, reference ${found.reference}`);
    }
  }
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
    // Whatever comes up after the limit must not stay behind.
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
