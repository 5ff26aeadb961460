/** Total and sustained ratio of a block: of sums over its measured bursts, and over its long visit. */

import type { Cell } from './group.ts';
import { finiteMean, logRatiosByRound } from './pairing.ts';

/**
 * ln of the ratio of summed times over the rounds that both cells of a pair have, averaged over the pairs. Unlike a
 * median it contains rare long bursts in proportion to their time. Undefined without such rounds.
 */
export function totalLogRatio(pairs: readonly (readonly [Cell, Cell])[]): number | undefined {
  return finiteMean(
    pairs.map(([a, b]) => {
      const rounds = [...logRatiosByRound([a, b]).keys()];
      return Math.log(sumOf(a, rounds) / sumOf(b, rounds));
    }),
  );
}

/**
 * ln of the ratio of the long visits' times per pass, averaged over the pairs whose cells both have one. The visits lie
 * seconds apart, so that nothing pairs the host's weather away: expect it to spread wide. Undefined without a long
 * visit of the contrast's own two sides.
 */
export function sustainedLogRatio(pairs: readonly (readonly [Cell, Cell])[]): number | undefined {
  const [own] = pairs;
  if (own === undefined || !own.every(hasLong)) return undefined;
  const whole = pairs.filter((pair) => pair.every(hasLong));
  return finiteMean(whole.map(([a, b]) => Math.log(perPass(a) / perPass(b))));
}

function sumOf(cell: Cell, rounds: readonly number[]): number {
  return rounds.reduce((sum, round) => sum + (cell.measured.get(round) ?? 0), 0);
}

function hasLong({ long }: Cell): boolean {
  return long.passes > 0;
}

function perPass({ long }: Cell): number {
  return long.wallNs / long.passes;
}
