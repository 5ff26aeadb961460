/** Runs one command to its end and passes signals on to it, once. Needs nothing installed. */

import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** npm and a terminal's Ctrl-C both signal this process; the child is to be told once. */
const SAME_SIGNAL_MS = 1000;

/** Runs a command whose one line says that it runs, and goes from a terminal when it has ended; shows all that it said when it fails. `onStart` gets its process id. */
export async function quietly(title, [command, args], cwd, onStart) {
  const terminal = process.stderr.isTTY === true;
  process.stderr.write(`${title} …${terminal ? '' : '\n'}`);
  const said = [];
  const code = await run(
    command,
    args,
    { cwd, stdio: ['ignore', 'pipe', 'pipe'] },
    (chunk) => said.push(chunk),
    onStart,
  );
  if (terminal) process.stderr.write('\r\x1b[K');
  if (code !== 0 && code < 128) {
    process.stderr.write(`${title} failed (exit code ${code}):\n${Buffer.concat(said)}\n`);
    return 1;
  }
  return code;
}

/** Runs a command to its end; signals to this process go to it. Resolves to its exit code, 128 + n after signal n. */
export function run(command, args, options, onOutput, onStart) {
  return new Promise((resolve) => {
    // In a session of its own, so that a Ctrl-C comes from here alone, once.
    const child = spawn(command, args, { ...options, detached: true });
    if (child.pid) onStart?.(child.pid);
    const last = {};
    const forward = (signal) => {
      const now = Date.now();
      if (now - (last[signal] ?? 0) < SAME_SIGNAL_MS) return;
      last[signal] = now;
      // Programs that we only wait for (npm) have children of their own to be told.
      try {
        process.kill(onOutput ? -child.pid : child.pid, signal);
      } catch {
        // It has just ended.
      }
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    const finish = (code) => {
      for (const signal of signals) process.off(signal, forward);
      resolve(code);
    };
    child.stdout?.on('data', onOutput);
    child.stderr?.on('data', onOutput);
    child.on('error', (error) => {
      process.stderr.write(`${command} could not be started: ${error.message}\n`);
      finish(1);
    });
    child.on('close', (code, signal) => finish(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
