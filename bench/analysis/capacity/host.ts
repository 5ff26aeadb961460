/** How many instances a host takes, from what a session measured, and how many hosts so many instances need. */

import { grouped } from '../../grouped.ts';
import { levelsUpTo } from '../../plan/cost-plan.ts';
import { meetsObjective, type Objective } from '../../plan/objective.ts';
import { defaultFor } from '../../plan/read-flags.ts';
import type { SimulatedSize } from '../../plan/simulated-size.ts';
import { INSTANCES_PER_CPU } from '../../plan/what-flags.ts';
import type { Plan, ScaleRow, StormRow } from '../../types.ts';
import { median } from '../../units.ts';
import { fitSlope, type Slope } from '../footprint.ts';
import { estimateOf } from '../stats/interval.ts';
import { quantile } from '../stats/quantile.ts';
import {
  type Bound,
  type Fleet,
  fleetFor,
  fleetOf,
  type HostCapacity,
  hostCapacity,
  type Level,
  measuredBound,
  memoryBound,
} from './planning.ts';
import { type QuantileLevels, quantileLevels, type SingleBursts, singleBursts, type WindowBursts } from './scale.ts';
import { simulateHost } from './simulate.ts';
import { type StormCell, type StormSummary, summarizeStorms } from './storm.ts';

/** What a planner asks of a session. */
export interface CapacityQuestion {
  readonly objective: Objective;
  /** Memory that instances don't get, bytes. */
  readonly reserveBytes: number;
  /** In which all instances of a host must be up again, s; null: nobody waits for them. */
  readonly recoverSeconds: number | null;
  /** Equal hosts, of which so many may fail. */
  readonly hosts: number | null;
  readonly spare: number;
  /** Instances that are needed. */
  readonly need: number | null;
  /** A host of another size, which is simulated; null: the one that was measured. */
  readonly simulate: SimulatedSize | null;
}

/** What is asked where nothing else is: the defaults of `plan-hosts`, and the restart that the session was made for. */
export function defaultQuestion({ recoverNs }: Pick<Plan, 'recoverNs'>): CapacityQuestion {
  return {
    objective: defaultFor('plan-hosts', 'slo'),
    reserveBytes: defaultFor('plan-hosts', 'reserve'),
    recoverSeconds: recoverNs === undefined ? null : recoverNs / 1e9,
    ...{ hosts: null, spare: defaultFor('plan-hosts', 'spare'), need: null, simulate: null },
  };
}

/** How long so many boxes take to be ready in one way of starting them, s. */
export interface Restart extends Level, StormCell {}

export interface CapacityInput {
  readonly plan: Plan;
  readonly scale: readonly ScaleRow[];
  readonly bursts: WindowBursts;
  /** Storms of starts; none where nobody waits for a restart. */
  readonly storm: readonly StormRow[];
}

/** The answer for one environment and workload. */
export interface CapacityRow {
  readonly env: string;
  readonly workload: string;
  /** What the objective is about, by the number of instances: a factor, or ns. */
  readonly levels: readonly Level[];
  /** Until all of so many boxes were ready, s: of each number the quickest way of starting them. */
  readonly restarts: readonly Restart[];
  readonly cpu: Bound | null;
  readonly memory: Bound | null;
  readonly restart: Bound | null;
  /** Memory available before the first instance, bytes; median over windows. */
  readonly availableBytes: number | null;
  /** Memory of one more instance at work. */
  readonly slope: Slope | null;
  /** Null when no bound is known. */
  readonly host: HostCapacity | null;
  /** For so many hosts, or for so many instances; null where neither is asked, or nothing fits. */
  readonly fleet: Fleet | null;
}

