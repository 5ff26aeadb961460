/** Runs one block: does its steps, turns answers into samples, and keeps a failing box from costing the others' data. */

import { messageOf } from '../errors.ts';
import { blockSteps, type HostStep, type MeasuringStep, type Step } from '../plan/steps.ts';
import type { NewEvent } from '../session/events.ts';
import type { BoxFacts } from '../types.ts';
import { type Environment, NO_FIGURES, type Plan, type Sample, type Start, type StartFigures } from '../types.ts';
import { BoxFault } from './client.ts';
import { type Resident, startResident } from './resident.ts';
import { refuted, toSamples } from './samples.ts';
import { startName } from './start-name.ts';
import type { HostGauges } from './watch/host-gauges.ts';
import { openHostTiming } from './watch/host-timing.ts';
import { watchHost } from './watch/host-watch.ts';
import type { Ledger } from './watch/ledger.ts';

export interface BlockRequest {
  readonly plan: Plan;
  readonly block: number;
  /** By box: the environments, and the control. Boxes that were given up, or can't run any more, are absent. */
  readonly environments: ReadonlyMap<string, Environment>;
  whyAbsent(box: string): string;
  /** Warm-up bursts of each workload in every box. */
  readonly warmupBursts: number;
  /** Hash the whole image inside each box, not only the payload. */
  readonly digests: boolean;
  /** Boxes whose clock failed in an earlier block. */
  readonly hostTimed: ReadonlySet<string>;
  /** Passes in a burst, by workload. */
  readonly work: Readonly<Record<string, number>>;
  readonly ledger: Ledger;
  readonly gauges: HostGauges;
  readonly image: { readonly node: string; readonly payload: string };
  readonly signal: AbortSignal;
  readonly sink: BlockSink;
}

/** Where a block's results go, as they come. */
export interface BlockSink {
  samples(rows: readonly Sample[]): void;
  start(row: Start): void;
  event(event: NewEvent): void;
  /** Between rounds, while nothing is measured. */
  pause(round: number): void;
  facts(box: string, facts: BoxFacts): void;
}

export interface BlockResult {
  /** Boxes that were measured to the end. */
  readonly completed: readonly string[];
  readonly failed: readonly string[];
}

/** More than this share of the elapsed time used by a box outside its own visits is worth an event. */
const IDLE_SHARE = 0.001;

