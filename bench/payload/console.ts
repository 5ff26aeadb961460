/** The lines that the payload takes and answers with, on whatever console a box has. */

import { readSync, writeSync } from 'node:fs';
import { ANSWER_PREFIX } from './protocol.ts';

/** Writes a whole line even where the console accepts it in pieces. */
export function send(message: object): void {
  const bytes = Buffer.from(`${ANSWER_PREFIX}${JSON.stringify(message)}\n`);
  for (let sent = 0; sent < bytes.length; ) {
    try {
      sent += writeSync(1, bytes, sent);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      pause();
    }
  }
}

/** Lines of standard input, without their ends; blocks until there is one. */
export function* standardInput(): Generator<string> {
  const chunk = Buffer.alloc(65536);
  let rest = '';
  for (;;) {
    let length = 0;
    try {
      length = readSync(0, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return;
      if (code !== 'EAGAIN') throw error;
      pause();
      continue;
    }
    if (length === 0) return;
    const lines = (rest + chunk.toString('latin1', 0, length)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield line.trim();
  }
}

/** One millisecond of sleep, for the rare console that does not block. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
