/** One side of a comparison of boxes: the facts read inside it, and what its layer is by design. */

import type { BoxFacts } from '../../types.ts';

/** What a layer can't help being, which decides whether an inequality could have been avoided. */
export interface Traits {
  /** It has a kernel of its own. */
  readonly guest: boolean;
  /** Its instructions are emulated, or run by a kernel that is itself a process: no setting shows it the host's CPU. */
  readonly noRealCpu: boolean;
  /** A box below it was relaxed so that it could be held. */
  readonly relaxed: boolean;
  /** It is there to be held to a CPU quota. */
  readonly quotaAsked: boolean;
  /** It is there to run another image. */
  readonly otherImage?: boolean;
}

export interface Side {
  readonly facts: BoxFacts;
  readonly traits: Traits;
}
