/** What environments are prepared in: a private folder, limits, the harness off the measured CPUs; and its removal. */

import { BoxmarkError, EXIT, messageOf } from '../../bench/errors.ts';
import type { Limits, Note, Workspace } from '../../bench/types.ts';
import { siblingTexts } from '../../runners/host/cores.ts';
import { hostCpus, pinSelf } from '../../runners/host/cpus.ts';
import { createWorkspaceDir, removeWorkspaceDir } from '../../runners/host/workspace.ts';
import { programName } from '../terminal/called-as.ts';

export type NoteListener = Workspace['note'];

export class WorkFolder {
  readonly workspace: Workspace;
  readonly #early: Note[] = [];
  #listener: NoteListener = (note) => void this.#early.push(note);
  #unpin: () => Promise<void> = async () => {};

  private constructor(id: string, dir: string, limits: Limits, signal: AbortSignal) {
    this.workspace = { id, dir, limits, signal, note: (note) => this.#listener(note) };
  }

  /** `pin` keeps the harness off the measured CPUs. */
  static async open(limits: Limits, signal: AbortSignal, pin: boolean): Promise<WorkFolder> {
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
    const folder = new WorkFolder(id, dir, limits, signal);
    if (pin) await folder.#pin(limits);
    return folder;
  }

  /** Sends the notes so far, and those to come, to where events are kept. */
  onNote(listener: NoteListener): void {
    this.#listener = listener;
    for (const note of this.#early.splice(0)) listener(note);
  }

  /** Removes the folder and gives the harness its CPUs back. */
  async dispose(): Promise<void> {
    await this.#unpin();
    await removeWorkspaceDir(this.workspace.dir);
  }

  /** The same, but what can't be removed is returned, as a sentence: it must not hide what was found, or stop other removals. */
  async clear(): Promise<string[]> {
    try {
      await this.dispose();
      return [];
    } catch (error) {
      const { what } = error instanceof BoxmarkError ? error : { what: messageOf(error) };
      return [`Left behind: ${this.workspace.dir}. ${what.replace(/\.$/, '')}. Try: ${programName()} clean`];
    }
  }

  async #pin({ cpus, housekeeping }: Limits): Promise<void> {
    const siblings = siblingTexts(hostCpus().cores, cpus);
    const pinned = await pinSelf(housekeeping);
    this.#unpin = () => pinned.restore();
    if (pinned.note) this.#listener({ kind: 'harness-not-pinned', reason: pinned.note });
    for (const reason of siblings) this.#listener({ kind: 'shared-core', reason });
  }
}
