/** Builds the payload once for all tests, and gives them an image store of their own that goes when they are done. */

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export default async function setup(): Promise<() => void> {
  const store = mkdtempSync('/var/tmp/boxmark-test-store-');
  process.env['BOXMARK_CACHE'] ??= store;
  const payload = join(store, 'payload.cjs');
  await build({
    entryPoints: [fileURLToPath(new URL('../bench/payload.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    banner: { js: 'globalThis.boxmarkFirstNs=process.hrtime.bigint();' },
    outfile: payload,
    logLevel: 'warning',
  });
  process.env['BOXMARK_TEST_PAYLOAD'] = payload;
  return () => rmSync(store, { recursive: true, force: true });
}
