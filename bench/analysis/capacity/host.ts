/** How many instances a host takes, from what a session measured, and how many hosts so many instances need. */

import { meetsObjective, type Objective } from '../../plan/objective.ts';
import type { Plan, ScaleRow } from '../../types.ts';
import { median } from '../../units.ts';
import { fitSlope, type Slope } from '../footprint.ts';
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
import { quantileLevels, type WindowBursts } from './scale.ts';

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
}

/** What was measured of storms of starts: seconds until all of so many were ready. */
export interface RestartLevels {
  readonly env: string;
  readonly levels: readonly Level[];
}

export interface CapacityInput {
  readonly plan: Plan;
  readonly scale: readonly ScaleRow[];
  readonly bursts: WindowBursts;
  readonly restarts: readonly RestartLevels[];
}

/** The answer for one environment and workload. */
export interface CapacityRow {
  readonly env: string;
  readonly workload: string;
  /** What the objective is about, by the number of instances: a factor, or ns. */
  readonly levels: readonly Level[];
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
  const { plan, scale, bursts, restarts } = input;
  const paths = plan.environments.map(({ path }) => path);
  const found = quantileLevels(scale, bursts, plan, question.objective);
  return found
    .filter(({ env }) => paths.includes(env))
    .map(({ env, workload, levels }): CapacityRow => {
      const windows = windowsOf(scale.filter((row) => row.env === env && row.workload === workload));
      const slope = fitSlope(windows.flatMap((row) => observationOf(row)));
      const availableBytes = medianOf(windows.flatMap(({ availableBytes: bytes }) => bytes ?? []));
      const cpu = measuredBound(levels, (value) => meetsObjective(question.objective, value));
      const memory = availableBytes === null ? null : memoryOf(availableBytes, slope, question);
      const storm = restarts.find((one) => one.env === env)?.levels ?? [];
      const restart = restartOf(storm, question);
      const asked = question.recoverSeconds === null ? {} : { restart };
      const host = hostCapacity({ cpu, memory, ...asked });
      return { env, workload, levels, cpu, memory, restart, availableBytes, slope, host, fleet: fleet(host, question) };
    });
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
  const windows = new Map<string, ScaleRow[]>();
  for (const row of rows) {
    const key = `${row.block} ${row.instances}`;
    windows.set(key, [...(windows.get(key) ?? []), row]);
  }
  return [...windows.values()].flatMap((own) =>
    own.every(({ status }) => status === 'completed') ? [own[0] as ScaleRow] : [],
  );
}

function observationOf({ block, instances, hostDeltaBytes }: ScaleRow) {
  return hostDeltaBytes === null ? [] : [{ block, instances, bytes: hostDeltaBytes }];
}

function medianOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : median(values);
}
