/** A terminal of the test's own, to be hung up. Node.js has none; Python's `pty` is at hand on most hosts. */

import { spawn, spawnSync } from 'node:child_process';

/** Runs its arguments on a new terminal, writes their process id, hangs up when its own input ends, writes how they ended. */
const PTY = `
import os, pty, select, sys
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
print(pid, flush=True)
while True:
    ready, _, _ = select.select([master, 0], [], [])
    if 0 in ready and not os.read(0, 1):
        break
    if master in ready:
        try:
            os.read(master, 65536)
        except OSError:
            break
os.close(master)
_, status = os.waitpid(pid, 0)
print('ended', 'signal' if os.WIFSIGNALED(status) else 'code', status & 127 or os.WEXITSTATUS(status), flush=True)
`;

/** Why there is no terminal here; empty when there is. */
export const noTerminal =
  spawnSync('python3', ['-c', 'import pty; pty.openpty()']).status === 0
    ? ''
    : 'python3 with its module pty is missing';

export interface OnTerminal {
  readonly pid: number;
  /** Closes the other end of the terminal; resolves to `code N` or `signal N`, once the command has ended. */
  hangUp(): Promise<string>;
}

export async function onTerminal(
  argv: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<OnTerminal> {
  const child = spawn('python3', ['-c', PTY, ...argv], { ...options, stdio: ['pipe', 'pipe', 'inherit'] });
  let printed = '';
  const ended = new Promise<string>((resolve) => {
    child.on('close', () => resolve(/ended (.*)/.exec(printed)?.[1] ?? `the terminal failed: ${printed}`));
  });
  const pid = await new Promise<number>((resolve) => {
    child.stdout.on('data', (text) => {
      printed += text;
      if (printed.includes('\n')) resolve(Number(printed.split('\n')[0]));
    });
  });
  return {
    pid,
    hangUp: () => {
      child.stdin.end();
      return ended;
    },
  };
}
