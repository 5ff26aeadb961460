/** Total and sustained ratio of a block: with what is lost now and then, and over the long visits. */

import type { Cell } from './group.ts';
import { finiteMean, type RoundLogs } from './pairing.ts';
import { excessLog } from './stalls.ts';

/**
 * ln of what the environment loses by rare long bursts, over what the baseline loses by them: mean over median of the
 * lead-ins and measured bursts of the rounds that both cells of a pair have, averaged over the pairs. Added to the typical
 * ratio it makes the total one. `logs`: of each pair. Undefined without such rounds.
 */
export function lossLogRatio(
  pairs: readonly (readonly [Cell, Cell])[],
  logs: readonly RoundLogs[],
): number | undefined {
  return finiteMean(
    pairs.map(([a, b], index) => {
      const rounds = logs[index]?.rounds ?? new Float64Array(0);
      return excessLog(a, rounds) - excessLog(b, rounds);
    }),
  );
}

/**
 * ln of the ratio of the long visits' times per pass: the mean over the visits that both cells of a pair made one after the
 * other, averaged over the pairs. Undefined without a long visit of the contrast's own two sides.
 */
export function sustainedLogRatio(pairs: readonly (readonly [Cell, Cell])[]): number | undefined {
  const logs = pairs.map(([a, b]) => {
    const visits = [...a.long.keys()].filter((visit) => b.long.has(visit)).sort((one, other) => one - other);
    return visits.map((visit) => Math.log(perPass(a, visit) / perPass(b, visit))).filter(Number.isFinite);
  });
  if ((logs[0]?.length ?? 0) === 0) return undefined;
  return finiteMean(logs.filter((own) => own.length > 0).map((own) => finiteMean(own) ?? Number.NaN));
}

function perPass({ long }: Cell, visit: number): number {
  const { wallNs = Number.NaN, passes = Number.NaN } = long.get(visit) ?? {};
  return wallNs / passes;
}
