/** The granularity of a clock, told from what a reading of it costs. */

/**
 * Smallest step of a clock, ns, from readings taken back to back, oldest first.
 *
 * In a guest a reading can cost 10 µs, so that the difference of two says nothing about steps. A clock that goes in
 * steps longer than that shows the same time twice; its step is the smallest difference seen. One that never does moves
 * on between any two readings: the differences are then whole numbers of steps, and what differs between them is one
 * step at least. 0 when the readings never change.
 */
export function clockStepNs(readings: readonly number[]): number {
  const differences = readings.slice(1).map((reading, index) => reading - (readings[index] as number));
  const moves = [...new Set(differences.filter((difference) => difference > 0))].sort((a, b) => a - b);
  const [least = 0] = moves;
  if (differences.includes(0)) return least;
  const gaps = moves.slice(1).map((move, index) => move - (moves[index] as number));
  return Math.min(least, ...gaps);
}
