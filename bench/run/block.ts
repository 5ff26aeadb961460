/** One block of workloads: runs its steps, turns answers into samples, and keeps a failing box from spoiling the others' data. */

import { leadPassesOf, runOf } from '../plan/commands.ts';
import { blockSteps, type HostStep, type MeasuringStep, type Step } from '../plan/steps.ts';
import { INTERRUPTED, type Plan, type Sample, type StartFigures } from '../types.ts';
import { BoxFault, faultOf } from './client.ts';
import type { BlockResult, BlockScope } from './kind.ts';
import type { Refusals } from './refusals.ts';
import { type BookedReply, Resident, recordFault, startName } from './resident.ts';
import { refuted, toSamples } from './samples.ts';
import { watchHost } from './watch/host-gauges.ts';
import { HostTiming } from './watch/host-timing.ts';
import type { Ledger } from './watch/ledger.ts';
import { type State, wrongStates } from './watch/states.ts';

export interface BlockRequest extends BlockScope {
  /** Warm-up bursts of a workload in every box. */
  readonly warmupBursts: (workload: string) => number;
  /** Boxes whose clock failed in an earlier block. */
  readonly hostTimed: ReadonlySet<string>;
  /** Passes in a burst, by workload. */
  readonly work: Readonly<Record<string, number>>;
  readonly ledger: Ledger;
  readonly refusals: Refusals;
}

/** More than this share of the elapsed time used by a box outside its own visits is worth an event. */
const IDLE_SHARE = 0.001;

/** An answer to a visit that is there and has not been looked at. */
interface Unread {
  readonly resident: Resident;
  /** Takes a fraction of a millisecond, and nothing of it shows before it is settled. */
  read(): void;
  /** Keeps its rows, or closes the box for what is wrong with it. */
  settle(): Promise<void>;
}

/** A state that a replay refutes. */
interface WrongState extends State {
  readonly expected: string;
}

/** To read an answer takes the harness half a millisecond. */
const LEAST_LEAD_NS = 1e6;

/** Not on a CPU of the boxes, whose time it would take, and not beside a measured burst. */
function readsBeside({ limits, singleBursts, burstNs, leadIn = 1 }: Plan): boolean {
  const { cpus, housekeeping } = limits;
  const ownCpu = !housekeeping.some((cpu) => cpus.includes(cpu));
  return ownCpu && singleBursts !== true && burstNs * leadIn >= LEAST_LEAD_NS;
}

export class BlockRun {
  readonly #request: BlockRequest;
  readonly #timing: HostTiming;
  readonly #alive = new Map<string, Resident>();
  readonly #completed: string[] = [];
  readonly #failed = new Set<string>();
  /** Passes of a workload after the last visit: the same in all boxes of a block and, after the pilot, of later ones. */
  readonly #visited = new Map<string, number>();
  /** Rows of the current round, not yet written. */
  #rows: Sample[] = [];
  #unread: Unread | undefined;
  /** Answers are read while the next box has its lead-in. */
  readonly #readsBeside: boolean;

  constructor(request: BlockRequest) {
    this.#request = request;
    this.#timing = new HostTiming(request);
    this.#readsBeside = readsBeside(request.plan);
  }

