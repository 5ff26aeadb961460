/** The engine crun, for the registry: its runner, and how set-up gets it. */

import type { Engine } from '../../engine.ts';
import { stateFolder } from '../../oci/runner.ts';
import type { Installation } from '../../upkeep/packages.ts';
import { crun as runner } from './runner.ts';

const installation: Installation = {
  name: 'crun',
  commands: () => ['crun', 'taskset', 'unshare'],
  packages: () => ({
    apt: { packages: ['crun'] },
    dnf: { packages: ['crun'] },
    apk: { packages: ['crun'] },
    zypper: { packages: ['crun'] },
  }),
};

export const engine: Engine = { runner, installation, leavings: { emptyFolders: [stateFolder('crun')] } };
