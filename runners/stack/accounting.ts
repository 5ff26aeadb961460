/** Finds a started payload among the host's processes and reads the host's account of it. */

import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { HostLimits } from '../../bench/types.ts';
import { limitsOfPid } from '../cgroup/limits.ts';
import { type Account, accountOfPath, accountOfPid, mounted } from '../cgroup/usage.ts';

export interface PayloadQuery {
  /** Unique argument on the payload's command line, or on that of the virtual machine it runs in. */
  readonly token: string;
  /** The payload has its own kernel: the machine's process counts, not what runs inside. */
  readonly guest: boolean;
  /** Group of the box, when the runner knows it. */
  readonly cgroup?: string | undefined;
}

/** CPU time and memory so far, or undefined while the payload can't be seen. Paths are looked up once, here. */
export function payloadAccount({ token, guest, cgroup }: PayloadQuery): Account | undefined {
  if (cgroup !== undefined) return accountOfPath(cgroup);
  const pid = findPayload(token, guest);
  return pid === undefined ? undefined : accountOfPid(pid);
}

/** Is the token on the command line, as a separate word? The box `b1-docker` has nothing to do with `b1-docker-docker`. */
export function bearsToken(argv: readonly string[], token: string): boolean {
  return argv.some((word) => {
    for (let at = word.indexOf(token); at >= 0; at = word.indexOf(token, at + 1)) {
      if (!/[\w-]/.test(word[at + token.length] ?? '')) return true;
    }
    return false;
  });
}

/** What limits the payload, or the machine it runs in; undefined while it can't be seen. Reads all of /proc. */
export function payloadLimits({ token, guest, cgroup }: PayloadQuery): HostLimits | undefined {
  const pid = findPayload(token, guest) ?? (cgroup === undefined ? undefined : somePidIn(cgroup));
  return pid === undefined ? undefined : limitsOfPid(pid);
}

/** A process of the box's group or of one below it: a user-space kernel bears no token, but all of it has the same limits. */
function somePidIn(cgroup: string): number | undefined {
  for (const { mount } of mounted()) {
    const pid = firstPid(mount + cgroup);
    if (pid !== undefined) return pid;
  }
  return undefined;
}

function firstPid(folder: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(`${folder}/cgroup.procs`, 'utf8'), 10);
    if (pid > 0) return pid;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const found = entry.isDirectory() ? firstPid(`${folder}/${entry.name}`) : undefined;
      if (found !== undefined) return found;
    }
  } catch {
    // Not in this hierarchy.
  }
  return undefined;
}

/** Engines' clients carry the token on their command lines too; only the program itself counts. */
function findPayload(token: string, guest: boolean): number | undefined {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const argv = commandLine(entry);
    if (!bearsToken(argv, token)) continue;
    const program = basename(argv[0] ?? '');
    const isPayload = guest
      ? /^(qemu-system|linux|firecracker|cloud-hyperviso)/.test(program)
      : /^(node$|ld-)/.test(program);
    if (isPayload) return Number(entry);
  }
  return undefined;
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
