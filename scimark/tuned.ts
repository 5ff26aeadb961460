/** The engine `tuned`: the same operations in restructured loops, from sources that compile to WebAssembly unchanged. */

import type { Engine } from './engine.ts';
import { forward, inverse } from './fft.ts';
import { wholeLinesF64, wholeLinesI32 } from './heap.ts';
import { copySource } from './lu.ts';
import { MONTE_CARLO_SEED } from './monte-carlo.ts';
import { fftPlan, fftScale, fftTransform } from './portable/fft.ts';
import { luFactor } from './portable/lu.ts';
import { monteCarloRest, monteCarloSeed, monteCarloWhole } from './portable/monte-carlo.ts';
import { sorRelax } from './portable/sor.ts';
import { sparseMultiply } from './portable/sparse.ts';
import { LAGS } from './random.ts';

/** Transforms of fewer numbers have no two stages to take in one pass. */
export const LEAST_PLANNED = 4;

export const tuned: Engine = {
  fft: {
    planRoom: (n) =>
      n < LEAST_PLANNED
        ? { doubles: 0, ints: 0 }
        : { doubles: 2 * wholeLinesF64(2 * n), ints: wholeLinesI32(n / LEAST_PLANNED) },
    bind({ n, data, planF64: scratch, planI32: mirrored }) {
      if (n < LEAST_PLANNED) return { forward: () => forward(data, n), inverse: () => inverse(data, n) };
      const roots = scratch + wholeLinesF64(2 * n);
      fftPlan(n, roots, mirrored);
      return {
        forward: () => fftTransform(data, scratch, n, roots, mirrored, 1),
        inverse() {
          fftTransform(data, scratch, n, roots, mirrored, -1);
          fftScale(data, n);
        },
      };
    },
  },
  sor: {
    bind:
      ({ at, rows, columns }) =>
      (omega, iterations) =>
        sorRelax(at, rows, columns, omega, iterations),
  },
  monteCarlo: {
    bind: (state) => (samples) => {
      monteCarloSeed(state, MONTE_CARLO_SEED);
      const rest = samples % LAGS;
      return monteCarloWhole(state, samples - rest) + monteCarloRest(state, rest);
    },
  },
  sparse: {
    bind: ({ n, y, values, columns, rows }) => {
      const apart = values - columns;
      return () => sparseMultiply(n, y, apart, rows);
    },
  },
  lu: {
    bind: (layout) => () => {
      copySource(layout);
      return luFactor(layout.n, layout.rows, layout.pivots);
    },
  },
};
