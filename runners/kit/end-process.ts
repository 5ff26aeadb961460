/** Ending a process of a box: kill it, then wait until it is gone. */

import type { BoxProcess } from '../../bench/types.ts';

const END_LIMIT_MS = 10_000;

/** Ends a process and waits for it, but not for ever. */
export async function endProcess(child: BoxProcess): Promise<void> {
  child.kill();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, END_LIMIT_MS);
  });
  await Promise.race([child.exited, limit]);
  clearTimeout(timer);
}