/** Environments in the plan's order, without the control, by workload. */
export function capacityRows(input: CapacityInput, question: CapacityQuestion): CapacityRow[] {
  const { plan, scale, bursts } = input;
  const storms = summarizeStorms(input.storm, plan.environments);
  const paths = plan.environments.map(({ path }) => path);
  const cpus = question.simulate?.cpus ?? null;
  const found =
    cpus === null
      ? quantileLevels(scale, bursts, plan, question.objective)
      : simulatedLevels(singleBursts(scale, bursts, plan), cpus, question.objective);
  return found
    .filter(({ env }) => paths.includes(env))
    .map(({ env, workload, levels }): CapacityRow => {
      const windows = windowsOf(scale.filter((row) => row.env === env && row.workload === workload));
      const slope = fitSlope(windows.flatMap((row) => observationOf(row)));
      const measured = medianOf(windows.flatMap(({ availableBytes: bytes }) => bytes ?? []));
      const availableBytes = question.simulate?.memoryBytes ?? measured;
      const cpu = measuredBound(levels, (value) => meetsObjective(question.objective, value));
      const memory = availableBytes === null ? null : memoryOf(availableBytes, slope, question);
      const restarts = restartLevels(storms.filter((storm) => storm.env === env));
      const restart = restartOf(restarts, question);
      const asked = question.recoverSeconds === null ? {} : { restart };
      const host = hostCapacity({ cpu, memory, ...asked });
      return {
        env,
        workload,
        levels,
        restarts,
        cpu,
        memory,
        restart,
        availableBytes,
        slope,
        host,
        fleet: fleet(host, question),
      };
    });
}

/** Of a session with more blocks only the first ones are simulated: further ones would take time, and change little. */
const MOST_SIMULATED = 50;

/** Of each block a simulation of its own, so that intervals are over blocks; in logs, as those of measured levels. */
function simulatedLevels(
  all: readonly SingleBursts[],
  cpus: number,
  { figure, quantile: share }: Objective,
): QuantileLevels[] {
  return all.map(({ env, workload, blocks }) => ({
    env,
    workload,
    levels: levelsUpTo(INSTANCES_PER_CPU * cpus).flatMap((instances) => {
      const logs = blocks.slice(0, MOST_SIMULATED).map(({ block, ...measured }): [number, number] => {
        const ns = quantile(simulateHost(measured, { cpus, instances }, block).burstNs, share);
        return [block, Math.log(figure === 'latency' ? ns : ns / median(measured.burstNs))];
      });
      const estimate = estimateOf(new Map(logs));
      return estimate === null ? [] : [{ instances, value: estimate.ratio, interval: estimate.interval }];
    }),
  }));
}

/** Of each number the way with the lowest upper limit. */
function restartLevels(storms: readonly StormSummary[]): Restart[] {
  const best = new Map<number, Restart>();
  for (const { instances, order, share, allReady } of storms) {
    if (allReady === null) continue;
    const { ms, interval } = allReady;
    const seconds = interval && { low: interval.low / 1000, high: interval.high / 1000 };
    const known = best.get(instances);
    if (known !== undefined && (seconds?.high ?? Infinity) >= (known.interval?.high ?? Infinity)) continue;
    best.set(instances, { instances, order, share, value: ms / 1000, interval: seconds });
  }
  return [...best.values()];
}

function restartOf(levels: readonly Level[], { recoverSeconds }: CapacityQuestion): Bound | null {
  return recoverSeconds === null ? null : measuredBound(levels, (seconds) => seconds <= recoverSeconds);
}

function memoryOf(availableBytes: number, slope: Slope | null, { reserveBytes }: CapacityQuestion): Bound | null {
  const perInstance = slope && { bytes: slope.perInstanceBytes, interval: slope.interval };
  // What is there besides can't be less than nothing: a negative intercept is noise.
  const fixedBytes = Math.max(0, slope?.fixedBytes ?? 0);
  return memoryBound({ availableBytes, reserveBytes, fixedBytes, perInstance });
}

function fleet(host: HostCapacity | null, { hosts, spare, need }: CapacityQuestion): Fleet | null {
  if (host === null) return null;
  if (need !== null) return fleetFor(host.instances, need, spare);
  return hosts === null ? null : fleetOf(host.instances, hosts, spare);
}

/** One row of each window whose instances all completed. */
function windowsOf(rows: readonly ScaleRow[]): ScaleRow[] {
  return grouped(rows, ({ block, instances }) => [block, instances]).flatMap((own) =>
    own.every(({ status }) => status === 'completed') ? [own[0] as ScaleRow] : [],
  );
}

function observationOf({ block, instances, hostDeltaBytes }: ScaleRow) {
  return hostDeltaBytes === null ? [] : [{ block, instances, bytes: hostDeltaBytes }];
}

function medianOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : median(values);
}
