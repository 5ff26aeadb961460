/** User-mode Linux: a guest kernel that runs as ordinary processes of the host, with the image as its root through hostfs. */

import { mkdtemp, readFile, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BoxmarkError, messageOf } from '../../../bench/errors.ts';
import type { Box, Image, OpenOptions, Prepared, Probe, Runner, Traits, Workspace } from '../../../bench/types.ts';
import { type BootResult, bootAnswer, bootOnce } from '../../guest/boot-probe.ts';
import { guestBox, guestGroup } from '../../guest/box.ts';
import { DATA_DISK, dataOfDisk, makeDataDisk } from '../../guest/data-disk.ts';
import { hostTscKhz } from '../../guest/host-tsc.ts';
import { findStaticBusybox, initramfsFile } from '../../guest/initramfs.ts';
import { imageOnDisk } from '../../image/size.ts';
import { hostExec } from '../../kit/process.ts';
import { removeTree } from '../../kit/remove.ts';
import { UML_COMMAND, umlCommand } from './command.ts';
import { openUmlHolder, type PreparedUmlHolder, prepareUmlHolder } from './holder.ts';

/** Node.js needs it; and with 64 MiB the kernel's limit of threads is so low that one boot in fifteen fails. */
const MIN_MEMORY_BYTES = 256 << 20;
const PROBE_TIMEOUT_MS = 30_000;
/** The terminal's queue takes 4096 bytes, and this kernel never wakes up again once it has been full. */
const INPUT_LIMIT_BYTES = 3900;

interface UmlPrepared extends Prepared {
  readonly root: string;
  readonly initramfs: string;
  readonly tscKhz: number | undefined;
  readonly workspace: Workspace;
}

/** Its kernel is a process, which presents its own virtual processor. */
const TRAITS: Partial<Traits> = { ownCpu: true, oneCpu: true };

export const uml: Runner = {
  name: 'uml',
  kind: 'guest-kernel',
  summary: 'User-mode Linux: a kernel of its own in ordinary processes, without hardware virtualisation.',
  needs: { privileges: 'none', commands: [] },
  holds: true,
  guestKernel: true,
  storage: `${DATA_DISK} (ubd), through its page cache, where a sync ends`,
  oneCpu: true,
  posture: { rootDaemon: false, signedImage: false },
  probe,
  async prepare(_parent, image, workspace, holds): Promise<UmlPrepared | PreparedUmlHolder> {
    const version = await umlVersion();
    if (holds !== undefined) {
      const own = await prepareUmlHolder({ ...image, root: carriedRoot(image) }, workspace, holds);
      return { ...own, labels: labelsFor(workspace), traits: TRAITS, version: version ?? '', slowness: 5 };
    }
    const initramfs = await umlInitramfs();
    if (typeof initramfs !== 'string') throw new BoxmarkError({ what: initramfs.missing, remedy: initramfs.remedy });
    return {
      labels: labelsFor(workspace),
      traits: TRAITS,
      version: version ?? '',
      slowness: 2,
      onDisk: await imageOnDisk(image.root),
      dispose: async () => {},
      root: carriedRoot(image),
      initramfs,
      tscKhz: await hostTscKhz(),
      workspace,
    };
  },
  open: (parent, prepared, options) =>
    options.holds === undefined
      ? open(parent, prepared as UmlPrepared, options)
      : openUmlHolder(prepared as PreparedUmlHolder, options, async (folder, memoryBytes) =>
          environment(folder, await memoryFolderFor(memoryBytes, (prepared as PreparedUmlHolder).workspace)),
        ),
};

function labelsFor({ limits }: Workspace): string[] {
  const alone = limits.cpus.length > 1 ? ['one CPU: User-mode Linux has no more'] : [];
  return ['guest kernel (User-mode Linux)', ...alone];
}

