/** Times boxes from outside, over long visits minus an empty request, when a clock in one of them is unreliable. */

import { HOST_VISITS, type HostStep } from '../../plan/steps.ts';
import type { NewEvent } from '../../session/events.ts';
import type { Plan, Sample } from '../../types.ts';
import { median } from '../../units.ts';
import type { Reply } from '../client.ts';
import type { Resident } from '../resident.ts';
import { toHostSample } from '../samples.ts';
import { clockFault, withPartners } from './clock.ts';

/** Empty requests of a box and workload, whose median is subtracted from each visit. */
const EMPTY_REQUESTS = 7;

export interface HostTimingRequest {
  readonly plan: Plan;
  readonly block: number;
  readonly work: Readonly<Record<string, number>>;
  /** Boxes whose clock failed in an earlier block. */
  readonly hostTimed: ReadonlySet<string>;
  readonly sink: { event(event: NewEvent): void };
}

/** The timing from outside in one block. */
export class HostTiming {
  readonly #request: HostTimingRequest;
  readonly #failing: Set<string>;
  #timed: ReadonlySet<string>;
  readonly #shortest = new Map<string, number>();
  readonly #empties = new Map<string, number>();

  constructor(request: HostTimingRequest) {
    this.#request = request;
    this.#failing = new Set(request.hostTimed);
    this.#timed = withPartners(this.#failing, request.plan);
  }

  /** Records how long bursts are. */
  saw(rows: readonly Sample[]): void {
    for (const { env, phase, wallNs } of rows) {
      if (phase === 'measure') this.#shortest.set(env, Math.min(wallNs, this.#shortest.get(env) ?? wallNs));
    }
  }

  /** Judges the clock of a box by all its requests so far; an event, once per session, when it fails. */
  judge(resident: Resident): void {
    const { box, environment } = resident;
    // A box on the host's kernel reads the host's clock.
    if (environment.sharesClock || this.#failing.has(box)) return;
    const reading = resident.clock();
    const reason = clockFault(reading, this.#shortest.get(box) ?? null);
    if (reason === null) return;
    const { plan, block, sink } = this.#request;
    this.#failing.add(box);
    this.#timed = withPartners(this.#failing, plan);
    const { ratio, stepNs } = reading;
    sink.event({ kind: 'clock-drift', env: box, block, reason, clockRatio: ratio, clockStepNs: stepNs });
  }

  /** The same after asking it for the time. */
  async askAndJudge(resident: Resident): Promise<void> {
    if (!resident.environment.sharesClock) await resident.ping();
    this.judge(resident);
  }

  /** Is this box to be timed from outside? */
  isTimed(box: string): boolean {
    return this.#timed.has(box);
  }

  /** One visit. A request without bursts does the same otherwise, with the same checksum: its time is subtracted. */
  async visit(step: HostStep, resident: Resident): Promise<{ row: Sample; reply: Reply<'long'> } | undefined> {
    const { plan, block, work } = this.#request;
    const passes = work[step.workload];
    if (passes === undefined) return undefined;
    const empty = await this.#emptyNs(resident, step.workload);
    const askedAtMs = Date.now();
    const leastNs = Math.ceil(plan.longNs / HOST_VISITS);
    const reply = await resident.ask('long', { workload: step.workload, work: passes, leastNs });
    return { row: toHostSample({ plan, block, step, resident, work: passes, reply, askedAtMs }, empty), reply };
  }

  async #emptyNs(resident: Resident, workload: string): Promise<number> {
    const key = `${resident.startId} ${workload}`;
    const known = this.#empties.get(key);
    if (known !== undefined) return known;
    const times: number[] = [];
    for (let i = 0; i < EMPTY_REQUESTS; i++) {
      const { sentNs, receivedNs } = await resident.ask('checksum', { workload });
      times.push(Number(receivedNs - sentNs));
    }
    const middle = median(times);
    this.#empties.set(key, middle);
    return middle;
  }
}
