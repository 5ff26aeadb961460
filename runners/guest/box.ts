/** A payload box with its own kernel: one command, whose standard input and output are the guest's console. */

import { setTimeout as sleep } from 'node:timers/promises';
import { BoxmarkError } from '../../bench/errors.ts';
import type { Box, BoxProcess, DataFolder, OpenOptions, Workspace } from '../../bench/types.ts';
import { createGroup, type Group } from '../cgroup/group.ts';
import { hostSpawn } from '../kit/process.ts';
import { GUEST_MARK } from './init.ts';

/** A guest whose payload has quit ends by itself within this time. */
const GRACE_MS = 1000;
/** A killed machine has given back its memory by then. */
const END_LIMIT_MS = 10_000;
const NOISE_CHARS = 4000;
/** Lines of the payload; all others on the console are the guest's own. */
const PAYLOAD_MARK = '@boxmark ';

/** Memory of the machine besides the guest's own: the emulator's program, its page tables, its buffers. */
const OVERHEAD_BYTES = 256 << 20;

export interface GuestMachine {
  readonly path: string;
  /** Host cgroup that the machine runs in; absent where cgroups can't be written. */
  readonly group: Group | undefined;
  /** Longest line that the console takes while the payload is busy, in bytes. */
  readonly lineLimitBytes: number;
  readonly cpus: readonly number[];
  /** The command on the host that boots the guest and runs `argv` in it. Throws `BoxmarkError` when `argv` can't be carried. */
  command(argv: readonly string[]): readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Folder in the guest for its payload's data. */
  readonly data?: DataFolder;
  /** Removes what was made for the machine besides its group; called once, when nothing of it runs any more. */
  cleanUp?(): Promise<void>;
}

/** The cgroup of a machine whose guest has `memoryBytes`, plus `extraBytes` when the emulator needs more than usual. */
export async function guestGroup(
  workspace: Workspace,
  { name, limits }: OpenOptions,
  memoryBytes: number,
  extraBytes = 0,
): Promise<Group | undefined> {
  const bounds = { cpus: limits.cpus, memoryBytes: memoryBytes + OVERHEAD_BYTES + extraBytes, pids: limits.pids };
  return createGroup(workspace.id, name, bounds, {
    onUnavailable: (reason) => workspace.note({ kind: 'no-cgroup', start: name, reason }),
  });
}

/** The box of a machine that boots when its payload is spawned. */
export function guestBox(machine: GuestMachine): Box {
  let booted: BoxProcess | undefined;
  let closing: Promise<void> | undefined;

  async function end(): Promise<void> {
    if (booted !== undefined) {
      const timer = setTimeout(booted.kill, GRACE_MS);
      // A helper outside its process group could keep the console open; the cgroup ends that one.
      await Promise.race([booted.exited, sleep(END_LIMIT_MS, undefined, { ref: false })]);
      clearTimeout(timer);
      if (machine.group === undefined) booted.kill(); // Helpers that outlived the machine.
    }
    await machine.group?.remove();
    await machine.cleanUp?.();
  }

  return {
    path: machine.path,
    scratch: '/tmp',
    ...(machine.data === undefined ? {} : { data: machine.data }),
    ...(machine.group === undefined ? {} : { cgroup: machine.group.path }),
    exec: async () => ({
      exitCode: 126,
      stdout: '',
      stderr: `${machine.path} has one console, which belongs to its payload: no second command can run in it`,
      timedOut: false,
    }),
    async spawn(argv) {
      if (booted !== undefined || closing !== undefined) {
        throw new BoxmarkError({
          what: `${machine.path} runs one command in each fresh start.`,
          value: argv.join(' '),
        });
      }
      const pinned = ['taskset', '-c', machine.cpus.join(','), ...machine.command(argv)];
      booted = await hostSpawn([...(machine.group?.enterArgvPrefix ?? []), ...pinned], { env: machine.env ?? {} });
      return throughConsole(booted, machine.lineLimitBytes);
    },
    put: async (file) => {
      throw new BoxmarkError({ what: `${machine.path} can't hold another box.`, value: file });
    },
    close: () => {
      closing ??= end();
      return closing;
    },
  };
}

/**
 * Holds lines back until the guest has made its console raw: before that, an ordinary terminal would echo and cut them.
 * What the guest says besides the payload's lines goes to the error tail as well: there it explains a failed boot.
 */
function throughConsole(machine: BoxProcess, lineLimitBytes: number): BoxProcess {
  const held: string[] = [];
  const early: [string, bigint][] = [];
  let raw = false;
  let noise = '';
  let listener: ((line: string, atNs: bigint) => void) | undefined;

  machine.onLine((line, atNs) => {
    if (!raw && line.startsWith(GUEST_MARK)) {
      raw = true;
      for (const text of held.splice(0)) machine.write(text);
    }
    if (!line.startsWith(PAYLOAD_MARK)) noise = `${noise}${line}\n`.slice(-NOISE_CHARS);
    if (listener === undefined) early.push([line, atNs]);
    else listener(line, atNs);
  });

  return {
    pid: machine.pid,
    write(line) {
      if (Buffer.byteLength(line) > lineLimitBytes) {
        throw new BoxmarkError({
          what: `A line for the guest is longer than the ${lineLimitBytes} bytes that its console takes.`,
          value: `${Buffer.byteLength(line)} bytes`,
        });
      }
      if (raw) machine.write(line);
      else held.push(line);
    },
    onLine(wanted) {
      listener = wanted;
      for (const [line, atNs] of early.splice(0)) wanted(line, atNs);
    },
    errorTail: () => [noise.trim(), machine.errorTail()].filter(Boolean).join('\n'),
    exited: machine.exited,
    kill: machine.kill,
  };
}
