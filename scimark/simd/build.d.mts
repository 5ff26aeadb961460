/** Types of build.mjs. */
export const SIMD_SOURCES: readonly string[];
export function compile(sources: readonly string[]): Promise<Uint8Array>;
