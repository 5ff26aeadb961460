/** SciMark's figures: MFLOPS of a kernel and the composite of all five. */

/** The five kernels that the composite is made of, in SciMark's order. */
const COMPOSITE_OF = ['fft', 'sor', 'monte-carlo', 'sparse', 'lu'] as const;

/**
 * Millions of nominal floating-point operations per second. Null when the time isn't positive, as with a clock whose
 * step is longer than the burst.
 */
export function mflops(flopsPerPass: number, passes: number, seconds: number): number | null {
  if (!(seconds > 0)) return null;
  return ((flopsPerPass * passes) / seconds) * 1e-6;
}

/** SciMark's composite: the arithmetic mean of the five MFLOPS by workload id. Undefined unless all five are there. */
export function compositeScore(mflopsById: ReadonlyMap<string, number>): number | undefined {
  let sum = 0;
  for (const id of COMPOSITE_OF) {
    const score = mflopsById.get(id);
    if (score === undefined || !Number.isFinite(score)) return undefined;
    sum += score;
  }
  return sum / COMPOSITE_OF.length;
}
