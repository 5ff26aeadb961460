/** The engine docker, for the registry: its runner, and how set-up gets it. */

import type { Engine } from '../../engine.ts';
import type { Installation } from '../../upkeep/packages.ts';
import { dockerLeavings } from './leftovers.ts';
import { docker as runner } from './runner.ts';

const installation: Installation = {
  name: 'docker',
  commands: () => ['docker', 'dockerd', 'containerd', 'runc'],
  packages: () => ({
    apt: { packages: ['docker.io'], optional: ['docker-cli'] },
    dnf: { packages: ['moby-engine'], optional: ['docker-cli'] },
    apk: { packages: ['docker-engine', 'docker-cli'] },
    zypper: { packages: ['docker'] },
  }),
};

export const engine: Engine = { runner, installation, leavings: dockerLeavings, container: { rank: 1, nests: true } };
