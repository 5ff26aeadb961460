/** Orders of a block: balanced by Williams squares, random by seed, the same for the same seed. */

import { randomStream } from '../random.ts';
import type { Plan } from '../types.ts';

/** A block with fewer paired rounds has no value: a median of two is a mean, and one interrupted round would dominate it. */
export const LEAST_PAIRED_ROUNDS = 3;

/** One workload's turn: the boxes in the order in which they are visited. */
export interface Turn {
  readonly workload: string;
  readonly order: readonly string[];
}

export interface BlockOrder {
  /** Order in which the boxes are started. Under the `sequential` schedule also the order in which they run. */
  readonly startOrder: readonly string[];
  /** Per round the turns, one for each workload. */
  readonly rounds: readonly (readonly Turn[])[];
  /** Per long visit the turns, one for each workload. */
  readonly longVisits: readonly (readonly Turn[])[];
  /** One turn for each workload, for visits timed by the host. */
  readonly hostOrder: readonly Turn[];
}

export interface BlockOrderInput {
  readonly seed: number;
  readonly block: number;
  /** Environment paths and the control; see `boxesOf`. */
  readonly boxes: readonly string[];
  readonly workloads: readonly string[];
  /** A multiple of `cycleLength(boxes.length)` for a balanced block; fewer are balanced over the blocks. */
  readonly rounds: number;
  /** Long visits of each box to each workload; none by default. */
  readonly longVisits?: number;
}

/** Name of the control, the second copy of the baseline. */
export function controlOf(baseline: string): string {
  return `${baseline}@control`;
}

/** Everything that is started in a block: the environments and the control. */
export function boxesOf(plan: Pick<Plan, 'environments' | 'baseline'>): string[] {
  return [...plan.environments.map((environment) => environment.path), controlOf(plan.baseline)];
}

/**
 * Rows of 0 … n−1 in which every number appears equally often in each position and follows each other number equally
 * often: n rows for even n, 2n for odd. Williams, "Experimental designs balanced for the estimation of residual
 * effects of treatments", Australian Journal of Scientific Research A 2, 1949.
 */
export function williamsSquare(n: number): number[][] {
  const first: number[] = [];
  for (let place = 0; place < n; place++) first.push(place % 2 === 1 ? (place + 1) / 2 : (n - place / 2) % n);
  const rows = first.map((_, shift) => first.map((number) => (number + shift) % n));
  return n % 2 === 0 || n === 1 ? rows : [...rows, ...rows.map((row) => row.toReversed())];
}

/** Rounds after which n boxes are balanced. */
export function cycleLength(n: number): number {
  return n % 2 === 0 || n === 1 ? n : 2 * n;
}

/** The next whole number of cycles of n boxes: `roundUp(10, 4)` is 12. */
export function roundUp(rounds: number, n: number): number {
  const cycle = Math.max(1, cycleLength(n));
  return Math.ceil(rounds / cycle) * cycle;
}

/** All orders of a block; they depend only on the arguments. */
export function blockOrder(input: BlockOrderInput): BlockOrder {
  const { seed, block, boxes, workloads } = input;
  const turns = randomStream(seed, block, 'turns');
  const orders = new Map(workloads.map((workload) => [workload, visitOrders(input, workload)]));
  const rounds = Array.from({ length: input.rounds }, (_, round) =>
    turns.shuffle(workloads).map((workload) => ({ workload, order: orders.get(workload)?.[round] ?? [] })),
  );
  const long = randomStream(seed, block, 'long');
  const longOrders = new Map(
    workloads.map((workload) => [workload, ordersOverBlocks(input, input.longVisits ?? 0, `long/${workload}`)]),
  );
  return {
    startOrder: randomStream(seed, block, 'start').shuffle(boxes),
    rounds,
    longVisits: Array.from({ length: input.longVisits ?? 0 }, (_, visit) =>
      long.shuffle(workloads).map((workload) => ({ workload, order: longOrders.get(workload)?.[visit] ?? [] })),
    ),
    hostOrder: long.shuffle(workloads).map((workload) => ({ workload, order: long.shuffle(boxes) })),
  };
}

/**
 * Orders of the boxes in `count` visits of a block that are too few for a cycle: the rows of one square, in a random
 * order, are taken up over the blocks of the session.
 */
function ordersOverBlocks({ seed, block, boxes }: BlockOrderInput, count: number, name: string): string[][] {
  const stream = randomStream(seed, 0, name);
  const labels = stream.shuffle(boxes);
  const square = stream.shuffle(williamsSquare(boxes.length));
  return Array.from({ length: square.length === 0 ? 0 : count }, (_, visit) => {
    const row = square[((block - 1) * count + visit) % square.length] ?? [];
    return row.map((number) => labels[number] as string);
  });
}

/**
 * Order of the boxes per round for one workload. The labels of the square are drawn once per block and workload, its
 * rows in a new order for each cycle: both leave a whole cycle balanced, and no box has the same neighbours throughout.
 */
function visitOrders(input: BlockOrderInput, workload: string): string[][] {
  const { seed, block, boxes, rounds } = input;
  if (rounds < cycleLength(boxes.length)) return ordersOverBlocks(input, rounds, `visits/${workload}`);
  const stream = randomStream(seed, block, `visits/${workload}`);
  const labels = stream.shuffle(boxes);
  const square = williamsSquare(boxes.length);
  const orders: string[][] = [];
  while (orders.length < rounds && square.length > 0) {
    for (const row of stream.shuffle(square)) orders.push(row.map((number) => labels[number] as string));
  }
  return orders.slice(0, rounds);
}
