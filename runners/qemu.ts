/** QEMU: a virtual machine with the distribution's kernel, by KVM where that boots, else by emulation. */

import { BoxmarkError, messageOf } from '../bench/errors.ts';
import type { Box, OpenOptions, Prepared, Probe, Runner, Workspace } from '../bench/types.ts';
import { guestBox, guestGroup } from './guest/box.ts';
import { bootsWith, findParts, type GuestParts, kvmWorks } from './guest/kvm-probe.ts';
import { type Accelerator, hostTscKhz, qemuCommand, TRANSLATION_BYTES } from './guest/qemu-command.ts';
import { erofsDisk } from './image/forms.ts';
import { findCommand } from './image/layout.ts';

/** The kernel, the initramfs and Node.js don't fit in less. */
const MIN_MEMORY_BYTES = 512 << 20;
/** A virtio port has no terminal's queue, and holds back what the guest hasn't read: any line of ours passes. */
const LINE_LIMIT_BYTES = 1 << 20;

interface QemuPrepared extends Prepared {
  readonly parts: GuestParts;
  readonly accelerator: Accelerator;
  readonly disk: string;
  readonly tscKhz: number | undefined;
  readonly workspace: Workspace;
}

/** The runner `qemu`. With `wanted` it takes this accelerator or none; otherwise KVM where it works, else emulation. */
export function qemuRunner(wanted?: Accelerator): Runner {
  return {
    name: 'qemu',
    kind: 'vm',
    summary: 'A virtual machine with a kernel of its own, by KVM where it works, else emulated.',
    needs: { privileges: 'none', commands: [] },
    holds: false,
    guestKernel: true,
    probe: (parent, workspace) => probe(parent, workspace, wanted),
    async prepare(_parent, image, workspace): Promise<QemuPrepared> {
      const parts = await findParts();
      if ('missing' in parts) throw new BoxmarkError({ what: parts.missing, remedy: parts.remedy });
      const accelerator = wanted ?? ((await kvmWorks(workspace)).works ? 'kvm' : 'tcg');
      return {
        labels: [labelOf(accelerator)],
        version: parts.qemu.version,
        slowness: accelerator === 'kvm' ? 2 : 20,
        dispose: async () => {},
        parts,
        accelerator,
        disk: await erofsDisk(image),
        tscKhz: await hostTscKhz(),
        workspace,
      };
    },
    open: (parent, prepared, options) => open(parent, prepared as QemuPrepared, options),
  };
}

export const qemu = qemuRunner();

async function probe(parent: Box, workspace: Workspace, wanted: Accelerator | undefined): Promise<Probe> {
  if (parent.path !== 'host') {
    return {
      available: false,
      reason: `a virtual machine inside ${parent.path} would need its kernel, its disk and /dev/kvm in there`,
      remedy: 'use qemu as the first layer',
    };
  }
  if (findCommand('mkfs.erofs') === undefined) {
    return { available: false, reason: 'mkfs.erofs is not installed', remedy: 'boxmark setup' };
  }
  try {
    const parts = await findParts();
    if ('missing' in parts) return { available: false, reason: parts.missing, remedy: parts.remedy };
    const kvm = wanted === 'tcg' ? undefined : await kvmWorks(workspace);
    const accelerator = kvm?.works ? 'kvm' : 'tcg';
    if (wanted === 'kvm' && accelerator !== 'kvm') {
      return { available: false, reason: `KVM doesn't work: ${kvm?.reason}`, remedy: 'use qemu, which emulates then' };
    }
    const booted = accelerator === 'kvm' ? kvm : await bootsWith('tcg', parts, workspace);
    return booted?.works
      ? { available: true, version: parts.qemu.version, labels: [labelOf(accelerator)] }
      : { available: false, reason: `no guest boots: ${booted?.reason}`, remedy: 'boxmark setup, or use uml' };
  } catch (error) {
    return { available: false, reason: messageOf(error), remedy: 'boxmark setup' };
  }
}

async function open(parent: Box, prepared: QemuPrepared, options: OpenOptions): Promise<Box> {
  const { parts, accelerator, disk, tscKhz, workspace } = prepared;
  const { limits, name } = options;
  const memoryBytes = Math.max(MIN_MEMORY_BYTES, limits.memoryBytes);
  const group = await guestGroup(workspace, options, memoryBytes, accelerator === 'tcg' ? TRANSLATION_BYTES : 0);
  return guestBox({
    path: parent.path === 'host' ? 'qemu' : `${parent.path}/qemu`,
    group,
    lineLimitBytes: LINE_LIMIT_BYTES,
    cpus: limits.cpus,
    command: (argv) =>
      qemuCommand({
        ...parts,
        accelerator,
        disk,
        memoryBytes,
        cpus: limits.cpus.length,
        ...(tscKhz === undefined ? {} : { tscKhz }),
        orders: { name, argv },
      }),
  });
}

function labelOf(accelerator: Accelerator): string {
  return accelerator === 'kvm' ? 'KVM' : 'emulated (TCG)';
}
