/** A payload's box by system calls that one static program makes: what `payloadScript` does by a program for each step. */

import { type Call, GIVEN } from '../../image/call-program.ts';
import type { Mount } from '../../kit/mount-table.ts';
import { SCRATCH_MOUNT } from '../../kit/places.ts';

/** linux/mount.h. */
const [BIND, RECURSIVE, REMOUNT, DETACH] = [4096, 16384, 32, 2];
const KINDS: Readonly<Record<string, number>> = { bind: BIND, rbind: BIND | RECURSIVE };
const FLAGS: Readonly<Record<string, number>> = { ro: 1, nosuid: 2, nodev: 4, noexec: 8 };

/** linux/prctl.h and linux/capability.h, whose version 3 has sets of 64 bits. */
const DROP_BOUND = 24;
const NO_NEW_PRIVILEGES = 38;
const [AMBIENT, CLEAR_ALL] = [47, 4];
const CAPABILITY_VERSION = 0x20080522;

export interface BoxCalls {
  readonly mounts: readonly Mount[];
  readonly newRoot: string;
  readonly userns: boolean;
  /** `GIVEN` is a folder for the payload's data. */
  readonly data: boolean;
  /** That it keeps, by their numbers. */
  readonly capabilities: readonly number[];
  /** The last one that the kernel knows. */
  readonly lastCapability: number;
}

type TableMount = readonly [source: Mount[0] | typeof GIVEN, target: string, type: string, options: string];

/** In new namespaces: mounts, changes the root, and gives up all privileges. */
export function boxCalls({ mounts, newRoot, userns, data, capabilities, lastCapability }: BoxCalls): Call[] {
  const root = `boxmark: the root can't be changed to ${newRoot}`;
  const privileges = "boxmark: privileges can't be given up";
  const all = Array.from({ length: lastCapability + 1 }, (_, number) => number);
  return [
    { name: 'sethostname', args: ['boxmark', 7] },
    ...mounts.flatMap((mount) => mountCalls(mount, newRoot)),
    ...(data ? mountCalls([GIVEN, SCRATCH_MOUNT, 'none', 'bind,nosuid,nodev,noexec'], newRoot) : []),
    { name: 'chdir', args: [newRoot], failure: root },
    // With both alike the old root comes to lie over the new one, so that no folder is needed to put it.
    { name: 'pivot_root', args: ['.', '.'], failure: root },
    { name: 'umount2', args: ['.', DETACH], failure: root },
    { name: 'chdir', args: ['/'], failure: root },
    // With one user id alone the kernel allows no change of groups.
    ...(userns ? [] : [{ name: 'setgroups', args: [0, 0], failure: privileges } as const]),
    ...all
      .filter((number) => !capabilities.includes(number))
      .map((number): Call => ({ name: 'prctl', args: [DROP_BOUND, number, 0, 0, 0], failure: privileges })),
    { name: 'prctl', args: [AMBIENT, CLEAR_ALL, 0, 0, 0], failure: privileges },
    { name: 'capset', args: [...capabilitySets(capabilities)], failure: privileges },
    { name: 'prctl', args: [NO_NEW_PRIVILEGES, 1, 0, 0, 0], failure: privileges },
  ];
}

/** A bind takes no flags but in a second call. */
function mountCalls([source, target, type, options]: TableMount, newRoot: string): Call[] {
  const words = options.split(',');
  const sum = (known: Readonly<Record<string, number>>) => words.reduce((all, word) => all | (known[word] ?? 0), 0);
  const [kind, flags] = [sum(KINDS), sum(FLAGS)];
  const from = source === GIVEN ? 'the folder for data' : source;
  const call = (bits: number, data: number | string): Call => ({
    name: 'mount',
    args: [source, `${newRoot}${target}`, type, bits, data],
    failure: `boxmark: ${from} can't be mounted on ${newRoot}${target}`,
  });
  if (kind === 0) return [call(flags, words.filter((word) => FLAGS[word] === undefined).join(','))];
  return [call(kind, 0), ...(flags === 0 ? [] : [call(flags | BIND | REMOUNT, 0)])];
}

/** Nothing is inheritable; what is kept must be there when the program starts, because it may gain nothing. */
function capabilitySets(capabilities: readonly number[]): [Buffer, Buffer] {
  const [head, sets] = [Buffer.alloc(8), Buffer.alloc(24)];
  head.writeUInt32LE(CAPABILITY_VERSION);
  const kept = capabilities.reduce((sum, number) => sum | (1n << BigInt(number)), 0n);
  for (const half of [0, 1]) {
    const bits = Number((kept >> BigInt(32 * half)) & 0xffffffffn);
    for (const set of [0, 4]) sets.writeUInt32LE(bits, 12 * half + set);
  }
  return [head, sets];
}
