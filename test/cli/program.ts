/** Runs the built program as a user would, and looks for what it may have left on the host. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { leftoversOf, ownGroupsOf } from '../leftovers.ts';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** The program with boxes that only claim to compute; the global set-up bundles it. */
export const REHEARSAL = process.env.BOXMARK_TEST_REHEARSAL ?? '';
/** Pictures of one point, where a test is not about pictures. */
const PICTURES = new URL('./stand-ins/pictures.mjs', import.meta.url).href;

/** Starts `boxmark ARGS`; `wrap` is put in front of the command. */
export function start(
  args: readonly string[],
  wrap: readonly string[] = [],
  options: { readonly main?: string; readonly pictures?: 'real' | 'one point'; readonly lock?: string } = {},
): Running {
  const imports = options.pictures === 'real' ? [] : ['--import', PICTURES];
  const [file = '', ...rest] = [...wrap, process.execPath, ...imports, options.main ?? MAIN, ...args];
  // Tests measure side by side.
  const env = { ...process.env, NO_COLOR: '1', BOXMARK_LOCK: options.lock ?? randomUUID() };
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

/** Real boxes; but pictures of one point. */
export function boxmark(...args: readonly string[]): Promise<Ended> {
  return start(args).ended;
}

/** With `native` and `unshare` as boxes that only claim to compute. */
export function rehearse(...args: readonly string[]): Promise<Ended> {
  return start(args, [], { main: REHEARSAL }).ended;
}

/** The same, with a lock of the host that others may have. */
export function rehearseWith(lock: string, ...args: readonly string[]): Running {
  return start(args, [], { main: REHEARSAL, lock });
}

/** The session folders below `out`. */
export function sessions(out: string): string[] {
  return existsSync(out) ? readdirSync(out).map((name) => join(out, name)) : [];
}

/** The private folder of a running program, by its owner. */
export function workspaceOf(pid: number | undefined): string | undefined {
  return readdirSync('/var/tmp')
    .filter((name) => /^boxmark-[0-9a-f]{8}$/.test(name))
    .map((name) => join('/var/tmp', name))
    .find((dir) => {
      try {
        return JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8')).pid === pid;
      } catch {
        return false;
      }
    });
}

/** What stands on the host under the id of a workspace: folder, mounts, control groups, processes. */
export function tracesOf(id: string): string[] {
  return [...leftoversOf(id), ...ownGroupsOf(id)];
}

/** Waits until `find` gives something, or throws after the limit. */
export async function eventually<T>(find: () => T | undefined, limitMs = 60_000): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error('what was waited for did not come');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
