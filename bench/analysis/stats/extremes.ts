/** Extremes of any number of values: as arguments of `Math.max`, those of a long session would overflow the stack. */

/** −∞ without values; NaN with one that is no number. */
export function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}

/** ∞ without values; NaN with one that is no number. */
export function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}
