/** The engine bwrap, for the registry: its runner, and how set-up gets it. */

import type { Engine } from '../../engine.ts';
import type { Installation } from '../../upkeep/packages.ts';
import { bwrap as runner } from './runner.ts';

const installation: Installation = {
  name: 'bwrap',
  commands: () => ['bwrap', 'taskset'],
  packages: () => ({
    apt: { packages: ['bubblewrap'] },
    dnf: { packages: ['bubblewrap'] },
    apk: { packages: ['bubblewrap'] },
    zypper: { packages: ['bubblewrap'] },
  }),
};

export const engine: Engine = { runner, installation, container: { rank: 5, nests: false } };
