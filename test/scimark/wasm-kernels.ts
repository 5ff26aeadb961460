/** The bytes of the wasm kernels as the build left them. */

import { readFileSync } from 'node:fs';

export const WASM_KERNELS = readFileSync(new URL('../../dist/kernels.wasm', import.meta.url));
