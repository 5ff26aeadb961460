/** One side of a comparison of boxes: the facts read inside it, and what its environment is by design. */

import type { BoxFacts, Traits } from '../../types.ts';

/** The nature of an environment, which decides whether an inequality could have been avoided. */
export interface Nature extends Traits {
  /** It has its own kernel. */
  readonly guest: boolean;
  /** Its purpose is to run another image. */
  readonly otherImage: boolean;
}

export interface Side {
  readonly facts: BoxFacts;
  readonly nature: Nature;
}
