/** Scale-out: more and more instances of an environment do the same work at once, over all CPUs, in windows of a fixed length. */

import { scaleRatios } from '../analysis/capacity/scale.ts';
import { runOf } from '../plan/commands.ts';
import { boxesOf } from '../plan/schedule.ts';
import { randomStream } from '../random.ts';
import { calibrated } from '../run/baseline.ts';
import { type BoxFault, faultOf } from '../run/client.ts';
import {
  AbsentBoxes,
  type InstanceCell,
  InstanceRoom,
  instanceCells,
  instanceRequests,
} from '../run/instance-cells.ts';
import { type InstanceScope, Instances, instanceName, introduce } from '../run/instances.ts';
import {
  type BlockResult,
  type BlockScope,
  countedOf,
  type Kind,
  type KindRun,
  type SessionScope,
  startedIn,
  type TimeGuess,
} from '../run/kind.ts';
import { Refusals } from '../run/refusals.ts';
import { type BookedReply, type Resident, recordFault } from '../run/resident.ts';
import { toSamples } from '../run/samples.ts';
import { warmBurstsOf, warmNsOf } from '../run/warm-up.ts';
import { type Ledger, type OpenLedger, openLedger } from '../run/watch/ledger.ts';
import { type OwnState, verifyStates } from '../run/watch/states.ts';
import { steadyMemory } from '../run/watch/steady-memory.ts';
import type { SessionInfo } from '../session/info.ts';
import type { Environment, Plan, Sample, ScaleRow } from '../types.ts';
import { count } from '../units.ts';
import { workloadLines } from './describe.ts';

/** Beside its windows, what a cell takes in checking and removing, s. */
const CELL_SECONDS = 0.3;

export const scale: Kind = {
  name: 'scale',
  hasTarget: false,
  estimate,
  describe,
  open: (session) => new ScaleRun(session),
  counted: countedOf,
  conclude: () => ({ contrasts: [], events: [] }),
  ratios: (records) => scaleRatios(countedOf(records), records.plan),
  measured: startedIn,
};

function estimate(plan: Plan, guess: TimeGuess, blocks: number): number {
  const { instances = [], windowNs = 0 } = plan;
  const cpus = plan.limits.cpus.length;
  const run = runOf(plan);
  const warmNs = warmNsOf(plan);
  return boxesOf(plan).reduce((sum, box) => {
    const { startSeconds, factor } = guess(box);
    const cells = instances.map((number) => {
      const eachTurn = Math.ceil(number / cpus);
      return eachTurn * (startSeconds + (warmNs * factor) / 1e9) + (run.length * windowNs) / 1e9 + CELL_SECONDS;
    });
    return sum + blocks * cells.reduce((all, cell) => all + cell, 0);
  }, 0);
}

function describe(plan: Plan): string[] {
  const { maxBlocks, instances = [], windowNs = 0 } = plan;
  return [
    'measures      more and more instances that work at once',
    ...workloadLines(plan),
    `design        ${count(maxBlocks, 'block')} of ${instances.join(', ')} instances of each, windows of ${windowNs / 1e9} s, in random order`,
  ];
}

class ScaleRun implements KindRun {
  readonly #session: SessionScope;
  readonly #opened: OpenLedger;
  readonly #refusals = new Refusals();

  constructor(session: SessionScope) {
    this.#session = session;
    this.#opened = openLedger(session);
  }

