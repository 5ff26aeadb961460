/** Gives a box up that fails in two blocks in a row, so that it costs no more time. */

import type { BlockResult } from '../block.ts';

/** Blocks in a row in which a box may fail before it is given up. */
export const LIVES = 2;

/** Why a box that was given up has no start. */
export const GIVEN_UP = `given up after failing in ${LIVES} blocks in a row`;

/** The function returned is told of each block, and tells which boxes are given up by it. */
export function countStrikes(): (result: BlockResult) => string[] {
  const strikes = new Map<string, number>();
  return ({ completed, failed }) => {
    for (const box of completed) strikes.delete(box);
    return failed.filter((box) => {
      const count = (strikes.get(box) ?? 0) + 1;
      strikes.set(box, count);
      return count >= LIVES;
    });
  };
}