  async run(): Promise<BlockResult> {
    const { plan, block, gauges, signal, sink } = this.#request;
    const hostEvents = watchHost(gauges);
    try {
      for (const step of blockSteps(plan, block)) {
        signal.throwIfAborted();
        await this.#take(step);
      }
    } finally {
      // It belongs to a block that counts nothing; its CPU time is that of a visit all the same.
      this.#unread?.read();
      this.#flush();
      const why = new BoxFault('failed', signal.aborted ? INTERRUPTED : 'the block was given up');
      // All of them, even when the store takes no more rows.
      await Promise.allSettled([...this.#alive.values()].map((resident) => this.#close(resident, why)));
    }
    for (const event of hostEvents(block)) sink.event(event);
    return { completed: this.#completed, failed: [...this.#failed] };
  }

  async #take(step: Step): Promise<void> {
    if (step.kind !== 'visit') await this.#finishVisit();
    switch (step.kind) {
      case 'pause':
        this.#flush();
        this.#request.sink.pause(step.round);
        break;
      case 'start':
        await this.#start(step);
        break;
      case 'clocks':
        for (const box of step.boxes) await this.#guarded(box, (resident) => this.#timing.askAndJudge(resident));
        break;
      case 'host':
        if (this.#timing.isTimed(step.box)) {
          await this.#guarded(step.box, (resident) => this.#timeFromOutside(step, resident));
        }
        break;
      case 'verify':
        await this.#verify(step.boxes);
        break;
      case 'close':
        await this.#guarded(step.box, (resident) => this.#close(resident));
        break;
      default:
        await this.#guarded(step.box, (resident) => this.#visit(step, resident));
    }
  }

  async #start({ box, position }: Extract<Step, { kind: 'start' }>): Promise<void> {
    const { block, isFirst, sink } = this.#request;
    const startId = startName(block, box);
    const head = { block, position, env: box, startId };
    const environment = this.#request.environments.get(box);
    if (environment === undefined) {
      sink.start({ ...head, status: 'skipped', reason: this.#request.whyAbsent(box) });
      return;
    }
    let resident: Resident;
    try {
      resident = await Resident.start(this.#request, { box, startId, position, environment, digests: isFirst });
    } catch (error) {
      this.#failed.add(box);
      recordFault(sink, head, faultOf(error));
      return;
    }
    this.#alive.set(box, resident);
    sink.facts(box, resident.facts);
    this.#request.refusals.note(resident, this.#request);
    const [first] = resident.refused.values();
    if (first === undefined || resident.prepared.length > 0) return;
    await this.#close(resident, new BoxFault('failed', first));
  }

  /** One request for bursts. The answer to a visit is read while the next box has its lead-in. */
  async #visit(step: MeasuringStep, resident: Resident): Promise<void> {
    const { plan, block } = this.#request;
    const work = this.#request.work[step.workload];
    if (work === undefined || resident.refused.has(step.workload)) return;
    // The CPU time of a box is read before its next request.
    if (!this.#readsBeside || this.#unread?.resident === resident) await this.#finishVisit();
    if (this.#alive.get(step.box) !== resident) return;
    const askedAtMs = Date.now();
    const asked = this.#ask(step, work, resident);
    this.#unread?.read();
    let answer: () => BookedReply<'visit'>;
    try {
      answer = await asked;
    } finally {
      await this.#finishVisit();
    }
    const rowsOf = (reply: BookedReply<'visit'>) => toSamples({ plan, block, step, resident, work, reply, askedAtMs });
    this.#unread = this.#unreadOf(step, resident, answer, rowsOf);
    if (step.kind !== 'visit') await this.#finishVisit();
  }

  #unreadOf(
    step: MeasuringStep,
    resident: Resident,
    answer: () => BookedReply<'visit'>,
    rowsOf: (reply: BookedReply<'visit'>) => readonly Sample[],
  ): Unread {
    let found: { readonly rows: readonly Sample[]; readonly body: BookedReply<'visit'>['body'] } | undefined;
    let fault: unknown;
    const read = () => {
      if (found !== undefined || fault !== undefined) return;
      try {
        const reply = answer();
        found = { rows: rowsOf(reply), body: reply.body };
      } catch (error) {
        fault = error;
      }
    };
    const settle = async () => {
      read();
      if (found === undefined) throw fault;
      await this.#keep(found.rows, found.body, step);
    };
    return { resident, read, settle: () => this.#guarded(step.box, settle) };
  }

  /** What the last visit showed, now that no box is at work. */
  async #finishVisit(): Promise<void> {
    const unread = this.#unread;
    this.#unread = undefined;
    await unread?.settle();
  }

  #ask({ kind, workload }: MeasuringStep, work: number, resident: Resident): Promise<() => BookedReply<'visit'>> {
    const { warmupBursts, plan } = this.#request;
    if (kind === 'warmup') return resident.answerTo('warmup', { workload, work, bursts: warmupBursts(workload) });
    if (kind === 'visit' && plan.singleBursts === true)
      return resident.answerTo('warmup', { workload, work, bursts: 1 });
    if (kind === 'visit') return resident.answerTo('visit', { workload, work, lead: leadPassesOf(plan, work) });
    return resident.answerTo('long', { workload, work, leastNs: plan.longNs });
  }

  async #timeFromOutside(step: HostStep, resident: Resident): Promise<void> {
    if (resident.refused.has(step.workload)) return;
    const visit = await this.#timing.visit(step, resident);
    if (visit !== undefined) await this.#keep([visit.row], visit.reply.body, step);
  }

  /** Keeps the rows of an answer, and checks its state against that of the other boxes. */
  async #keep(
    answered: readonly Sample[],
    { passes, checksum }: { passes: number; checksum: string },
    step: MeasuringStep | HostStep,
  ): Promise<void> {
    for (const row of answered) this.#rows.push(row);
    this.#timing.saw(answered);
    if (step.kind === 'visit') this.#visited.set(step.workload, passes);
    if (!this.#request.ledger.agrees(step.workload, passes, checksum)) await this.#settle(step, passes);
  }

  /** Two boxes differ: a replay says which is wrong. Its rows of this request lose their figures, and it is closed. */
  async #settle(step: MeasuringStep | HostStep, passes: number): Promise<void> {
    const { workload } = step;
    const [expected = ''] = await this.#request.ledger.expected(workload, [passes]);
    const round = 'round' in step ? step.round : 0;
    // Visits of a fixed duration end after different numbers of passes in each box; the others' are verified at the end.
    const counted = step.kind === 'warmup' || step.kind === 'visit';
    const isSuspect = (row: Sample) =>
      row.workload === workload && row.round === round && (counted || row.env === step.box);
    const wrong = new Map<string, string>();
    for (const row of this.#rows) {
      if (isSuspect(row) && row.checksum !== '' && row.checksum !== expected) wrong.set(row.env, row.checksum);
    }
    this.#rows = this.#rows.map((row) => (wrong.has(row.env) && isSuspect(row) ? refuted(row) : row));
    for (const [env, checksum] of wrong) {
      const resident = this.#alive.get(env);
      if (resident !== undefined) await this.#closeWrong(resident, { workload, passes, checksum, expected });
    }
  }

  /** At the end of a block every state is checked against a replay, so that boxes can't agree on something wrong. */
  async #verify(boxes: readonly string[]): Promise<void> {
    const { plan, ledger } = this.#request;
    for (const workload of runOf(plan)) {
      const states: (State & { readonly resident: Resident })[] = [];
      for (const box of boxes) {
        await this.#guarded(box, async (resident) => {
          if (resident.refused.has(workload)) return;
          const { passes, checksum } = (await resident.ask('checksum', { workload })).body;
          states.push({ resident, workload, passes, checksum });
        });
      }
      // Asked for first, it is where the replays of all later blocks can begin.
      const visited = this.#visited.get(workload);
      if (visited !== undefined && states.length > 0) await ledger.expected(workload, [visited]);
      for (const { resident, ...found } of await wrongStates(states, ledger)) await this.#closeWrong(resident, found);
    }
  }

  async #closeWrong(resident: Resident, found: WrongState): Promise<void> {
    const { block, sink } = this.#request;
    sink.event({ kind: 'checksum-mismatch', env: resident.box, block, ...found });
    const { workload, passes, checksum, expected } = found;
    const reason = `${workload} is wrong after ${passes} passes: ${checksum}, by replay ${expected}`;
    await this.#close(resident, new BoxFault('failed', reason));
  }

  async #close(resident: Resident, fault?: BoxFault): Promise<void> {
    const { box, position, startId } = resident;
    const { block, sink } = this.#request;
    this.#alive.delete(box);
    this.#timing.judge(resident);
    const figures = await resident.close();
    const head = { block, position, env: box, startId };
    if (fault === undefined) {
      sink.start({ ...head, ...figures, status: 'completed' });
      this.#completed.push(box);
      this.#noteIdle(box, figures);
    } else {
      this.#failed.add(box);
      recordFault(sink, head, fault, { figures });
    }
  }

  #noteIdle(env: string, { idleCpuMs, runMs }: StartFigures): void {
    if (idleCpuMs === null || runMs === null || idleCpuMs <= IDLE_SHARE * runMs) return;
    const { block, sink } = this.#request;
    sink.event({ kind: 'idle-cpu', env, block, idleCpuMs: round3(idleCpuMs), share: round3(idleCpuMs / runMs) });
  }

  /** A fault of this box closes it, and the block continues without it. */
  async #guarded(box: string, act: (resident: Resident) => Promise<void>): Promise<void> {
    const resident = this.#alive.get(box);
    if (resident === undefined) return;
    try {
      await act(resident);
    } catch (error) {
      this.#request.signal.throwIfAborted();
      if (!(error instanceof BoxFault)) throw error; // The store or Boxmark itself failed: not a fault of this box.
      await this.#close(resident, error);
    }
  }

  #flush(): void {
    if (this.#rows.length > 0) this.#request.sink.samples(this.#rows);
    this.#rows = [];
  }
}

const round3 = (value: number): number => Math.round(value * 1000) / 1000;
