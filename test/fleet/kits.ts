/** Where kits stay on a host of a fleet, which for tests is this one. */

import { rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export const KITS = `/var/tmp/boxmark-kits-${process.getuid?.()}`;

/** Removes the kit of a test, and the folder where nobody else has one in it. */
export function removeKit(digest: string): void {
  rmSync(join(KITS, digest), { recursive: true, force: true });
  try {
    rmdirSync(KITS);
  } catch {
    // Gone, or not empty.
  }
}
