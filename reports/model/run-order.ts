/** Gathers, while the rows of a session go by, what is drawn over time: measured bursts in their order, and the pilot's warm-up. */

import { costOf } from '../../bench/analysis/contrast/cost.ts';
import { ByPair } from '../../bench/grouped.ts';
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
  const bursts = new ByPair<Growing>();
  const warmups = new ByPair<{ env: string; workload: string; block: number; nsPerPass: number[] }>();
  return {
    add(sample: Sample): void {
      const { env, workload, phase, block } = sample;
      if (!sample.ok) return;
      const nsPerPass = costOf(sample);
      if (!(nsPerPass > 0 && nsPerPass < Number.POSITIVE_INFINITY)) return;
      const isVisit = sample.clock === 'host' && hostTimed.has(env);
      const isBurst = phase === 'measure' && sample.clock === 'guest' && !hostTimed.has(env);
      if (phase === 'warmup' && sample.clock === 'guest') {
        const curve = warmups.get(env, workload) ?? warmups.add(env, workload, { env, workload, block, nsPerPass: [] });
        if (curve.block === block) curve.nsPerPass.push(nsPerPass);
      }
      if (!isVisit && !isBurst) return;
      append(bursts.get(env, workload) ?? bursts.add(env, workload, newGrowing(env, workload)), sample, nsPerPass);
    },
    done(): RunOrder {
      return {
        bursts: bursts.all.map(trimmed),
        warmups: warmups.all.map(({ env, workload, nsPerPass }) => ({ env, workload, nsPerPass })),
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
  series.startedMs[at] = instantMs(startedAt);
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

const MINUTE = '2026-11-23T17:00:'.length;
const INSTANT = '2026-11-23T17:00:00.000Z'.length;
const IS_MINUTE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:$/;
const [ZERO, POINT, Z] = [48, 46, 90] as const;
/** The last minute that was parsed, and when it began: NaN where the text can't be taken apart like this. */
let minute = '';
let minuteMs = Number.NaN;

/** `Date.parse`, in a fraction of its time for an instant of the same minute as the one before. */
export function instantMs(instant: string): number {
  if (instant.length !== INSTANT || instant.charCodeAt(MINUTE + 2) !== POINT || instant.charCodeAt(INSTANT - 1) !== Z) {
    return Date.parse(instant);
  }
  if (minute === '' || !instant.startsWith(minute)) {
    minute = instant.slice(0, MINUTE);
    // Of a whole minute: 24:00:00.000 is an instant, and those after it are none.
    minuteMs = IS_MINUTE.test(minute) ? Date.parse(`${minute}59.999Z`) - 59_999 : Number.NaN;
  }
  const seconds = 10 * digitAt(instant, 0) + digitAt(instant, 1);
  const parts = 100 * digitAt(instant, 3) + 10 * digitAt(instant, 4) + digitAt(instant, 5);
  const ms = minuteMs + 1000 * seconds + parts;
  return seconds < 60 && !Number.isNaN(ms) ? ms : Date.parse(instant);
}

function digitAt(instant: string, at: number): number {
  const value = instant.charCodeAt(MINUTE + at) - ZERO;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}
