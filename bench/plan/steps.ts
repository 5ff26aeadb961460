/** A block as a list of steps, in the order in which they are done. Pure: plan and block number decide it. */

import type { Plan } from '../types.ts';
import { runOf } from './commands.ts';
import { blockOrder, boxesOf } from './schedule.ts';

export type Step =
  | { readonly kind: 'start'; readonly box: string; readonly position: number }
  | { readonly kind: 'warmup'; readonly box: string; readonly workload: string; readonly position: number }
  | {
      readonly kind: 'visit';
      readonly box: string;
      readonly workload: string;
      readonly round: number;
      readonly position: number;
    }
  /** A point between rounds: rows are flushed and progress is shown, while nothing is being measured. */
  | { readonly kind: 'pause'; readonly round: number }
  | {
      readonly kind: 'long';
      readonly box: string;
      readonly workload: string;
      /** Which of the block's long visits, from 1. */
      readonly visit: number;
      readonly position: number;
    }
  /** The clocks of these boxes are judged by all their requests in the block. */
  | { readonly kind: 'clocks'; readonly boxes: readonly string[] }
  /** A visit timed from outside; skipped when every clock that matters to the box is reliable. */
  | {
      readonly kind: 'host';
      readonly box: string;
      readonly workload: string;
      readonly round: number;
      readonly position: number;
    }
  /** States of these boxes are checked against a replay. */
  | { readonly kind: 'verify'; readonly boxes: readonly string[] }
  | { readonly kind: 'close'; readonly box: string };

export type MeasuringStep = Extract<Step, { kind: 'warmup' | 'visit' | 'long' }>;
export type HostStep = Extract<Step, { kind: 'host' }>;

/** Visits timed from outside of a box to a workload in a block, which together last as long as one long visit: a median needs three. */
export const HOST_VISITS = 3;

/** Blocks are counted from 1, rounds from 1, positions from 1. */
export function blockSteps(plan: Plan, block: number): Step[] {
  const boxes = boxesOf(plan);
  const { seed, rounds: roundCount, longVisits } = plan;
  const workloads = runOf(plan);
  const order = blockOrder({ seed, block, boxes, workloads, rounds: roundCount, longVisits });
  const starts = order.startOrder.map((box, index): Step => ({ kind: 'start', box, position: index + 1 }));
  const warmed = plan.pilotBursts === 0 ? [] : workloads;
  const warmups = warmed.flatMap((workload) =>
    order.startOrder.map((box, index): Step => ({ kind: 'warmup', box, workload, position: index + 1 })),
  );
  const rounds = order.rounds.map((visits, round) =>
    visits.flatMap(({ workload, order: boxOrder }) =>
      boxOrder.map((box, index): Step => ({ kind: 'visit', box, workload, round: round + 1, position: index + 1 })),
    ),
  );
  const longs = order.longVisits.map((turns, visit) =>
    turns.flatMap(({ workload, order: boxOrder }) =>
      boxOrder.map((box, index): Step => ({ kind: 'long', box, workload, visit: visit + 1, position: index + 1 })),
    ),
  );
  const hosts = order.hostOrder.flatMap(({ workload, order: boxOrder }) =>
    Array.from({ length: HOST_VISITS }, (_, index) => index + 1).flatMap((round) =>
      (round % 2 === 0 ? boxOrder.toReversed() : boxOrder).map(
        (box, index): Step => ({ kind: 'host', box, workload, round, position: index + 1 }),
      ),
    ),
  );
  const closes = order.startOrder.map((box): Step => ({ kind: 'close', box }));
  if (plan.schedule === 'sequential') {
    // The same steps sorted by box: each is started, measured and closed before the next begins.
    return order.startOrder.flatMap((box) => {
      const own = (steps: readonly Step[]) => steps.filter((step) => 'box' in step && step.box === box);
      const measured = [starts, warmups, ...rounds, ...longs].flatMap(own);
      return [
        ...measured,
        { kind: 'clocks', boxes: [box] },
        ...own(hosts),
        { kind: 'verify', boxes: [box] },
        ...own(closes),
        { kind: 'pause', round: plan.rounds },
      ];
    });
  }
  const paused = rounds.flatMap((visits, round): Step[] => [...visits, { kind: 'pause', round: round + 1 }]);
  const verify: Step = { kind: 'verify', boxes: order.startOrder };
  const clocks: Step = { kind: 'clocks', boxes: order.startOrder };
  // After the rounds: a long visit has as many passes as fit, so that boxes are in different states after it.
  const sustained = longs.flat();
  return [
    ...[...starts, ...warmups],
    { kind: 'pause', round: 0 },
    ...[...paused, ...sustained, clocks, ...hosts, verify, ...closes],
  ];
}
