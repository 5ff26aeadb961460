/** The engine lxc, for the registry: its runner, and how set-up gets it. */

import type { Engine } from '../../engine.ts';
import type { Installation } from '../../upkeep/packages.ts';
import { lxcLeavings } from './leftovers.ts';
import { lxc as runner } from './runner.ts';

const installation: Installation = {
  name: 'lxc',
  commands: () => ['lxc-start', 'lxc-attach', 'lxc-execute', 'busybox'],
  packages: () => ({
    apt: { packages: ['lxc', 'busybox-static'] },
    dnf: { packages: ['lxc', 'busybox'] },
    apk: { packages: ['lxc', 'busybox-static'] },
    zypper: { packages: ['lxc', 'busybox-static'] },
  }),
};

export const engine: Engine = { runner, installation, leavings: lxcLeavings };
