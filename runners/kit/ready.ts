/** Waiting for a process of a box to say that it is ready, with an answer in any case: the line, its end, a time limit or an interruption. */

import { BoxmarkError } from '../../bench/errors.ts';
import type { BoxProcess } from '../../bench/types.ts';

export interface ReadyWait {
  /** Path of the box that starts, for the message. */
  readonly path: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/**
 * What `match` makes of the first line that it takes. Takes the process's one listener. Throws `BoxmarkError` with the end of
 * the process's output.
 */
export function readyLine<T>(
  child: BoxProcess,
  match: (line: string) => T | undefined,
  { path, limitMs, signal }: ReadyWait,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (why: string): void => {
      const value = [output.trim(), child.errorTail()].filter(Boolean).join('; ');
      const what = `The box ${path} did not start: ${why}.`;
      reject(new BoxmarkError({ what, ...(value === '' ? {} : { value }), remedy: 'boxmark doctor' }));
    };
    const abort = (): void => settle(() => fail('interrupted'));
    const timer = setTimeout(() => settle(() => fail('it was not ready in time')), limitMs);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      act();
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    child.onLine((line) => {
      const found = match(line);
      if (found !== undefined) settle(() => resolve(found));
      else output = `${output}${line}\n`.slice(-1000);
    });
    void child.exited.then(({ exitCode, signal: by }) =>
      settle(() => fail(`it ended (${by ?? `exit code ${exitCode}`})`)),
    );
  });
}
