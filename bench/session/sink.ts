/** A file that is written piece by piece, and is there whole or not at all. */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { isStream, partialName, syncFolder } from './files.ts';

export interface Sink {
  /** Returns when the bytes are written. */
  write(piece: string | Uint8Array): void;
  /** Everything is written: a file appears under its name. */
  end(): void;
  /** Nothing is kept of a file that was not ended. */
  drop(): void;
}

/** A pipe or `/dev/stdout` is written to as it comes; a regular file is replaced at the end. Throws like `openSync`. */
export function openSink(file: string): Sink {
  const isPassing = isStream(file);
  const partial = isPassing ? file : partialName(file);
  const handle = openSync(partial, isPassing ? 'w' : 'wx');
  return {
    write: (piece) => writeWhole(handle, typeof piece === 'string' ? Buffer.from(piece) : piece),
    end() {
      if (!isPassing) fsyncSync(handle);
      closeSync(handle);
      if (isPassing) return;
      renameSync(partial, file);
      syncFolder(dirname(file));
    },
    drop() {
      closeSync(handle);
      if (!isPassing) rmSync(partial, { force: true });
    },
  };
}

function writeWhole(handle: number, piece: Uint8Array): void {
  for (let from = 0; from < piece.length; ) from += writeSync(handle, piece, from);
}
