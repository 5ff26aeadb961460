/** What supplies a root: an image in some form, or a folder. */

import type { RootConfig } from './config.ts';
import type { Assembly } from './layers.ts';

export interface Supply {
  /** Names the bytes: the same key, the same root. */
  readonly key: readonly unknown[];
  /** Puts everything into the assembly. `id`: SHA-256 of the image's configuration. */
  read(assembly: Assembly): Promise<{ readonly config: RootConfig; readonly id?: string }>;
}