async function probe(parent: Box, workspace: Workspace): Promise<Probe> {
  if (parent.path !== 'host') {
    return {
      available: false,
      reason: `a guest kernel inside ${parent.path} would need its initramfs and a shared memory file system in there`,
      remedy: 'use uml as the first layer',
    };
  }
  try {
    const version = await umlVersion();
    if (version === undefined) {
      return { available: false, reason: 'User-mode Linux is not installed', remedy: 'boxmark setup' };
    }
    const initramfs = await umlInitramfs();
    if (typeof initramfs !== 'string') return { available: false, reason: initramfs.missing, remedy: initramfs.remedy };
    const booted = await boots(initramfs, version, workspace);
    return booted.works
      ? { available: true, version, labels: ['guest kernel (User-mode Linux)'] }
      : { available: false, reason: `no guest boots: ${booted.reason}`, remedy: 'allow ptrace, or use qemu' };
  } catch (error) {
    return { available: false, reason: messageOf(error), remedy: 'boxmark setup' };
  }
}

async function boots(initramfs: string, version: string, workspace: Workspace): Promise<BootResult> {
  const boot = async () => {
    const folder = await mkdtemp(join(workspace.dir, 'uml-'));
    try {
      const memoryFolder = await memoryFolderFor(MIN_MEMORY_BYTES, workspace);
      const orders = { name: 'probe' };
      const argv = umlCommand({ initramfs, memoryBytes: MIN_MEMORY_BYTES, folder, orders });
      const env = Object.entries(environment(folder, memoryFolder)).map(([name, value]) => `${name}=${value}`);
      const cpus = workspace.limits.cpus.join(',');
      return await bootOnce(['taskset', '-c', cpus, 'env', ...env, ...argv], PROBE_TIMEOUT_MS, workspace.signal);
    } finally {
      await removeTree(folder);
    }
  };
  return bootAnswer(['uml', version, basename(initramfs)], boot, ({ works }) => works);
}

async function open(parent: Box, prepared: UmlPrepared, options: OpenOptions): Promise<Box> {
  const { workspace, initramfs, root, tscKhz } = prepared;
  const memoryBytes = Math.max(MIN_MEMORY_BYTES, options.limits.memoryBytes);
  const memoryFolder = await memoryFolderFor(memoryBytes, workspace);
  const folder = await mkdtemp(join(workspace.dir, 'uml-'));
  const data = await makeDataDisk(folder, options.spec);
  const group = await guestGroup(workspace, options, memoryBytes);
  return guestBox({
    path: parent.path === 'host' ? 'uml' : `${parent.path}/uml`,
    group,
    lineLimitBytes: INPUT_LIMIT_BYTES,
    cpus: options.limits.cpus,
    env: environment(folder, memoryFolder),
    ...dataOfDisk(data, false),
    command: (argv) =>
      umlCommand({
        ...{ initramfs, memoryBytes, folder, root, tscKhz, data: data?.file },
        orders: { name: options.name, argv },
      }),
    cleanUp: () => removeTree(folder),
  });
}

/** The guest's memory is a file, which is unlinked as soon as it is open: in memory where there is room, else on the disk. */
async function memoryFolderFor(memoryBytes: number, workspace: Workspace): Promise<string> {
  const shared = '/dev/shm';
  const free = await statfs(shared).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
  const options = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .findLast(([, place, type]) => place === shared && type === 'tmpfs')?.[3];
  const executable = options !== undefined && !options.split(',').includes('noexec');
  if (executable && free > memoryBytes) return shared;
  const why = executable ? 'too small' : 'missing, or mounted noexec';
  workspace.note({ kind: 'uml-memory', reason: `${shared} is ${why}: the guest's memory is a file on the disk` });
  return workspace.dir;
}

function environment(folder: string, memoryFolder: string): Record<string, string> {
  return { HOME: folder, TMPDIR: memoryFolder };
}

/** hostfs takes flags after a comma, and the kernel line is split at spaces: such a path can't be named. */
function carriedRoot(image: Image): string {
  if (!/[\s,"]/.test(image.root)) return image.root;
  throw new BoxmarkError({
    what: "User-mode Linux can't use an image store whose path holds a space, a comma or a quotation mark.",
    value: image.root,
    remedy: 'set BOXMARK_CACHE to another folder',
  });
}

async function umlInitramfs(): Promise<string | { missing: string; remedy: string }> {
  const busybox = await findStaticBusybox();
  return typeof busybox === 'string' ? initramfsFile(busybox, []) : busybox;
}

async function umlVersion(): Promise<string | undefined> {
  const asked = await hostExec([UML_COMMAND, '--version'], { timeoutMs: 10_000 });
  return asked.exitCode === 0 ? asked.stdout.trim().split('\n')[0] : undefined;
}
