/** Property tests draw new cases on every run, but for those of a gate, which must not fail by the luck of a draw. */

import fc from 'fast-check';

/** `BOXMARK_FUZZ_SEED=123 npm test` repeats a run. */
const seed = process.env.BOXMARK_FUZZ_SEED ?? (process.env.CI ? '20151124' : undefined);
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