export async function runBlock(request: BlockRequest): Promise<BlockResult> {
  const { plan, block, sink, signal } = request;
  const alive = new Map<string, Resident>();
  const failed = new Set<string>();
  let rows: Sample[] = [];
  const completed: string[] = [];
  const timing = openHostTiming(request);
  const hostEvents = watchHost(request.gauges);

  const flush = () => {
    if (rows.length > 0) sink.samples(rows);
    rows = [];
  };

  async function closeBox(resident: Resident, fault?: BoxFault): Promise<void> {
    alive.delete(resident.box);
    timing.judge(resident);
    const figures = await resident.close();
    const head = { block, position: resident.position, env: resident.box, startId: resident.startId };
    if (fault === undefined) {
      sink.start({ ...head, ...figures, status: 'completed' });
      completed.push(resident.box);
      noteIdle(resident.box, figures);
    } else {
      failed.add(resident.box);
      sink.start({ ...head, ...figures, status: fault.status, reason: fault.message });
      sink.event({ kind: fault.status, env: resident.box, block, reason: fault.message });
    }
  }

  function noteIdle(env: string, { idleCpuMs, runMs }: StartFigures): void {
    if (idleCpuMs === null || runMs === null || idleCpuMs <= IDLE_SHARE * runMs) return;
    sink.event({ kind: 'idle-cpu', env, block, idleCpuMs: round3(idleCpuMs), share: round3(idleCpuMs / runMs) });
  }

  async function start(step: Extract<Step, { kind: 'start' }>): Promise<void> {
    const startId = startName(block, step.box);
    const head = { block, position: step.position, env: step.box, startId };
    const environment = request.environments.get(step.box);
    if (environment === undefined) {
      sink.start({ ...head, status: 'skipped', reason: request.whyAbsent(step.box) });
      return;
    }
    let resident: Resident;
    try {
      resident = await startResident({ ...request, ...step, startId, environment });
    } catch (error) {
      const fault = faultOf(error);
      failed.add(step.box);
      sink.start({ ...head, ...NO_FIGURES, status: fault.status, reason: fault.message });
      sink.event({ kind: fault.status, env: step.box, block, reason: fault.message });
      return;
    }
    alive.set(step.box, resident);
    sink.facts(step.box, resident.facts);
  }

  async function measure(step: MeasuringStep, resident: Resident): Promise<void> {
    const work = request.work[step.workload];
    if (work === undefined) return;
    const params = { workload: step.workload, work };
    const askedAtMs = Date.now();
    const reply =
      step.kind === 'warmup'
        ? await resident.ask('warmup', { ...params, bursts: request.warmupBursts })
        : step.kind === 'visit'
          ? await resident.ask('visit', params)
          : await resident.ask('long', { ...params, leastNs: plan.longNs });
    await take(toSamples({ plan, block, step, resident, work, reply, askedAtMs }), reply.body, step);
  }

  async function timeFromOutside(step: HostStep, resident: Resident): Promise<void> {
    const visit = await timing.visit(step, resident);
    if (visit !== undefined) await take([visit.row], visit.reply.body, step);
  }

  /** Keeps the rows of an answer, and holds its state against that of the other boxes. */
  async function take(
    answered: readonly Sample[],
    { passes, checksum }: { passes: number; checksum: string },
    step: MeasuringStep | HostStep,
  ): Promise<void> {
    for (const row of answered) rows.push(row);
    timing.saw(answered);
    if (!request.ledger.agrees(step.workload, passes, checksum)) await settle(step.workload, passes, step);
  }

  /** Two boxes differ: a replay says which is wrong. Its rows of this request lose their figures, and it is closed. */
  async function settle(workload: string, passes: number, step: MeasuringStep | HostStep): Promise<void> {
    const [expected] = await request.ledger.expected(workload, [passes]);
    const round = 'round' in step ? step.round : 0;
    // Visits that last for a time end after different numbers of passes in each box; the others' are proved at the end.
    const counted = step.kind === 'warmup' || step.kind === 'visit';
    const isSuspect = (row: Sample) =>
      row.workload === workload && row.round === round && (counted || row.env === step.box);
    const wrong = new Map<string, string>();
    for (const row of rows) {
      if (isSuspect(row) && row.checksum !== '' && row.checksum !== expected) wrong.set(row.env, row.checksum);
    }
    rows = rows.map((row) => (wrong.has(row.env) && isSuspect(row) ? refuted(row) : row));
    for (const [env, checksum] of wrong) {
      const resident = alive.get(env);
      if (resident !== undefined) await wrongAnswer(resident, { workload, passes, checksum, expected: expected ?? '' });
    }
  }

  async function wrongAnswer(
    resident: Resident,
    found: { workload: string; passes: number; checksum: string; expected: string },
  ): Promise<void> {
    sink.event({ kind: 'checksum-mismatch', env: resident.box, block, ...found });
    const { workload, passes, checksum, expected } = found;
    const reason = `${workload} is wrong after ${passes} passes: ${checksum}, by replay ${expected}`;
    await closeBox(resident, new BoxFault('failed', reason));
  }

  /** At the end of a block every state is held against a replay, so that boxes can't agree on something wrong. */
  async function verify(boxes: readonly string[]): Promise<void> {
    for (const workload of plan.workloads) {
      const states: { resident: Resident; passes: number; checksum: string }[] = [];
      for (const box of boxes) {
        await guarded(box, async (resident) => {
          states.push({ resident, ...(await resident.ask('checksum', { workload })).body });
        });
      }
      const expected = await request.ledger.expected(
        workload,
        states.map(({ passes }) => passes),
      );
      for (const [index, { resident, passes, checksum }] of states.entries()) {
        const right = expected[index] ?? '';
        if (checksum !== right) await wrongAnswer(resident, { workload, passes, checksum, expected: right });
      }
    }
  }

  /** A fault of this box closes it, and the block goes on without it. */
  async function guarded(box: string, act: (resident: Resident) => Promise<void>): Promise<void> {
    const resident = alive.get(box);
    if (resident === undefined) return;
    try {
      await act(resident);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BoxFault)) throw error; // The store failed, or we did: no fault of this box.
      await closeBox(resident, error);
    }
  }

  try {
    for (const step of blockSteps(plan, block)) {
      signal.throwIfAborted();
      switch (step.kind) {
        case 'pause':
          flush();
          sink.pause(step.round);
          break;
        case 'start':
          await start(step);
          break;
        case 'clocks':
          for (const box of step.boxes) await guarded(box, timing.askAndJudge);
          break;
        case 'host':
          if (timing.isTimed(step.box)) await guarded(step.box, (resident) => timeFromOutside(step, resident));
          break;
        case 'verify':
          await verify(step.boxes);
          break;
        case 'close':
          await guarded(step.box, (resident) => closeBox(resident));
          break;
        default:
          await guarded(step.box, (resident) => measure(step, resident));
      }
    }
  } finally {
    flush();
    const why = new BoxFault('failed', signal.aborted ? 'interrupted' : 'the block was given up');
    // All of them, even when the store takes no more rows.
    await Promise.allSettled([...alive.values()].map((resident) => closeBox(resident, why)));
  }
  for (const event of hostEvents(block)) sink.event(event);
  return { completed, failed: [...failed] };
}

function faultOf(error: unknown): BoxFault {
  return error instanceof BoxFault ? error : new BoxFault('failed', messageOf(error));
}

const round3 = (value: number): number => Math.round(value * 1000) / 1000;
