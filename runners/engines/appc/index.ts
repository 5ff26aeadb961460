/** The engine appc, for the registry: its runner, and how set-up gets it. */

import type { Engine } from '../../engine.ts';
import type { Installation } from '../../upkeep/packages.ts';
import { appc as runner } from './runner.ts';

const installation: Installation = {
  name: 'appc',
  commands: () => ['systemd-nspawn', 'busybox'],
  packages: () => ({
    apt: { packages: ['systemd-container', 'busybox-static'] },
    dnf: { packages: ['systemd-container', 'busybox'] },
    zypper: { packages: ['systemd-container', 'busybox-static'] },
  }),
};

export const engine: Engine = { runner, installation };
