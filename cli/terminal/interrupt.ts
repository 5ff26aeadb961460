/** The signals that end a run in order: the first stops it, a second one does not wait for the clean-up. */

import { BoxmarkError, EXIT } from '../../bench/errors.ts';
import { WORK_ROOT } from '../../runners/host/workspace.ts';
import { programName } from './called-as.ts';
import { stderr } from './streams.ts';

/** A terminal, npm and `timeout` signal more than once for one Ctrl-C or one end. */
const SAME_REQUEST_MS = 1000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A second Ctrl-C does not wait for the clean-up; `boxmark clean` does it then. A hang-up is no such request, however
 * often the kernel, the shell and systemd send it: nobody is there any more to clean up later.
 */
export function interruptSignal(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  let askedMs: number | undefined;
  const onSignal = (name: (typeof SIGNALS)[number]) => {
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
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}

function stopAtOnce(): never {
  stderr.write(
    `\nboxmark: stopped at once; boxes, control groups and a folder in ${WORK_ROOT} are left behind: ${programName()} clean removes them\n`,
  );
  process.exit(EXIT.interrupted);
}
