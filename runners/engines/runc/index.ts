/** The engine runc, for the registry: its runner, and how set-up gets it. */

import type { Engine } from '../../engine.ts';
import { stateFolder } from '../../oci/runner.ts';
import type { Installation } from '../../upkeep/packages.ts';
import { runc as runner } from './runner.ts';

const installation: Installation = {
  name: 'runc',
  commands: () => ['runc', 'taskset'],
  packages: () => ({
    apt: { packages: ['runc'] },
    dnf: { packages: ['runc'] },
    apk: { packages: ['runc'] },
    zypper: { packages: ['runc'] },
  }),
};

export const engine: Engine = {
  runner,
  installation,
  leavings: { emptyFolders: [stateFolder('runc')] },
  container: { rank: 3, nests: true },
};
