/** From the answers of copies that ran the same at once to one answer: makespan, sums, and how far the copies lie apart. */

import type { BodyOf, Burst } from '../protocol.ts';

type Bursts = BodyOf<'warmup'>;
type Prepared = BodyOf<'prepare'>;

/** The answer of a copy, with the words that name it in a message. */
export interface Answered<B> {
  readonly name: string;
  readonly body: B;
}

/** Bursts that all copies began at one barrier. */
export interface MergedBursts {
  /** Offsets count from the barrier. */
  readonly bursts: Burst[];
  /** Of each burst the wall times of the copies. */
  readonly wallNs: number[][];
  /** Of each burst, how long after the barrier the last copy began; of later bursts of a stretch, 0. */
  readonly lateNs: number[];
  readonly spunNs: number;
  readonly passes: number;
  readonly checksum: string;
  readonly metrics: Record<string, number[]>;
}

/**
 * A burst of all copies lasts from the barrier, or from the end of the one before, to the end of the last copy: over a stretch
 * the times add up to its makespan. CPU time is the sum; a printed figure is the mean over the copies.
 */
export function mergeBursts(answers: readonly Answered<Bursts>[]): MergedBursts {
  const { passes, checksum } = agreed(answers);
  const bodies = answers.map(({ body }) => body);
  const [first] = bodies as [Bursts];
  const ends = bodies.map(({ bursts }) => endsOf(bursts));
  let doneNs = 0;
  const bursts = first.bursts.map((_, at): Burst => {
    const beganNs = doneNs;
    doneNs = Math.max(...ends.map((own) => own[at] as number));
    const cpuNs = bodies.reduce((sum, body) => sum + (body.bursts[at]?.[2] ?? 0), 0);
    return [beganNs, doneNs - beganNs, cpuNs];
  });
  const lateNs = Math.max(...bodies.map((body) => body.bursts[0]?.[0] ?? 0));
  return {
    bursts,
    wallNs: bursts.map((_, at) => bodies.map((body) => body.bursts[at]?.[1] ?? 0)),
    lateNs: bursts.map((_, at) => (at === 0 ? lateNs : 0)),
    spunNs: bodies.reduce((sum, { spunNs = 0 }) => sum + spunNs, 0),
    passes,
    checksum,
    metrics: meanMetrics(bodies),
  };
}

/** When each burst of a copy was done: a later burst of a stretch holds the time since the one before. */
function endsOf(bursts: readonly Burst[]): number[] {
  let doneNs = bursts[0]?.[0] ?? 0;
  return bursts.map(([, wallNs]) => {
    doneNs += wallNs;
    return doneNs;
  });
}

function meanMetrics(bodies: readonly Bursts[]): Record<string, number[]> {
  const ids = Object.keys(bodies[0]?.metrics ?? {});
  return Object.fromEntries(
    ids.map((id) => {
      const series = bodies.map(({ metrics = {} }) => metrics[id] ?? []);
      const [own = []] = series;
      return [id, own.map((_, at) => series.reduce((sum, values) => sum + (values[at] ?? 0), 0) / series.length)];
    }),
  );
}

/** The state that all copies are in. Throws, naming the copy, when one has another. */
export function agreed<B extends { readonly passes: number; readonly checksum: string }>(
  answers: readonly Answered<B>[],
): { passes: number; checksum: string } {
  const [first, ...others] = answers as [Answered<B>, ...Answered<B>[]];
  const { passes, checksum } = first.body;
  for (const { name, body } of others) {
    if (body.passes === passes && body.checksum === checksum) continue;
    throw new Error(
      `${name} has another state than ${first.name}: ${body.checksum} after ${body.passes} passes, not ${checksum} after ${passes}`,
    );
  }
  return { passes, checksum };
}

/** All copies must have prepared the same; what one of them can't run is run by none. Of programs the slowest times count, and outputs that differ between copies vary. */
export function mergePrepared(
  answers: readonly Answered<Prepared>[],
  ofTrial: ReadonlySet<string>,
  /** Copies that run a workload: the first ones. */
  countOf: (workload: string) => number = () => answers.length,
): Prepared {
  const [first, ...others] = answers as [Answered<Prepared>, ...Answered<Prepared>[]];
  const refused = new Map(
    answers.flatMap(({ name, body }) =>
      (body.refused ?? []).map(({ id, reason }): [string, string] => [id, `${name}: ${reason}`]),
    ),
  );
  const workloads = first.body.workloads
    .filter(({ id }) => !refused.has(id))
    .map((own) => {
      let merged = own;
      for (const { name, body } of others.slice(0, countOf(own.id) - 1)) {
        const theirs = body.workloads.find(({ id }) => id === own.id);
        if (theirs === undefined) throw new Error(`${name} did not prepare ${own.id}`);
        const isSame = theirs.input === own.input && theirs.first === own.first;
        if (!isSame && !ofTrial.has(own.id)) {
          throw new Error(
            `${own.id} is not the same in ${name} as in ${first.name}: ${theirs.first}, not ${own.first}`,
          );
        }
        const { output = 'same', runNs, startNs } = theirs;
        merged = {
          ...merged,
          ...(merged.output === undefined ? {} : { output: !isSame ? 'varied' : worse(merged.output, output) }),
          ...(runNs === undefined ? {} : { runNs: Math.max(runNs, merged.runNs ?? 0) }),
          ...(startNs === undefined ? {} : { startNs: Math.max(startNs, merged.startNs ?? 0) }),
        };
      }
      return merged;
    });
  const none = [...refused].map(([id, reason]) => ({ id, reason }));
  return { ...first.body, workloads, ...(none.length === 0 ? {} : { refused: none }) };
}

type Output = 'same' | 'varied' | 'long';

function worse(a: Output, b: Output): Output {
  return a === 'varied' || b === 'varied' ? 'varied' : a === 'long' ? a : b;
}
