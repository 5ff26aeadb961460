/** Is hardware virtualisation usable? A device file does not show it, so a guest is booted with it. */

import { access, constants } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Workspace } from '../../bench/types.ts';
import { type BootResult, bootAnswer, bootOnce } from './boot-probe.ts';
import { findStaticBusybox, initramfsFile } from './initramfs.ts';
import { findGuestKernel, type GuestKernel } from './kernel.ts';
import { resolveModules } from './modules.ts';
import {
  type Accelerator,
  findQemu,
  guestModules,
  hostTscKhz,
  type Machine,
  type Qemu,
  qemuCommand,
} from './qemu-command.ts';

/** A working KVM needs well under 2 s. */
const KVM_TIMEOUT_MS = 6000;
/** Emulated, the same boot takes about 3 s, and several times that on a busy host. */
const TCG_TIMEOUT_MS = 60_000;
const PROBE_MEMORY_BYTES = 256 << 20;

/** What a path may say about the machine. */
export interface MachineWish {
  readonly machine?: Machine | undefined;
  /** Processor model. */
  readonly cpu?: string | undefined;
}

/** What a guest is booted from. */
export interface GuestParts {
  readonly qemu: Qemu;
  readonly kernel: GuestKernel;
  readonly initramfs: string;
}

export interface PartMissing {
  readonly missing: string;
  readonly remedy: string;
}

/** QEMU, kernel and initramfs, or the first of them that is missing. Throws only for a kernel without a module it needs. */
export async function findParts({ machine }: MachineWish = {}): Promise<GuestParts | PartMissing> {
  const qemu = await findQemu(machine);
  if (qemu === undefined) {
    return machine === undefined || (await findQemu()) === undefined
      ? { missing: 'QEMU is not installed', remedy: 'boxmark setup' }
      : { missing: `QEMU has no machine ${machine} for this processor`, remedy: 'qemu without a machine' };
  }
  const busybox = await findStaticBusybox();
  if (typeof busybox !== 'string') return busybox;
  const kernel = await findGuestKernel();
  if ('missing' in kernel) return kernel;
  const initramfs = await initramfsFile(busybox, await resolveModules(kernel, guestModules(qemu)));
  return { qemu, kernel, initramfs };
}

/** Boots to the guest's first line. Never throws; the answer is remembered, without KVM only when it is yes. */
export async function bootsWith(
  accelerator: Accelerator,
  parts: GuestParts,
  workspace: Workspace,
  cpu?: string,
): Promise<BootResult> {
  const tscKhz = await hostTscKhz();
  const argv = qemuCommand({
    ...parts,
    accelerator,
    cpus: 1,
    model: cpu,
    memoryBytes: PROBE_MEMORY_BYTES,
    ...(tscKhz === undefined ? {} : { tscKhz }),
    orders: { name: 'boxmark-probe' },
  });
  const pinned = ['taskset', '-c', workspace.limits.cpus.join(','), ...argv];
  const timeoutMs = accelerator === 'kvm' ? KVM_TIMEOUT_MS : TCG_TIMEOUT_MS;
  return bootAnswer(
    [accelerator, parts.qemu.version, parts.qemu.machine, parts.kernel.version, basename(parts.initramfs), cpu ?? ''],
    () => bootOnce(pinned, timeoutMs, workspace.signal),
    ({ works }) => works || (accelerator === 'kvm' && !workspace.signal.aborted),
  );
}

/** Whether a guest boots with KVM, and what was seen. Never throws. At most about 6 s, once until the host is booted again. */
export async function kvmWorks(workspace: Workspace, wish: MachineWish = {}): Promise<BootResult> {
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { works: false, reason: missing ? 'there is no /dev/kvm' : '/dev/kvm may not be opened by this user' };
  }
  try {
    const parts = await findParts(wish);
    if ('missing' in parts) return { works: false, reason: parts.missing };
    return await bootsWith('kvm', parts, workspace, wish.cpu);
  } catch (error) {
    return { works: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
