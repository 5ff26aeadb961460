/** Simulated sessions of one workload with a known truth, in the form that contrasts are computed from. */

import { type Cell, newCell, type SampleGroups } from '../../bench/analysis/contrast/group.ts';
import { controlOf } from '../../bench/plan/schedule.ts';
import { randomStream, type Stream } from '../../bench/random.ts';

export const NATIVE = 'native';
export const ENV = 'env';
const BOXES = [NATIVE, controlOf(NATIVE), ENV] as const;

/** What a host and an environment do to the times; standard deviations and shifts in logs (0.01 is about 1 %). */
export interface Noise {
  /** Each start's own constant, and each burst's. */
  readonly start: number;
  readonly burst: number;
  /** Bursts hit by something else on the host: with this chance, by an exponential time of this mean. */
  readonly hit: { readonly chance: number; readonly mean: number };
  /** Step of the host's random walk from one visit to the next. */
  readonly drift: number;
  /** Starts of the environment alone that add an exponential of this mean. */
  readonly skew: number;
  /** Starts of the environment alone that are bad: with this chance, by this much. */
  readonly bad: { readonly chance: number; readonly size: number };
  /** Bursts of the environment alone, lead-ins too, that stall: with this chance, by so many times a burst's length. */
  readonly stall?: { readonly chance: number; readonly lengths: number };
  /** Long visits of the environment alone take so many times longer, as under a quota. */
  readonly sustained?: number;
}

export interface Design {
  readonly blocks: number;
  readonly rounds: number;
  /** Boxes take turns in every round, or each does all its rounds before the next one. */
  readonly order: 'rounds' | 'boxes';
}

/** Blocks one after the other, so that a session can be stopped after any of them. */
export interface Simulation {
  readonly groups: SampleGroups;
  addBlock(): void;
}

const NO_STALL = { chance: 0, lengths: 0 };

/** ln of the ratio that the mean over starts tends to. */
export function truthOf(ratio: number, noise: Noise): number {
  return Math.log(ratio) + noise.skew + noise.bad.chance * noise.bad.size;
}

export function simulate(seed: number, ratio: number, noise: Noise, design: Omit<Design, 'blocks'>): Simulation {
  const stream = randomStream(seed, 0, 'simulated');
  const normal = normals(stream);
  const uniform = () => (stream.nextUint32() + 1) / 2 ** 32;
  const exponential = (mean: number) => -mean * Math.log(uniform());
  const blocks: number[] = [];
  const series = new Map(BOXES.map((box) => [box as string, new Map<number, Cell>()]));
  let weather = 0;

  function addBlock(): void {
    const block = blocks.length + 1;
    blocks.push(block);
    const own = new Map(BOXES.map((box) => [box, noise.start * normal() + ofEnvironment(box)]));
    const cells = new Map(BOXES.map((box) => [box, newCell()]));
    const visit = (box: (typeof BOXES)[number], round: number) => {
      weather += noise.drift * normal();
      const cell = cells.get(box);
      cell?.leads.set(round, 1.04 * burst(box));
      cell?.measured.set(round, burst(box));
    };
    const burst = (box: (typeof BOXES)[number]) => {
      const hit = uniform() < noise.hit.chance ? exponential(noise.hit.mean) : 0;
      const log = weather + (own.get(box) ?? 0) + noise.burst * normal() + hit;
      const { chance, lengths } = noise.stall ?? NO_STALL;
      const isStalled = chance > 0 && box === ENV && uniform() < chance;
      return 1e7 * (Math.exp(log) + (isStalled ? lengths : 0));
    };
    const rounds = Array.from({ length: design.rounds }, (_, index) => index + 1);
    if (design.order === 'rounds') {
      for (const round of rounds) for (const box of stream.shuffle([...BOXES])) visit(box, round);
    } else {
      for (const box of stream.shuffle([...BOXES])) for (const round of rounds) visit(box, round);
    }
    if (noise.sustained !== undefined) {
      for (const [box, cell] of cells) {
        const log = (own.get(box) ?? 0) + noise.burst * normal() + (box === ENV ? Math.log(noise.sustained) : 0);
        cell.long.set(1, { wallNs: 3e8 * Math.exp(log), passes: 30 });
      }
    }
    for (const [box, cell] of cells) series.get(box)?.set(block, cell);
  }

  function ofEnvironment(box: string): number {
    if (box !== ENV) return 0;
    const skew = noise.skew > 0 ? exponential(noise.skew) : 0;
    const isBad = uniform() < noise.bad.chance;
    return Math.log(ratio) + skew + (isBad ? noise.bad.size : 0);
  }

  const byWorkload = [...series].map(
    ([box, cells]) =>
      [box, new Map([['w', { blocks: cells, unit: '', better: null, wrongAnswers: 0, untimedBursts: 0 }]])] as const,
  );
  return { groups: { series: new Map(byWorkload), blocks, bursts: 0 }, addBlock };
}

/** Box–Muller, both of each pair used. */
function normals(stream: Stream): () => number {
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log((stream.nextUint32() + 1) / 2 ** 32));
    const angle = (2 * Math.PI * stream.nextUint32()) / 2 ** 32;
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}
