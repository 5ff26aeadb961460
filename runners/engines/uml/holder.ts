/** User-mode Linux as a box that holds others: what is prepared once, and each machine with its own disk. */

import { mkdtemp, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, Image, Needs, OpenOptions, Prepared, Workspace } from '../../../bench/types.ts';
import { AGENT_PROGRAM } from '../../guest/agent-program.ts';
import { guestGroup } from '../../guest/box.ts';
import { makeExt4 } from '../../guest/data-disk.ts';
import { openHolderGuest } from '../../guest/holder.ts';
import { AGENT_FILE, HOLDER_APPLETS, HOLDER_SCRIPT } from '../../guest/holder-init.ts';
import { hostTscKhz } from '../../guest/host-tsc.ts';
import { INIT_APPLETS } from '../../guest/init.ts';
import { findStaticBusybox, initramfsFile } from '../../guest/initramfs.ts';
import { resolveModules } from '../../guest/modules.ts';
import { holderImage } from '../../image/image.ts';
import { storeDir } from '../../image/store.ts';
import { removeTree } from '../../kit/remove.ts';
import { roomForEngines } from '../unshare/box.ts';
import { umlHolderCommand } from './command.ts';

/** Only what is written takes room on the host's disk. */
const DISK_BYTES = 4 * 2 ** 30;
const MODULES = '/usr/lib/uml/modules';

export interface PreparedUmlHolder extends Prepared {
  readonly workspace: Workspace;
  readonly initramfs: string;
  readonly root: Image;
  readonly disk: string;
  readonly tscKhz: number | undefined;
  /** The disk has what `prepare` of the layer above put on it, and is not written any more. */
  readonly state: { filled: boolean };
}

/** The engines' root, a kernel module, and an empty disk. Throws `BoxmarkError` with what is missing. */
export async function prepareUmlHolder(
  image: Image,
  workspace: Workspace,
  holds: Needs,
): Promise<Omit<PreparedUmlHolder, 'labels' | 'traits' | 'version' | 'slowness'>> {
  const busybox = await findStaticBusybox();
  if (typeof busybox !== 'string') throw new BoxmarkError({ what: busybox.missing, remedy: busybox.remedy });
  const [version] = (await readdir(MODULES).catch(() => [])).sort().reverse();
  if (version === undefined) {
    throw new BoxmarkError({ what: `User-mode Linux has no modules in ${MODULES}.`, remedy: 'boxmark setup' });
  }
  const kernel = { vmlinuz: '', modulesDir: join(MODULES, version), version };
  const initramfs = await initramfsFile(busybox, await resolveModules(kernel, ['overlay']), {
    script: HOLDER_SCRIPT,
    applets: [...INIT_APPLETS, ...HOLDER_APPLETS],
    files: { [AGENT_FILE]: AGENT_PROGRAM },
  });
  const root = await holderImage(image, holds.commands);
  const folder = await mkdtemp(join(workspace.dir, 'uml-disk-'));
  const dispose = () => removeTree(folder);
  const disk = join(folder, 'disk');
  try {
    await makeExt4(disk, DISK_BYTES, ['-E', 'lazy_itable_init=1,lazy_journal_init=1']);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { dispose, workspace, initramfs, root, disk, tscKhz: await hostTscKhz(), state: { filled: false } };
}

/**
 * Boots a machine. The first one fills the disk, for the layer above to prepare on; all later ones only read it and write
 * their changes to a separate file each, so every machine finds it as prepared, even two at the same time.
 */
export async function openUmlHolder(
  prepared: PreparedUmlHolder,
  options: OpenOptions,
  environment: (folder: string, memoryBytes: number) => Promise<Record<string, string>>,
): Promise<Box> {
  const { workspace, initramfs, root, disk, tscKhz, state } = prepared;
  const { limits, name, signal } = options;
  const fills = !state.filled;
  const { memoryBytes = limits.memoryBytes } = roomForEngines(limits);
  const folder = await mkdtemp(join(workspace.dir, 'uml-'));
  const group = await guestGroup(workspace, options, memoryBytes);
  const box = await openHolderGuest({
    path: 'uml',
    group,
    cpus: limits.cpus,
    env: await environment(folder, memoryBytes),
    signal,
    keepsDisk: fills,
    command: umlHolderCommand({
      initramfs,
      memoryBytes,
      folder,
      tscKhz,
      name,
      store: storeDir(),
      root: relative(storeDir(), root.root),
      disk,
      changes: fills ? undefined : join(folder, 'changes'),
      token: `--start=${workspace.id}-${name}`,
    }),
    cleanUp: () => removeTree(folder),
  });
  return {
    ...box,
    close: async () => {
      await box.close();
      state.filled = true;
    },
  };
}
