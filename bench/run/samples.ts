/** From a payload's answer to the rows of `samples.csv`. */

import { commandOf, metricsBeside } from '../plan/commands.ts';
import { copiesOf } from '../plan/copies.ts';
import type { HostStep, MeasuringStep } from '../plan/steps.ts';
import { type Metric, MFLOPS, type Phase, type Plan, type Sample } from '../types.ts';
import type { Reply } from './client.ts';
import type { Resident } from './resident.ts';

export interface Answered<S = MeasuringStep> {
  readonly plan: Plan;
  readonly block: number;
  readonly step: S;
  readonly resident: Resident;
  readonly work: number;
  readonly reply: Reply<'visit'> & { readonly hostCpuNs: number | null };
  /** Host wall-clock time when it was asked, ms since the epoch. */
  readonly askedAtMs: number;
}

/** The rows of one answer, in the order in which the bursts ran. Assumed correct until a state shows otherwise. */
export function toSamples({ plan, block, step, resident, work, reply, askedAtMs }: Answered): Sample[] {
  const { bursts, lead = work, checksum, metrics = {} } = reply.body;
  const threads = copiesOf(plan, step.workload);
  const cpuOfRequest = hostCpuOf(reply);
  const wallSum = bursts.reduce((sum, [, wallNs]) => sum + wallNs, 0);
  const command = commandOf(plan, step.workload);
  const rows = bursts.map(([offsetNs, wallNs, cpuNs], index): Sample => {
    const last = index === bursts.length - 1;
    const passes = last ? work : lead;
    // A guest kernel counts wall time as CPU time; the host's account of the request is split by wall time.
    const hostCpuNs = cpuOfRequest === null ? null : Math.round((cpuOfRequest * wallNs) / wallSum);
    return {
      block,
      round: step.kind === 'visit' ? step.round : step.kind === 'long' ? step.visit : 0,
      position: step.position,
      env: step.box,
      startId: resident.startId,
      phase: phaseOf(step.kind, last),
      workload: step.workload,
      size: plan.size,
      work: passes * threads,
      wallNs,
      // Nor does a payload know what programs used that it started.
      cpuNs: resident.environment.cpuClock === 'guest' && command === undefined ? cpuNs : hostCpuNs,
      checksum: last ? checksum : '',
      ok: true,
      startedAt: new Date(askedAtMs + offsetNs / 1e6).toISOString(),
      hostNs: last ? Number(reply.receivedNs - reply.sentNs) : null,
      clock: 'guest',
      kernels: plan.kernels,
      ...speedOf(resident, step.workload, passes, timesOf(reply, index) ?? [wallNs]),
      ...spreadOf(reply, index),
    };
  });
  if (step.kind === 'warmup') return rows;
  const beside = metricsBeside(plan, step.workload);
  return rows.flatMap((row, at) => [row, ...metricRows(row, beside, (id) => metrics[id]?.[at])]);
}

/** The figures beside the time of a burst, each as a row of its own. */
function metricRows(
  row: Sample,
  metrics: readonly Metric[],
  figureOf: (metric: string) => number | undefined,
): Sample[] {
  return metrics.flatMap(({ id, unit, better }) => {
    const rate = figureOf(id);
    if (rate === undefined) return [];
    // How far copies lie apart is about their time.
    return [{ ...row, workload: id, mflops: null, unit, rate, better, checksum: '', spread: null }];
  });
}

/**
 * One row for a whole visit as the host timed it: from sending the request to the answer, less what a request without
 * bursts takes. The box's own times of its bursts are left out, because they are what can't be relied on.
 */
export function toHostSample(answered: Answered<HostStep>, emptyNs: number): Sample {
  const { plan, block, step, resident, work, reply, askedAtMs } = answered;
  const { bursts, checksum, copies } = reply.body;
  const threads = copiesOf(plan, step.workload);
  const passes = work * bursts.length * threads;
  const hostNs = Number(reply.receivedNs - reply.sentNs);
  // Copies wait for each other between bursts; by the box's own clock, whose drift is a small share of that.
  const wallNs = Math.max(0, Math.round(hostNs - emptyNs - (copies?.asideNs ?? 0)));
  const ownCpuNs = bursts.reduce((sum, [, , cpuNs]) => sum + cpuNs, 0);
  return {
    block,
    round: step.round,
    position: step.position,
    env: step.box,
    startId: resident.startId,
    phase: 'long',
    workload: step.workload,
    size: plan.size,
    work: passes,
    wallNs,
    cpuNs: resident.environment.cpuClock === 'guest' ? ownCpuNs : hostCpuOf(reply),
    checksum,
    ok: true,
    startedAt: new Date(askedAtMs).toISOString(),
    hostNs,
    clock: 'host',
    kernels: plan.kernels,
    ...speedOf(resident, step.workload, passes, [wallNs]),
    threads,
    spread: null,
    lateNs: null,
  };
}

/** The rate of so many passes in so much time, the sum over copies. MFLOPS are the rate of a workload that names no other unit. */
function speedOf(
  { prepared }: Pick<Resident, 'prepared'>,
  workload: string,
  passes: number,
  wallNs: readonly number[],
): Pick<Sample, 'mflops' | 'unit' | 'rate' | 'better'> {
  const { flops = 0, unit = MFLOPS, perPass = flops / 1e6 } = prepared.find(({ id }) => id === workload) ?? {};
  const rate = wallNs.includes(0) ? null : wallNs.reduce((sum, ns) => sum + (perPass * passes * 1e9) / ns, 0);
  return { mflops: unit === MFLOPS ? rate : null, unit, rate, better: null };
}

/** CPU time of a request by the host's account, without what copies spent on waiting for each other. */
function hostCpuOf({ hostCpuNs, body }: Answered['reply']): number | null {
  return hostCpuNs === null ? null : Math.max(0, hostCpuNs - (body.spunNs ?? 0));
}

/** Wall times of the copies in a burst; undefined for the only one. */
function timesOf({ body }: Answered['reply'], burst: number): readonly number[] | undefined {
  return body.copies?.wallNs[burst];
}

function spreadOf(reply: Answered['reply'], burst: number): Pick<Sample, 'threads' | 'spread' | 'lateNs'> {
  const times = timesOf(reply, burst);
  if (times === undefined) return { threads: 1, spread: null, lateNs: null };
  const spread = Math.max(...times) / Math.min(...times);
  const lateNs = reply.body.copies?.lateNs[burst] ?? null;
  return { threads: times.length, spread: Number.isFinite(spread) ? spread : null, lateNs };
}

/** The last burst of a visit counts; one before it is the lead-in. */
function phaseOf(kind: 'warmup' | 'visit' | 'long', last: boolean): Phase {
  if (kind === 'visit') return last ? 'measure' : 'lead';
  return kind;
}

/** A sample whose answer was wrong keeps its times and loses its figure. */
export function refuted(sample: Sample): Sample {
  return { ...sample, ok: false, mflops: null, rate: null };
}
