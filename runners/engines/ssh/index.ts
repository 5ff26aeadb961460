/** The engine ssh, for the registry: its runner, and how set-up gets it. */

import type { Engine } from '../../engine.ts';
import type { Installation } from '../../upkeep/packages.ts';
import { ssh as runner } from './runner.ts';

const installation: Installation = {
  name: 'ssh',
  commands: () => ['ssh'],
  packages: () => ({
    apt: { packages: ['openssh-client'] },
    dnf: { packages: ['openssh-clients'] },
    apk: { packages: ['openssh-client'] },
    zypper: { packages: ['openssh-clients'] },
  }),
};

export const engine: Engine = { runner, installation };
