/** The engine `reference`: SciMark's own loops, readable as the textbook. */

import type { Engine } from './engine.ts';
import { forward, inverse } from './fft.ts';
import { copySource, factor } from './lu.ts';
import { countUnderCurve } from './monte-carlo.ts';
import { relax } from './sor.ts';
import { multiply } from './sparse.ts';

export const reference: Engine = {
  fft: {
    // Everything is computed within the pass, the sines included.
    planRoom: () => ({ doubles: 0, ints: 0 }),
    bind: ({ n, data }) => ({ forward: () => forward(data, n), inverse: () => inverse(data, n) }),
  },
  sor: {
    bind:
      ({ at, rows, columns }) =>
      (omega, iterations) =>
        relax(at, rows, columns, omega, iterations),
  },
  monteCarlo: { bind: (state) => (samples) => countUnderCurve(state, samples) },
  sparse: { bind: (layout) => () => multiply(layout) },
  lu: {
    bind: (layout) => () => {
      copySource(layout);
      return factor(layout.n, layout.rows, layout.pivots);
    },
  },
};
