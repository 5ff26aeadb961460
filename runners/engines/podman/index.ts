/** The engine podman, for the registry: its runner, and how set-up gets it. */

import type { Engine } from '../../engine.ts';
import type { Installation } from '../../upkeep/packages.ts';
import { podmanLeavings } from './leavings.ts';
import { podman as runner } from './runner.ts';

const installation: Installation = {
  name: 'podman',
  commands: () => ['podman', 'conmon', 'setpriv', 'taskset'],
  // The runtime, and what it is rootless by.
  packages: () => ({
    apt: { packages: ['podman', 'runc', 'uidmap', 'slirp4netns'], optional: ['golang-github-containers-common'] },
    dnf: { packages: ['podman', 'crun', 'shadow-utils'] },
    apk: { packages: ['podman', 'runc'] },
    zypper: { packages: ['podman', 'runc'] },
  }),
};

export const engine: Engine = {
  runner,
  installation,
  leavings: podmanLeavings,
  container: { rank: 2, nests: false },
};
