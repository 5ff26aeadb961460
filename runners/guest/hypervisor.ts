/** What the small hypervisors have in common: KVM or nothing, a kernel, the image as a disk, a serial console. */

import { access, constants, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { BoxmarkError, messageOf } from '../../bench/errors.ts';
import type { Box, OpenOptions, Prepared, Probe, Runner, Workspace } from '../../bench/types.ts';
import { erofsDisk } from '../image/image.ts';
import { findCommand } from '../kit/commands.ts';
import { hostExec } from '../kit/process.ts';
import { removeTree } from '../kit/remove.ts';
import { defineSettings, harmless, namesFile } from '../stack/settings.ts';
import { bootOnce, KVM_PATIENCE_MS, PATIENCE } from './boot-probe.ts';
import { guestBox, guestGroup } from './box.ts';
import { DATA_DISK, DATA_MODULES, type DataDisk, dataOfDisk, makeDataDisk } from './data-disk.ts';
import { findStaticBusybox, initramfsFile } from './initramfs.ts';
import { findGuestKernel } from './kernel.ts';
import { NO_KVM, pvmReason } from './kvm-probe.ts';
import { resolveModules } from './modules.ts';

const MIN_MEMORY_BYTES = 512 << 20;
/** A serial line is a terminal, whose queue takes 4096 bytes. */
const LINE_LIMIT_BYTES = 3900;

export interface HypervisorMachine {
  readonly kernel: string;
  readonly initramfs: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** None for a probe. */
  readonly disk?: string;
  /** Disk for the payload's data, /dev/vdb in the guest. */
  readonly data?: DataDisk | undefined;
  readonly name: string;
  readonly argv?: readonly string[];
  /** Private folder of this machine. */
  readonly folder: string;
}

export interface Hypervisor {
  readonly name: string;
  readonly summary: string;
  /** Name of the program, or its path. */
  readonly binary: string;
  /** Modules that a kernel of the distribution needs for its disk. */
  readonly modules: readonly string[];
  /** It opens disks past the host's page cache where the host's file system can. */
  readonly direct: boolean;
  /** Why it can't boot this kernel file; undefined when it can. */
  whyNotKernel(file: string): string | undefined;
  /** The command that boots the machine with its console on standard input and output; may write to its folder. */
  command(machine: HypervisorMachine): string[];
}

interface Parts {
  readonly kernel: string;
  readonly initramfs: string;
}

interface HypervisorPrepared extends Prepared {
  readonly parts: Parts;
  readonly disk: string;
  readonly workspace: Workspace;
}

const SCHEMA = z.strictObject({
  kernel: z
    .string()
    .transform((path) => path.replace(/%2F/gi, '/'))
    .refine((path) => path.startsWith('/'), 'is no absolute path')
    .optional()
    .describe('another kernel, with the drivers built in, than the distribution’s'),
  patience: PATIENCE,
});

type HypervisorSettings = z.infer<typeof SCHEMA>;

/** The runner of a hypervisor. */
export function hypervisorRunner(hypervisor: Hypervisor, settings: HypervisorSettings = {}): Runner {
  const { name, summary } = hypervisor;
  return {
    name,
    kind: 'vm',
    summary,
    needs: { privileges: 'none', commands: [] },
    holds: false,
    guestKernel: true,
    storage: `${DATA_DISK} (virtio${hypervisor.direct ? ', direct' : ''})`,
    posture: { rootDaemon: false, signedImage: false },
    settings: defineSettings({
      layer: name,
      schema: SCHEMA,
      examples: { kernel: '%2Fboot%2Fvmlinux', patience: '60s' },
      risks: { kernel: namesFile, patience: harmless },
      bind: (values) => hypervisorRunner(hypervisor, values),
    }),
    probe: (parent, workspace) => probe(hypervisor, settings, parent, workspace),
    async prepare(_parent, image, workspace, _holds, spec): Promise<HypervisorPrepared> {
      const modules = spec?.scratch === true ? DATA_MODULES : [];
      const parts = await partsOf(hypervisor, settings.kernel, modules);
      if ('missing' in parts) throw new BoxmarkError({ what: parts.missing, remedy: parts.remedy });
      const version = (await versionOf(hypervisor)) ?? '';
      return {
        labels: ['KVM'],
        traits: { kvm: true },
        version,
        slowness: 2,
        dispose: async () => {},
        parts,
        disk: await erofsDisk(image),
        workspace,
      };
    },
    open: (_parent, prepared, options) => open(hypervisor, prepared as HypervisorPrepared, options),
  };
}

/** Boots a guest to its first line. */
async function probe(
  hypervisor: Hypervisor,
  { kernel, patience = KVM_PATIENCE_MS }: HypervisorSettings,
  parent: Box,
  workspace: Workspace,
): Promise<Probe> {
  const unavailable = (reason: string, remedy: string): Probe => ({ available: false, reason, remedy });
  const { name } = hypervisor;
  if (parent.path !== 'host') {
    return unavailable(
      `${name} inside ${parent.path} would need its kernel and /dev/kvm in there`,
      `use ${name} as the first layer`,
    );
  }
  try {
    const version = await versionOf(hypervisor);
    if (version === undefined) {
      return unavailable(
        `${name} is not installed`,
        'put its released program into /usr/local/bin; distributions have none',
      );
    }
    await access('/dev/kvm', constants.R_OK | constants.W_OK);
    const parts = await partsOf(hypervisor, kernel);
    if ('missing' in parts) return unavailable(parts.missing, parts.remedy);
    const folder = await mkdtemp(join(workspace.dir, `${name}-`));
    try {
      const machine = { ...parts, cpus: 1, memoryBytes: 256 << 20, name: 'boxmark-probe', folder };
      const argv = ['taskset', '-c', workspace.limits.cpus.join(','), ...hypervisor.command(machine)];
      const booted = await bootOnce(argv, patience, workspace.signal);
      if (booted.works) return { available: true, version, labels: ['KVM'] };
      return unavailable(`no guest boots: ${pvmReason()}${booted.reason}`, 'a host whose KVM works, or uml');
    } finally {
      await removeTree(folder);
    }
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (path === '/dev/kvm') {
      const reason = code === 'ENOENT' ? NO_KVM : '/dev/kvm may not be opened by this user';
      return unavailable(reason, 'a host with hardware virtualisation, or uml');
    }
    return unavailable(messageOf(error), 'boxmark setup');
  }
}

async function open(hypervisor: Hypervisor, prepared: HypervisorPrepared, options: OpenOptions): Promise<Box> {
  const { parts, disk, workspace } = prepared;
  const { limits, name } = options;
  options.signal.throwIfAborted();
  const memoryBytes = Math.max(MIN_MEMORY_BYTES, limits.memoryBytes);
  const group = await guestGroup(workspace, options, memoryBytes);
  const folder = await mkdtemp(join(workspace.dir, `${hypervisor.name}-`));
  const data = await makeDataDisk(folder, options.spec);
  const machine = { ...parts, disk, data, cpus: limits.cpus.length, memoryBytes, name, folder };
  const box = guestBox({
    ...dataOfDisk(data, hypervisor.direct && data?.direct === true),
    path: hypervisor.name,
    group,
    lineLimitBytes: LINE_LIMIT_BYTES,
    cpus: limits.cpus,
    command: (argv) => hypervisor.command({ ...machine, argv }),
    cleanUp: () => removeTree(folder),
  });
  return box;
}

async function versionOf({ binary }: Hypervisor): Promise<string | undefined> {
  const asked = await hostExec([binary, '--version'], { timeoutMs: 10_000 });
  return asked.exitCode === 0 ? asked.stdout.trim().split('\n')[0] : undefined;
}

async function partsOf(
  hypervisor: Hypervisor,
  own?: string,
  further: readonly string[] = [],
): Promise<Parts | { missing: string; remedy: string }> {
  if (findCommand('mkfs.erofs') === undefined)
    return { missing: 'mkfs.erofs is not installed', remedy: 'boxmark setup --for qemu' };
  const busybox = await findStaticBusybox();
  if (typeof busybox !== 'string') return busybox;
  const found = own === undefined ? await findGuestKernel() : undefined;
  if (found !== undefined && 'missing' in found) return found;
  const kernel = own ?? found?.vmlinuz ?? '';
  const why = hypervisor.whyNotKernel(kernel);
  if (why !== undefined)
    return { missing: `${hypervisor.name} can't boot ${kernel}: ${why}`, remedy: `${hypervisor.name}:kernel=FILE` };
  const modules = found === undefined ? [] : await resolveModules(found, [...hypervisor.modules, ...further]);
  return { kernel, initramfs: await initramfsFile(busybox, modules) };
}
