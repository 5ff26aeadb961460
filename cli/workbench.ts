/** What a measuring command works with: a private folder, limits, a signal that Ctrl-C sets off; and its orderly end. */

import { BoxmarkError, EXIT } from '../bench/errors.ts';
import type { Limits, Note, Workspace } from '../bench/types.ts';
import { pinSelf } from '../runners/host/cpus.ts';
import { createWorkspaceDir, removeWorkspaceDir, WORK_ROOT } from '../runners/host/workspace.ts';
import { stderr } from './streams.ts';

export interface Workbench {
  readonly workspace: Workspace;
  /** Sends the notes so far, and those to come, to where events are kept. */
  onNote(listener: NoteListener): void;
  /** Removes the folder and gives the harness its CPUs back. */
  dispose(): Promise<void>;
}

type NoteListener = Workspace['note'];

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
    stderr.write('\nboxmark: stopping, boxes are being closed (again to stop at once)\n');
    controller.abort(new BoxmarkError({ what: 'Interrupted.' }, EXIT.interrupted));
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
    `\nboxmark: stopped at once; boxes, control groups and a folder in ${WORK_ROOT} are left behind: boxmark clean removes them\n`,
  );
  process.exit(EXIT.interrupted);
}

/** Opens the workbench. `pin` keeps the harness off the measured CPUs. */
export async function openWorkbench(limits: Limits, signal: AbortSignal, pin: boolean): Promise<Workbench> {
  if (process.platform !== 'linux') {
    throw new BoxmarkError(
      {
        what: 'Measuring needs Linux.',
        value: process.platform,
        remedy: 'boxmark list environments, or a Linux machine',
      },
      EXIT.unfit,
    );
  }
  const { id, dir } = await createWorkspaceDir();
  const early: Note[] = [];
  let listener: NoteListener = (note) => void early.push(note);
  const pinned = pin ? await pinSelf(limits.housekeeping) : undefined;
  if (pinned?.note) listener({ kind: 'harness-not-pinned', reason: pinned.note });
  return {
    workspace: { id, dir, limits, signal, note: (note) => listener(note) },
    onNote: (next) => {
      listener = next;
      for (const note of early.splice(0)) next(note);
    },
    dispose: async () => {
      await pinned?.restore();
      await removeWorkspaceDir(dir);
    },
  };
}
