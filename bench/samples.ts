/** From a payload's answer to the rows of `samples.csv`. */

import type { Reply } from './client.ts';
import type { Resident } from './resident.ts';
import type { MeasuringStep } from './steps.ts';
import type { Phase, Plan, Sample } from './types.ts';

export interface Answered {
  readonly plan: Plan;
  readonly block: number;
  readonly step: MeasuringStep;
  readonly resident: Resident;
  readonly work: number;
  readonly reply: Reply<'visit'> & { readonly hostCpuNs: number | null };
  /** Host wall-clock time when it was asked, ms since the epoch. */
  readonly askedAtMs: number;
}

/** The rows of one answer, in the order in which the bursts ran. Taken for right until a state says otherwise. */
export function toSamples({ plan, block, step, resident, work, reply, askedAtMs }: Answered): Sample[] {
  const { bursts, checksum } = reply.body;
  const flops = resident.prepared.find(({ id }) => id === step.workload)?.flops ?? 0;
  const wallSum = bursts.reduce((sum, [, wallNs]) => sum + wallNs, 0);
  return bursts.map(([offsetNs, wallNs, cpuNs], index): Sample => {
    const last = index === bursts.length - 1;
    // A guest kernel books wall time as CPU time; the host's account of the request is shared out by wall time.
    const hostCpuNs = reply.hostCpuNs === null ? null : Math.round((reply.hostCpuNs * wallNs) / wallSum);
    return {
      block,
      round: step.kind === 'visit' ? step.round : 0,
      position: step.position,
      env: step.box,
      startId: resident.startId,
      phase: phaseOf(step.kind, index),
      workload: step.workload,
      size: plan.size,
      work,
      wallNs,
      cpuNs: resident.environment.cpuClock === 'guest' ? cpuNs : hostCpuNs,
      mflops: (flops * work * 1e3) / wallNs,
      checksum: last ? checksum : '',
      ok: true,
      startedAt: new Date(askedAtMs + offsetNs / 1e6).toISOString(),
      hostNs: last ? Number(reply.receivedNs - reply.sentNs) : null,
      clock: 'guest',
      kernels: plan.kernels,
    };
  });
}

function phaseOf(kind: 'warmup' | 'visit' | 'long', index: number): Phase {
  if (kind === 'visit') return index === 0 ? 'lead' : 'measure';
  return kind;
}

/** A sample whose answer was wrong: it keeps its times and loses its figure. */
export function refuted(sample: Sample): Sample {
  return { ...sample, ok: false, mflops: null };
}
