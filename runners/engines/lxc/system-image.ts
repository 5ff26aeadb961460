/** The root of a system container: an image with the init of a small system beside it; the image's own files stay the same ones. */

import type { Image } from '../../../bench/types.ts';
import { findStaticBusybox } from '../../guest/initramfs.ts';
import { extendImage } from '../../image/image.ts';

/** What init prints on its standard output when the system is up. */
export const SYSTEM_READY = 'boxmark-system-ready';

/** Programs of busybox that a system container calls, where the image has none of that name. */
const APPLETS = ['init', 'sh', 'env'];

/**
 * Init starts nothing but this line: no service, which would disturb. It collects whatever is left over in the box by
 * processes that ended, as the first process of a system does.
 */
const INITTAB = `::sysinit:/usr/bin/busybox echo ${SYSTEM_READY}\n`;

/** Beside a root of the user's, whose own table of init and programs stay unused: a shell that collects as well. */
const USER_ROOT_FOLDER = 'boxmark/system';
const USER_ROOT_INIT = [
  `#!/${USER_ROOT_FOLDER}/busybox sh`,
  `echo ${SYSTEM_READY}`,
  `while :; do /${USER_ROOT_FOLDER}/busybox sleep 86400; done`,
  '',
].join('\n');

/** The folder of the box with the programs of the system. */
export function systemFolder({ userRoot }: Pick<Image, 'userRoot'>): string {
  return userRoot === undefined ? '/usr/bin' : `/${USER_ROOT_FOLDER}`;
}

export interface InitMissing {
  readonly missing: string;
  readonly remedy: string;
}

/** The image with busybox as its init, or what is missing for it. */
export async function systemImage(image: Image): Promise<Image | InitMissing> {
  const busybox = await findStaticBusybox();
  if (typeof busybox !== 'string') return busybox;
  if (image.userRoot !== undefined) {
    return extendImage(image, {
      files: {
        [`${USER_ROOT_FOLDER}/busybox`]: { mode: 0o755, from: busybox },
        [`${USER_ROOT_FOLDER}/init`]: { mode: 0o755, text: USER_ROOT_INIT },
      },
      links: { [`${USER_ROOT_FOLDER}/env`]: 'busybox' },
    });
  }
  return extendImage(image, {
    files: {
      'usr/bin/busybox': { mode: 0o755, from: busybox },
      'etc/inittab': { mode: 0o644, text: INITTAB },
    },
    links: Object.fromEntries(APPLETS.map((name) => [`usr/bin/${name}`, 'busybox'])),
  });
}
