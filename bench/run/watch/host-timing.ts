/** Times boxes from outside, over long visits less an empty request, when a clock in one of them can't be relied on. */

import { HOST_VISITS, type HostStep } from '../../plan/steps.ts';
import type { NewEvent } from '../../session/events.ts';
import type { Plan, Sample } from '../../types.ts';
import type { Reply } from '../client.ts';
import type { Resident } from '../resident.ts';
import { toHostSample } from '../samples.ts';
import { clockFault, withPartners } from './clock.ts';

/** Empty requests of a box and workload, whose median is taken off each visit. */
const EMPTY_REQUESTS = 7;

export interface HostTiming {
  /** Takes note of how long bursts are. */
  saw(rows: readonly Sample[]): void;
  /** Judges the clock of a box by all that was asked of it so far; an event, once a session, when it fails. */
  judge(resident: Resident): void;
  /** The same after asking it for the time. */
  askAndJudge(resident: Resident): Promise<void>;
  /** Is this box to be timed from outside? */
  isTimed(box: string): boolean;
  /** One visit. Without bursts it is a request all the same, with the same checksum: that much is taken off. */
  visit(step: HostStep, resident: Resident): Promise<{ row: Sample; reply: Reply<'long'> } | undefined>;
}

export interface HostTimingRequest {
  readonly plan: Plan;
  readonly block: number;
  readonly work: Readonly<Record<string, number>>;
  /** Boxes whose clock failed in an earlier block. */
  readonly hostTimed: ReadonlySet<string>;
  readonly sink: { event(event: NewEvent): void };
}

export function openHostTiming({ plan, block, work, hostTimed, sink }: HostTimingRequest): HostTiming {
  const failing = new Set(hostTimed);
  let timed = withPartners(failing, plan);
  const shortest = new Map<string, number>();
  const empties = new Map<string, number>();

  async function emptyNs(resident: Resident, workload: string): Promise<number> {
    const key = `${resident.startId} ${workload}`;
    const known = empties.get(key);
    if (known !== undefined) return known;
    const times: number[] = [];
    for (let i = 0; i < EMPTY_REQUESTS; i++) {
      const { sentNs, receivedNs } = await resident.ask('checksum', { workload });
      times.push(Number(receivedNs - sentNs));
    }
    const middle = times.sort((a, b) => a - b)[(EMPTY_REQUESTS - 1) / 2] ?? 0;
    empties.set(key, middle);
    return middle;
  }

  function judge(resident: Resident): void {
    const { box, environment } = resident;
    // A box on the host's kernel reads the host's clock.
    if (environment.sharesClock || failing.has(box)) return;
    const reading = resident.clock();
    const reason = clockFault(reading, shortest.get(box) ?? null);
    if (reason === null) return;
    failing.add(box);
    timed = withPartners(failing, plan);
    const { ratio, stepNs } = reading;
    sink.event({ kind: 'clock-drift', env: box, block, reason, clockRatio: ratio, clockStepNs: stepNs });
  }

  return {
    judge,
    async askAndJudge(resident) {
      if (!resident.environment.sharesClock) await resident.ping();
      judge(resident);
    },
    saw(rows) {
      for (const { env, phase, wallNs } of rows) {
        if (phase === 'measure') shortest.set(env, Math.min(wallNs, shortest.get(env) ?? wallNs));
      }
    },
    isTimed: (box) => timed.has(box),
    async visit(step, resident) {
      const passes = work[step.workload];
      if (passes === undefined) return undefined;
      const empty = await emptyNs(resident, step.workload);
      const askedAtMs = Date.now();
      const leastNs = Math.ceil(plan.longNs / HOST_VISITS);
      const reply = await resident.ask('long', { workload: step.workload, work: passes, leastNs });
      return { row: toHostSample({ plan, block, step, resident, work: passes, reply, askedAtMs }, empty), reply };
    },
  };
}
