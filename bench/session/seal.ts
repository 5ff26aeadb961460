/** One number for a whole session: whoever quotes it fixes every byte of every file that the manifest lists. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, INFO_LIMIT_BYTES } from './files.ts';

/** SHA-256 of the manifest, 64 hex digits, as `sha256sum manifest.json` prints it; null while there is no manifest. Throws like `openRegular`: one that is larger than any reader takes is not read. */
export function sealOf(dir: string): string | null {
  const manifest = join(dir, 'manifest.json');
  return existsSync(manifest) ? digestOf(manifest, INFO_LIMIT_BYTES) : null;
}
