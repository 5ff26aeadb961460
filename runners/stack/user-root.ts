/** What a payload's box must allow where programs run as a user of a root that somebody brings. */

import type { Image } from '../../bench/types.ts';

/** Without root's rights the payload can become another user only by these; the program itself has none. */
const BECOME = ['SETUID', 'SETGID'];

/** Capabilities that a box keeps, without the prefix `CAP_`: none for an image whose programs run as root. */
export function capabilitiesFor({ userRoot: { uid, gid } = { uid: 0, gid: 0 } }: Image): readonly string[] {
  return uid === 0 && gid === 0 ? [] : BECOME;
}

/** As kernels and runtimes name them. */
export function prefixed(capabilities: readonly string[]): string[] {
  return capabilities.map((name) => `CAP_${name}`);
}
