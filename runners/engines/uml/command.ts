/** The command line of User-mode Linux: for a guest that runs one payload, and for one that holds engines. */

import type { GuestOrders } from '../../guest/init.ts';
import { kernelLine, orderParameters } from '../../guest/init.ts';

export const UML_COMMAND = 'linux.uml';
const LINE_LIMIT_CHARS = 4096;

export interface UmlOptions {
  readonly initramfs: string;
  readonly memoryBytes: number;
  /** Private folder for the machine's id file and control socket. */
  readonly folder: string;
  readonly orders: Pick<GuestOrders, 'name' | 'argv'>;
  /** Folder of the host that becomes the root, and the only one that hostfs shows; none for a probe. */
  readonly root?: string;
  /** File of the disk for the payload's data. */
  readonly data?: string | undefined;
}

/** A guest for one payload, or for none. Throws `BoxmarkError` for a line that is too long. */
export function umlCommand({ initramfs, memoryBytes, folder, root, data, orders }: UmlOptions): string[] {
  return whole([
    ...machine({ initramfs, memoryBytes, folder, name: orders.name }),
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

export interface UmlHolderOptions extends Pick<UmlOptions, 'initramfs' | 'memoryBytes' | 'folder'> {
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

function machine({
  initramfs,
  memoryBytes,
  folder,
  name,
}: Pick<UmlOptions, 'initramfs' | 'memoryBytes' | 'folder'> & { name: string }): string[] {
  return [
    ...[`umid=${name.slice(0, 60)}`, `uml_dir=${folder}`, `mem=${Math.ceil(memoryBytes / (1 << 20))}M`],
    `initrd=${initramfs}`,
    // Named, because otherwise it is appended.
    ...['console=tty0', 'con=null', 'con0=fd:0,fd:1'],
    // The kernel would measure at every boot which RAID-6 routine is the fastest: most of a second.
    ...['quiet', 'loglevel=1', 'panic=-1', 'noreboot', 'initcall_blacklist=raid6_select_algo'],
  ];
}

function whole(parameters: readonly string[]): string[] {
  kernelLine(parameters, LINE_LIMIT_CHARS);
  return [UML_COMMAND, ...parameters];
}
