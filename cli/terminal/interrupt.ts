/** The signals that end a run in order: the first stops it, a second one does not wait for the clean-up. */

import { setMaxListeners } from 'node:events';
import { BoxmarkError, EXIT } from '../../bench/errors.ts';
import { WORK_ROOT } from '../../runners/host/workspace.ts';
import { END_SIGNALS, type EndSignal, SAME_REQUEST_MS } from '../../runners/kit/signals.ts';
import { programName } from './called-as.ts';
import { stderr } from './streams.ts';

/**
 * A second Ctrl-C does not wait for the clean-up; `boxmark clean` does it then. A hang-up is no such request, however
 * often the kernel, the shell and systemd send it: nobody is there any more to clean up later.
 */
export function interruptSignal(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  // Every box that answers listens, and there may be a hundred; more than ten would be taken for a leak.
  setMaxListeners(0, controller.signal);
  let askedMs: number | undefined;
  const onSignal = (name: EndSignal) => {
    if (name !== 'SIGHUP') {
      const nowMs = performance.now();
      if (askedMs !== undefined && nowMs - askedMs >= SAME_REQUEST_MS) stopAtOnce();
      askedMs ??= nowMs;
    }
    if (controller.signal.aborted) return;
    // First, so that whoever repaints lines takes them away.
    controller.abort(new BoxmarkError({ what: 'Interrupted.' }, EXIT.interrupted));
    stderr.write('\nboxmark: stopping, boxes are being closed (again to stop at once)\n');
  };
  for (const name of END_SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of END_SIGNALS) process.off(name, onSignal);
    },
  };
}

function stopAtOnce(): never {
  stderr.write(
    `\nboxmark: stopped at once; boxes, control groups and a folder in ${WORK_ROOT} are left behind: ${programName()} clean removes them\n`,
  );
  process.exit(EXIT.interrupted);
}
