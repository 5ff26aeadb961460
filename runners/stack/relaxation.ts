/** A box that holds an engine is relaxed for it: what is printed beside its results, and the trait that decides. */

import type { Needs, Traits } from '../../bench/types.ts';

export function relaxation(holds: Needs | undefined): {
  readonly labels: readonly string[];
  readonly traits: Pick<Traits, 'relaxed'>;
} {
  const relaxed = holds?.privileges === 'container-engine';
  return { labels: relaxed ? ['relaxed outer'] : [], traits: { relaxed } };
}
