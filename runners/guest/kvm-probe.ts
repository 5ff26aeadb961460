/** Is hardware virtualisation usable? A device file does not show it, so a guest is booted with it. */

import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Workspace } from '../../bench/types.ts';
import { type BootResult, bootAnswer, bootOnce, KVM_PATIENCE_MS } from './boot-probe.ts';
import { hostTscKhz } from './host-tsc.ts';
import { findStaticBusybox, initramfsFile } from './initramfs.ts';
import { findGuestKernel, type GuestKernel } from './kernel.ts';
import { resolveModules } from './modules.ts';
import { type Accelerator, findQemu, guestModules, type Machine, type Qemu, qemuCommand } from './qemu-command.ts';

/** Emulated, the same boot takes about 3 s, and several times that on a busy host. */
const TCG_TIMEOUT_MS = 60_000;
export const NO_KVM = 'there is no /dev/kvm';
const PROBE_MEMORY_BYTES = 256 << 20;

/** What a path may say about the machine. */
export interface MachineWish {
  readonly machine?: Machine | undefined;
  /** Processor model. */
  readonly cpu?: string | undefined;
  /** How long a guest may take to its first line with KVM, ms. */
  readonly patience?: number | undefined;
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

/**
 * QEMU, kernel and initramfs with these modules besides those that every guest needs, or the first of them that is missing.
 * Throws only for a kernel without a module it needs.
 */
export async function findParts(
  { machine }: MachineWish = {},
  modules: readonly string[] = [],
): Promise<GuestParts | PartMissing> {
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
  const initramfs = await initramfsFile(busybox, await resolveModules(kernel, [...guestModules(qemu), ...modules]));
  return { qemu, kernel, initramfs };
}

/** Boots to the guest's first line. Never throws; a yes is remembered, and so is how a machine with KVM ended. */
export async function bootsWith(
  accelerator: Accelerator,
  parts: GuestParts,
  workspace: Workspace,
  { cpu, patience = KVM_PATIENCE_MS }: MachineWish = {},
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
  const timeoutMs = accelerator === 'kvm' ? patience : TCG_TIMEOUT_MS;
  return bootAnswer(
    [accelerator, parts.qemu.version, parts.qemu.machine, parts.kernel.version, basename(parts.initramfs), cpu ?? ''],
    () => bootOnce(pinned, timeoutMs, workspace.signal),
    ({ works, timedOut }) => works || (accelerator === 'kvm' && timedOut !== true && !workspace.signal.aborted),
  );
}

/** Whether a guest boots with KVM, and what was seen. Never throws. An answer is kept until the host is booted again. */
export async function kvmWorks(workspace: Workspace, wish: MachineWish = {}): Promise<BootResult> {
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { works: false, reason: missing ? NO_KVM : '/dev/kvm may not be opened by this user' };
  }
  try {
    const parts = await findParts(wish);
    if ('missing' in parts) return { works: false, reason: parts.missing };
    const booted = await bootsWith('kvm', parts, workspace, wish);
    return booted.works ? booted : { ...booted, reason: `${pvmReason()}${booted.reason}` };
  } catch (error) {
    return { works: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * PVM makes virtual machines without hardware virtualisation, and has a /dev/kvm. A kernel that was not built for it
 * (CONFIG_PVM_GUEST) does not boot in it, and what QEMU says then names no cause.
 */
export function pvmReason(modules = '/sys/module'): string {
  return existsSync(join(modules, 'kvm_pvm')) ? "/dev/kvm is PVM's (kvm_pvm), for kernels built for it: " : '';
}