  prepare(): Promise<Partial<SessionInfo> | undefined> {
    return calibrated(this.#session);
  }

  runBlock(block: BlockScope): Promise<BlockResult> {
    // How long a box is silent depends on how many others work: earlier answers promise nothing.
    const { patience: _, ...scope } = block;
    const { work } = this.#session.info();
    return new ScaleBlock(scope, { work, ledger: this.#opened.ledger, refusals: this.#refusals }).run();
  }

  close(): Promise<void> {
    return this.#opened.close();
  }
}

interface ScaleMeans {
  readonly work: Readonly<Record<string, number>>;
  readonly ledger: Ledger;
  readonly refusals: Refusals;
}

interface Window extends InstanceCell {
  readonly workload: string;
  readonly hostDeltaBytes: number | null;
  readonly availableBytes: number | null;
}

/** A level at which an instance fails costs the environment this level and those above it in the block. */
export class ScaleBlock {
  readonly #scope: InstanceScope;
  readonly #means: ScaleMeans;
  readonly #completed = new Set<string>();
  readonly #failed = new Set<string>();
  readonly #absent: AbsentBoxes;
  readonly #room: InstanceRoom;
  /** By box: the lowest level at which an instance failed. */
  readonly #failedFrom = new Map<string, number>();
  readonly #states: OwnState[] = [];

  constructor(scope: InstanceScope, means: ScaleMeans) {
    this.#scope = scope;
    this.#means = means;
    this.#absent = new AbsentBoxes(scope);
    this.#room = new InstanceRoom(scope);
  }

  async run(): Promise<BlockResult> {
    const { plan, block, isFirst, signal, sink } = this.#scope;
    const cells = instanceCells(plan);
    if (isFirst) for (const box of await introduce(this.#scope)) this.#failedFrom.set(box, 1);
    for (const [index, cell] of randomStream(plan.seed, block, 'scale').shuffle(cells).entries()) {
      signal.throwIfAborted();
      await this.#take({ ...cell, position: index + 1 });
      sink.pause(((index + 1) * plan.rounds) / cells.length);
    }
    for (const box of await verifyStates(this.#states, this.#means.ledger, this.#scope)) this.#failed.add(box);
    for (const box of this.#failed) this.#completed.delete(box);
    return { completed: [...this.#completed], failed: [...this.#failed] };
  }

  async #take(cell: InstanceCell): Promise<void> {
    const { block, signal, sink } = this.#scope;
    const { box, instances, position } = cell;
    const head = { block, position, env: box, startId: instanceName(block, box, instances, 1) };
    const environment = this.#absent.environmentOf(head);
    if (environment === undefined || instances >= (this.#failedFrom.get(box) ?? Number.POSITIVE_INFINITY)) return;
    if (!this.#room.isEnoughFor(cell)) return;
    try {
      await this.#measure(cell, environment);
    } catch (error) {
      if (signal.aborted) throw error;
      recordFault(sink, head, faultOf(error), { instances });
      this.#fails(cell);
    }
  }

  #fails({ box, instances }: InstanceCell): void {
    this.#failedFrom.set(box, Math.min(instances, this.#failedFrom.get(box) ?? instances));
    // A single instance that fails is a box that does not work here.
    if (instances === 1) this.#failed.add(box);
  }

  /** Starts the instances, lets all of them work in a window for each workload, and closes them. */
  async #measure(cell: InstanceCell, environment: Environment): Promise<void> {
    const { plan, block, gauges } = this.#scope;
    const faults = new Map<Resident, BoxFault>();
    const started = new Instances(this.#scope);
    const before = await steadyMemory(gauges);
    try {
      await started.start(instanceRequests(block, cell, { environment }), plan.limits.cpus.length);
      for (const resident of started.held) this.#means.refusals.note(resident, this.#scope);
      const after = await steadyMemory(gauges);
      const hostDeltaBytes = before === null || after === null ? null : before - after;
      this.#room.took(cell, hostDeltaBytes);
      for (const workload of runOf(plan)) {
        await this.#window(started.held, { ...cell, workload, hostDeltaBytes, availableBytes: before }, faults);
      }
    } finally {
      await started.close(faults);
    }
    if (faults.size > 0) this.#fails(cell);
    else this.#completed.add(cell.box);
  }

  /** Warms all instances up, and asks all of them at once for bursts over the length of the window. */
  async #window(all: readonly Resident[], window: Window, faults: Map<Resident, BoxFault>): Promise<void> {
    const { plan, gauges, sink, signal } = this.#scope;
    const { workload } = window;
    const work = this.#means.work[workload];
    const residents = all.filter((resident) => !faults.has(resident) && !resident.refused.has(workload));
    if (work === undefined || residents.length === 0) return;
    const bursts = warmBurstsOf(plan, workload);
    await Promise.allSettled(residents.map((resident) => resident.ask('warmup', { workload, work, bursts })));
    const stealBefore = gauges.stealMs();
    const askedAtMs = Date.now();
    const begunNs = process.hrtime.bigint();
    const replies = await Promise.allSettled(
      residents.map((resident) => resident.ask('long', { workload, work, leastNs: plan.windowNs ?? 1e9 })),
    );
    signal.throwIfAborted();
    const stealAfter = gauges.stealMs();
    const stealMs = stealBefore === null || stealAfter === null ? null : stealAfter - stealBefore;
    const samples: Sample[] = [];
    const rows = replies.map((reply, index): ScaleRow => {
      const resident = residents[index] as Resident;
      const head = { ...this.#headOf(resident, window, index + 1), stealMs };
      if (reply.status === 'rejected') {
        const fault = faultOf(reply.reason);
        faults.set(resident, fault);
        return { ...head, status: fault.status, reason: fault.message, beginNs: null, endNs: null, cpuNs: null };
      }
      const own = this.#samplesOf(reply.value, resident, { ...window, work, askedAtMs });
      // One by one: as arguments, the bursts of a long window would overflow the stack.
      for (const sample of own) samples.push(sample);
      const { passes, checksum } = reply.value.body;
      this.#states.push({ env: window.box, workload, passes, checksum });
      return { ...head, status: 'completed', reason: '', ...spanOf(reply.value, begunNs) };
    });
    sink.samples(samples);
    sink.rows('scale', rows);
  }

  #headOf({ startId }: Resident, { box, ...window }: Window, instance: number) {
    return { block: this.#scope.block, env: box, instance, startId, ...window };
  }

  #samplesOf(
    reply: BookedReply<'long'>,
    resident: Resident,
    { box, position, workload, work, askedAtMs }: Window & { readonly work: number; readonly askedAtMs: number },
  ): Sample[] {
    const { plan, block } = this.#scope;
    const step = { kind: 'long', box, workload, visit: 1, position } as const;
    return toSamples({ plan, block, step, resident, work, reply, askedAtMs });
  }
}

/** Of the bursts of a request, on the host's clock from the beginning of the window. */
function spanOf({ body, sentNs, hostCpuNs }: BookedReply<'long'>, begunNs: bigint) {
  const [first] = body.bursts;
  const last = body.bursts.at(-1);
  if (first === undefined || last === undefined) return { beginNs: null, endNs: null, cpuNs: hostCpuNs };
  const offsetNs = Number(sentNs - begunNs);
  return { beginNs: offsetNs + first[0], endNs: offsetNs + last[0] + last[1], cpuNs: hostCpuNs };
}
