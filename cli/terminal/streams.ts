/**
 * Standard output and standard error. Whatever becomes of what they lead to, the program goes on: a run that ended on
 * a failed write would leave its boxes behind.
 */

import { closeSync, fstatSync, openSync, writeFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { messageOf } from '../../bench/errors.ts';
import { programName } from './called-as.ts';

class Outlet {
  readonly #stream: NodeJS.WriteStream & { readonly fd: 1 | 2 };
  readonly #isTerminal: boolean;
  readonly #isFile: boolean;
  readonly #onLoss: (error: unknown) => void;
  #ended = false;

  /** `onLoss` is called once, for a file or device that takes no more. A reader that has left loses nothing. */
  constructor(stream: NodeJS.WriteStream & { readonly fd: 1 | 2 }, onLoss: (error: unknown) => void = () => {}) {
    this.#stream = stream;
    this.#isTerminal = isatty(stream.fd);
    this.#isFile = !this.#isTerminal && leadsToFile(stream.fd);
    this.#onLoss = onLoss;
    // Without a listener an error here would be thrown, far from any clean-up.
    stream.on('error', (error) => this.#end(error));
  }

  get isTTY(): boolean {
    return this.#stream.isTTY === true;
  }

  get columns(): number {
    return this.#stream.columns;
  }

  get rows(): number {
    return this.#stream.rows;
  }

  /** Writes nothing more after the first failure, and nothing to a terminal that was hung up. Never throws. */
  write(text: string): void {
    if (this.#ended) return;
    if (this.#isTerminal && !isatty(this.#stream.fd)) {
      this.#ended = true;
      return;
    }
    try {
      // Node's own stream for files drops the rest of a text of which a full disk took only the first part.
      if (this.#isFile) writeFileSync(this.#stream.fd, Buffer.from(text));
      else this.#stream.write(text);
    } catch (error) {
      this.#end(error);
    }
  }

  /** The same, and waits until a slow reader has taken it. Never rejects. */
  async written(text: string): Promise<void> {
    this.write(text);
    if (this.#ended || this.#isFile || !this.#stream.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const over = (): void => {
        this.#stream.off('drain', over).off('close', over).off('error', over);
        resolve();
      };
      this.#stream.on('drain', over).on('close', over).on('error', over);
    });
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#isFile) this.#onLoss(error);
  }
}

let lost = false;

/** Progress and messages. */
export const stderr = new Outlet(process.stderr);

/** Results. */
export const stdout = new Outlet(process.stdout, (error) => {
  lost = true;
  stderr.write(
    `boxmark: the output could not be written: ${messageOf(error)}\n` +
      `  try: another place for it; a session is kept and can be shown again: ${programName()} report SESSION --format md -o -\n`,
  );
});

/** Was output lost? That an early reader such as `head` closes the pipe is no loss. */
export function outputWasLost(): boolean {
  return lost;
}

function leadsToFile(fd: number): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.isFile() || stats.isCharacterDevice();
  } catch {
    return false;
  }
}

const terminals = [0, 1, 2].filter((fd) => isatty(fd));

/**
 * Node.js gives each terminal its settings back when it ends, and aborts where that fails: a terminal that was hung up
 * must not be found any more.
 */
export function releaseDeadTerminals(): void {
  for (const fd of terminals.filter((it) => !isatty(it))) {
    closeSync(fd);
    openSync('/dev/null', 'r+'); // Takes the lowest free descriptor, the one just closed.
  }
}
