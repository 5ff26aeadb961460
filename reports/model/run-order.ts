/** Gathers, while the rows of a session go by, what is drawn over time: measured bursts in their order, and the pilot's warm-up. */

import { costOf } from '../../bench/analysis/contrast/cost.ts';
import type { Sample } from '../../bench/types.ts';

/** Bursts of one environment and workload in the order in which they were run. */
export interface BurstSeries {
  readonly env: string;
  readonly workload: string;
  readonly blocks: Uint32Array;
  readonly rounds: Uint32Array;
  /** Since 1970, ms; NaN where it can't be read. */
  readonly startedMs: Float64Array;
  readonly nsPerPass: Float64Array;
}

/** Warm-up bursts of one environment and workload in the first block: ns per pass. */
export interface WarmupCurve {
  readonly env: string;
  readonly workload: string;
  readonly nsPerPass: readonly number[];
}

export interface RunOrder {
  readonly bursts: readonly BurstSeries[];
  readonly warmups: readonly WarmupCurve[];
}

/** Typed arrays: a million bursts take up 24 MB. `hostTimed`: boxes whose visits are timed by the host. */
export function newRunOrder(hostTimed: ReadonlySet<string>) {
  const bursts = new Map<string, Growing>();
  const warmups = new Map<string, { env: string; workload: string; block: number; nsPerPass: number[] }>();
  return {
    add(sample: Sample): void {
      const { env, workload, phase, block } = sample;
      if (!sample.ok) return;
      const nsPerPass = costOf(sample);
      if (!(nsPerPass > 0 && nsPerPass < Number.POSITIVE_INFINITY)) return;
      const isVisit = sample.clock === 'host' && hostTimed.has(env);
      const isBurst = phase === 'measure' && sample.clock === 'guest' && !hostTimed.has(env);
      if (phase === 'warmup' && sample.clock === 'guest') {
        const key = `${workload}\0${env}`;
        const known = warmups.get(key);
        if (known === undefined) warmups.set(key, { env, workload, block, nsPerPass: [nsPerPass] });
        else if (known.block === block) known.nsPerPass.push(nsPerPass);
      }
      if (!isVisit && !isBurst) return;
      const key = `${workload}\0${env}`;
      let series = bursts.get(key);
      if (series === undefined) {
        series = newGrowing(env, workload);
        bursts.set(key, series);
      }
      append(series, sample, nsPerPass);
    },
    done(): RunOrder {
      return {
        bursts: [...bursts.values()].map(trimmed),
        warmups: [...warmups.values()].map(({ env, workload, nsPerPass }) => ({ env, workload, nsPerPass })),
      };
    },
  };
}

interface Growing {
  readonly env: string;
  readonly workload: string;
  length: number;
  blocks: Uint32Array;
  rounds: Uint32Array;
  startedMs: Float64Array;
  nsPerPass: Float64Array;
}

function newGrowing(env: string, workload: string): Growing {
  const room = 64;
  return {
    env,
    workload,
    length: 0,
    blocks: new Uint32Array(room),
    rounds: new Uint32Array(room),
    startedMs: new Float64Array(room),
    nsPerPass: new Float64Array(room),
  };
}

function append(series: Growing, { block, round, startedAt }: Sample, nsPerPass: number): void {
  const at = series.length;
  if (at === series.blocks.length) {
    series.blocks = grown(series.blocks, new Uint32Array(2 * at));
    series.rounds = grown(series.rounds, new Uint32Array(2 * at));
    series.startedMs = grown(series.startedMs, new Float64Array(2 * at));
    series.nsPerPass = grown(series.nsPerPass, new Float64Array(2 * at));
  }
  series.blocks[at] = block;
  series.rounds[at] = round;
  series.startedMs[at] = Date.parse(startedAt);
  series.nsPerPass[at] = nsPerPass;
  series.length = at + 1;
}

function grown<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function trimmed({ env, workload, length, blocks, rounds, startedMs, nsPerPass }: Growing): BurstSeries {
  return {
    env,
    workload,
    blocks: blocks.subarray(0, length),
    rounds: rounds.subarray(0, length),
    startedMs: startedMs.subarray(0, length),
    nsPerPass: nsPerPass.subarray(0, length),
  };
}
