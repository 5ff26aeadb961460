/** One side of a comparison of boxes: the facts read inside it, and what its environment is by design. */

import type { BoxFacts, Traits } from '../../types.ts';

/** What an environment can't help being, which decides whether an inequality could have been avoided. */
export interface Nature extends Traits {
  /** It has a kernel of its own. */
  readonly guest: boolean;
  /** It is there to run another image. */
  readonly otherImage: boolean;
}

export interface Side {
  readonly facts: BoxFacts;
  readonly nature: Nature;
}
