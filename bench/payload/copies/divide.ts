/** Which workloads a payload runs by itself, and which its copies run, how many at once. */

import type { BodyOf, RequestOf } from '../protocol.ts';

type Prepare = RequestOf<'prepare'>;

/** A workload that the request names no number for runs as all copies. */
export function countIn({ threads = {} }: Prepare, all: number): (workload: string) => number {
  return (workload) => threads[workload] ?? all;
}

/** The part of a request that is about some of the workloads, without the request's envelope. */
export function partOf(request: Prepare, has: (workload: string) => boolean): Prepare {
  const { size, kernels, commands, workloads, threads } = request;
  const own = commands?.filter(({ id }) => has(id));
  return {
    size,
    ...(kernels === undefined ? {} : { kernels }),
    workloads: workloads.filter(has),
    ...(own === undefined ? {} : { commands: own }),
    ...(threads === undefined ? {} : { threads }),
  };
}

/** The answers to two parts of a request as one, in the order of the request. */
export function joined(a: BodyOf<'prepare'>, b: BodyOf<'prepare'>, { workloads }: Prepare): BodyOf<'prepare'> {
  const ready = new Map([...a.workloads, ...b.workloads].map((one) => [one.id, one]));
  const refused = [...(a.refused ?? []), ...(b.refused ?? [])];
  return {
    ...a,
    workloads: workloads.flatMap((id) => ready.get(id) ?? []),
    ...(refused.length === 0 ? {} : { refused }),
  };
}
