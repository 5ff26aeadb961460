/** The engine uml, for the registry: its runner, and how set-up gets it. */

import type { Engine } from '../../engine.ts';
import type { Installation } from '../../upkeep/packages.ts';
import { uml as runner } from './runner.ts';

const installation: Installation = {
  name: 'uml',
  commands: () => ['linux.uml', 'busybox'],
  packages: (architecture) =>
    architecture === 'x64' ? { apt: { packages: ['user-mode-linux', 'busybox-static'] } } : {},
};

export const engine: Engine = { runner, installation };
