/** The engine nspawn, for the registry: its runner, and how set-up gets it. */

import type { Engine } from '../../engine.ts';
import type { Installation } from '../../upkeep/packages.ts';
import { nspawnLeavings } from './leftovers.ts';
import { nspawn as runner } from './runner.ts';

const installation: Installation = {
  name: 'nspawn',
  commands: () => ['systemd-nspawn', 'taskset'],
  packages: () => ({
    apt: { packages: ['systemd-container'] },
    dnf: { packages: ['systemd-container'] },
    zypper: { packages: ['systemd-container'] },
  }),
};

export const engine: Engine = { runner, installation, leavings: nspawnLeavings };
