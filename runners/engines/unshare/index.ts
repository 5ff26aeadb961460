/** The engine unshare, for the registry: its runner, and how set-up gets it. */

import type { Engine } from '../../engine.ts';
import type { Installation } from '../../upkeep/packages.ts';
import { unshare as runner } from './runner.ts';

const installation: Installation = {
  name: 'unshare',
  commands: () => ['unshare', 'nsenter', 'setpriv', 'taskset', 'mount', 'umount'],
  packages: () => ({
    apt: { packages: ['util-linux'] },
    dnf: { packages: ['util-linux'] },
    apk: { packages: ['util-linux'] },
    zypper: { packages: ['util-linux'] },
  }),
};

export const engine: Engine = { runner, installation, container: { rank: 4, nests: true } };
