/** What the registry knows about an engine, defined in the engine's folder. */

import type { Runner } from '../bench/types.ts';
import type { Leavings } from './upkeep/leftovers.ts';
import type { Installation } from './upkeep/packages.ts';

export interface Engine {
  readonly runner: Runner;
  /** How set-up gets it; absent when there is nothing to install. */
  readonly installation?: Installation;
  /** What it leaves on the host, outside the work folder, when its run is killed; absent when nothing. */
  readonly leavings?: Leavings;
  /** The aliases `container` and `nested` try it, the one with the lowest rank first. */
  readonly container?: { readonly rank: number /** Can it hold itself? */; readonly nests: boolean };
}
