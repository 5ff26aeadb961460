/** The command line of User-mode Linux: for a guest that runs one payload, and for one that holds engines. */

import type { GuestOrders } from '../../guest/init.ts';
import { kernelLine, orderParameters } from '../../guest/init.ts';

export const UML_COMMAND = 'linux.uml';
const LINE_LIMIT_CHARS = 4096;

/**
 * Loops in a jiffy of 10 ms at 1 kHz, which the kernel would measure at every boot for a tenth of a second. A processor does
 * one loop in a cycle; this is twice as many, because it may run faster than its counter: delays may be too long, not too
 * short.
 */
const LOOPS_AT_1_KHZ = 20;

/**
 * The kernel would measure at every boot which RAID-6 routine is the fastest, most of a second. For every device that it
 * makes, Debian's starts a helper that is not there: it has 64 serial lines and 512 pseudo-terminals of an old kind.
 */
const NOT_STARTED = ['raid6_select_algo', 'ssl_init'];

/** What every machine is made of. */
interface Machine {
  readonly initramfs: string;
  readonly memoryBytes: number;
  /** Private folder for the machine's id file and control socket. */
  readonly folder: string;
  /** Frequency of the host's time-stamp counter, where it is known. */
  readonly tscKhz?: number | undefined;
}

export interface UmlOptions extends Machine {
  readonly orders: Pick<GuestOrders, 'name' | 'argv'>;
  /** Folder of the host that becomes the root, and the only one that hostfs shows; none for a probe. */
  readonly root?: string;
  /** File of the disk for the payload's data. */
  readonly data?: string | undefined;
}

/** A guest for one payload, or for none. Throws `BoxmarkError` for a line that is too long. */
export function umlCommand({ root, data, orders, ...options }: UmlOptions): string[] {
  return whole([
    ...machine({ ...options, name: orders.name }),
    ...(root === undefined ? [] : [`hostfs=${root}`]),
    ...(data === undefined ? [] : [`ubd0=${data}`]),
    ...orderParameters({
      ...orders,
      ...(data === undefined ? {} : { data: '/dev/ubda' }),
      console: 'tty0',
      end: 'poweroff',
      ...(root === undefined ? {} : { root: { type: 'hostfs', device: 'none' } }),
    }),
  ]);
}

export interface UmlHolderOptions extends Machine {
  readonly name: string;
  /** The image store, the only folder that hostfs shows, and the path of the root below it. */
  readonly store: string;
  readonly root: string;
  /** File of the disk; with `changes` it is only read, and what is written goes there. */
  readonly disk: string;
  readonly changes?: string | undefined;
  /** Finds the machine among the host's processes. */
  readonly token: string;
}

/** A guest that engines run in. Throws `BoxmarkError` for a line that is too long. */
export function umlHolderCommand(options: UmlHolderOptions): string[] {
  const { name, store, root, disk, changes, token } = options;
  return whole([
    ...machine(options),
    `hostfs=${store}`,
    `ubd0=${changes === undefined ? disk : `${changes},${disk}`}`,
    ...[`boxmark.name=${name}`, 'boxmark.console=tty0', `boxmark.root=/${root}`, 'boxmark.store=/'],
    ...['boxmark.disk=/dev/ubda', `boxmark.start=${token}`],
  ]);
}

function machine({ initramfs, memoryBytes, folder, tscKhz, name }: Machine & { name: string }): string[] {
  return [
    ...[`umid=${name.slice(0, 60)}`, `uml_dir=${folder}`, `mem=${Math.ceil(memoryBytes / (1 << 20))}M`],
    `initrd=${initramfs}`,
    // Named, because otherwise it is appended.
    ...['console=tty0', 'con=null', 'con0=fd:0,fd:1'],
    ...['quiet', 'loglevel=1', 'panic=-1', 'noreboot'],
    ...[`initcall_blacklist=${NOT_STARTED.join(',')}`, 'pty.legacy_count=0'],
    ...(tscKhz === undefined ? [] : [`lpj=${tscKhz * LOOPS_AT_1_KHZ}`]),
  ];
}

function whole(parameters: readonly string[]): string[] {
  kernelLine(parameters, LINE_LIMIT_CHARS);
  return [UML_COMMAND, ...parameters];
}
