/** The engine gvisor, for the registry: its runner, and how set-up gets it. */

import type { Engine } from '../../engine.ts';
import type { Installation } from '../../upkeep/packages.ts';
import { gvisor as runner } from './runner.ts';

const installation: Installation = {
  name: 'gvisor',
  commands: () => ['runsc', 'taskset'],
  // In Debian; others have it from gVisor's own packages.
  packages: () => ({
    apt: { packages: [], optional: ['runsc'] },
  }),
};

export const engine: Engine = { runner, installation };
