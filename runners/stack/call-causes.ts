/** Why a static program of system calls failed: it ends with the number of the error, whose name and text it does not know. */

import { getSystemErrorMap } from 'node:util';
import type { Box, BoxProcess } from '../../bench/types.ts';

/** As those programs word what failed; scripts and payloads print other lines. */
const FAILURE = /^boxmark: .* can't be [^\n]*$/;

/** What was printed, with the error that the exit code stands for behind a message of such a program. */
export function withCause(printed: string, exitCode: number | null): string {
  const text = printed.trimEnd();
  const [name, meaning] = getSystemErrorMap().get(-(exitCode ?? 0)) ?? [];
  if (name === undefined || !FAILURE.test(text.slice(text.lastIndexOf('\n') + 1))) return printed;
  return `${text}: ${name}, ${meaning}${printed.slice(text.length)}`;
}

/** A box whose commands begin with such programs. */
export function withCauses(box: Pick<Box, 'exec' | 'spawn'>): Pick<Box, 'exec' | 'spawn'> {
  return {
    exec: async (argv, options) => {
      const result = await box.exec(argv, options);
      return { ...result, stderr: withCause(result.stderr, result.exitCode) };
    },
    spawn: async (argv, options) => processWithCause(await box.spawn(argv, options)),
  };
}

function processWithCause(child: BoxProcess): BoxProcess {
  let exitCode: number | null = null;
  const exited = child.exited.then((status) => {
    ({ exitCode } = status);
    return status;
  });
  return {
    pid: child.pid,
    write: (line) => child.write(line),
    onLine: (listener) => child.onLine(listener),
    errorTail: () => withCause(child.errorTail(), exitCode),
    exited,
    kill: () => child.kill(),
  };
}
