/** Parity over a session: gathers the facts as the boxes report them, compares each box with the baseline's, reports once. */

import type { BoxFacts, Inequality } from '../../types.ts';
import { compareFacts, type Judgeable, natureOf } from './parity.ts';

export interface ParityLog {
  /** Records the facts of a box; to be called before anything is timed in it. */
  read(box: string, facts: BoxFacts, block: number): void;
  /** Facts to keep with the session: digests of an earlier start included, lists only by their digest. */
  facts(box: string): BoxFacts | null;
}

export interface ParityRequest {
  readonly environments: ReadonlyMap<string, Judgeable>;
  readonly baseline: string;
  /** Known already, in a resumed session. */
  readonly earlier: Readonly<Record<string, readonly Inequality[]>>;
  /** Receives once for each box what is unequal, and again only for facts that were not unequal before. */
  report(box: string, block: number, inequalities: readonly Inequality[]): void;
}

export function openParity({ environments, baseline, earlier, report }: ParityRequest): ParityLog {
  const known = new Map<string, BoxFacts>();
  const unequal = new Map(Object.entries(earlier).map(([box, list]) => [box, [...list]]));

  function compare(box: string, block: number): void {
    const [a, b] = [known.get(baseline), known.get(box)];
    const [one, other] = [environments.get(baseline), environments.get(box)];
    if (!a || !b || !one || !other) return;
    const before = unequal.get(box) ?? [];
    const found = compareFacts({ facts: a, nature: natureOf(one) }, { facts: b, nature: natureOf(other) });
    const fresh = found.filter(({ fact }) => !before.some((one) => one.fact === fact));
    if (fresh.length === 0) return;
    unequal.set(box, [...before, ...fresh]);
    report(box, block, fresh);
  }

  return {
    read(box, facts, block) {
      // Digests of the image's files are read in the first block of a run only.
      known.set(box, { ...known.get(box), ...facts });
      for (const one of box === baseline ? known.keys() : [box]) if (one !== baseline) compare(one, block);
    },
    facts(box) {
      const facts = known.get(box);
      if (facts === undefined) return null;
      const { cpu_flags: _list, ...kept } = facts;
      return kept;
    },
  };
}
