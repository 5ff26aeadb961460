/** The engine qemu, for the registry: its runner, and how set-up gets it. */

import type { Engine } from '../../engine.ts';
import type { Installation } from '../../upkeep/packages.ts';
import { qemu as runner } from './runner.ts';

const installation: Installation = {
  name: 'qemu',
  guestKernel: true,
  commands: (architecture) => [
    architecture === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64',
    'busybox',
    'mkfs.erofs',
  ],
  packages: (architecture) => {
    const arm = architecture === 'arm64';
    return {
      apt: { packages: [arm ? 'qemu-system-arm' : 'qemu-system-x86', 'busybox-static', 'erofs-utils'] },
      dnf: { packages: [arm ? 'qemu-system-aarch64-core' : 'qemu-system-x86-core', 'busybox', 'erofs-utils'] },
      apk: { packages: [arm ? 'qemu-system-aarch64' : 'qemu-system-x86_64', 'busybox-static', 'erofs-utils'] },
      zypper: { packages: [arm ? 'qemu-arm' : 'qemu-x86', 'busybox-static', 'erofs-utils'] },
    };
  },
};

export const engine: Engine = { runner, installation };
