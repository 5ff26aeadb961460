/** The QEMU command line: which machine, which devices, which kernel parameters. Pure but for asking QEMU what it can do. */

import { hostExec } from '../kit/process.ts';
import type { DataDisk } from './data-disk.ts';
import { type GuestOrders, kernelLine, orderParameters } from './init.ts';
import type { GuestKernel } from './kernel.ts';

export type Accelerator = 'kvm' | 'tcg';

/** Size of the buffer for translated code: with the default of an eighth of the guest's memory, Node.js is translated over and over. */
export const TRANSLATION_BYTES = 256 << 20;
/** Name of the virtio port that carries standard input and output. */
const PORT = 'boxmark';
/** x86 takes 2047 characters and a zero. */
const LINE_LIMIT_CHARS = 2048;

export const MACHINES = ['microvm', 'q35', 'virt'] as const;
export type Machine = (typeof MACHINES)[number];

export interface Qemu {
  readonly binary: string;
  readonly version: string;
  readonly machine: Machine;
}

export interface QemuOptions {
  readonly qemu: Qemu;
  readonly accelerator: Accelerator;
  readonly kernel: GuestKernel;
  readonly initramfs: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Processor model; by default the host's own with KVM, else all that the emulator can do. */
  readonly model?: string | undefined;
  /** File of the root's erofs; none for a probe. */
  readonly disk?: string;
  /** Disk for the payload's data. */
  readonly data?: DataDisk | undefined;
  /** TSC frequency of the host in kHz, when known. */
  readonly tscKhz?: number;
  readonly orders: Pick<GuestOrders, 'name' | 'argv'>;
}

/** Name of the QEMU binary for this processor. */
export function qemuBinary(): string {
  return process.arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64';
}

/**
 * QEMU as it is installed, with the smallest machine type it knows, or the wanted one; undefined when it isn't installed, or
 * doesn't know the wanted machine.
 */
export async function findQemu(wanted?: Machine, binary = qemuBinary()): Promise<Qemu | undefined> {
  const asked = await hostExec([binary, '--version'], { timeoutMs: 10_000 });
  const version = /version (\S+)/.exec(asked.stdout)?.[1];
  if (asked.exitCode !== 0 || version === undefined) return undefined;
  const machines = await hostExec([binary, '-M', 'help'], { timeoutMs: 10_000 });
  const known = (name: Machine): boolean => new RegExp(`^${name}\\b`, 'm').test(machines.stdout);
  const usual: Machine[] = process.arch === 'arm64' ? ['virt'] : ['microvm', 'q35'];
  const machine = usual.find((name) => (wanted ?? name) === name && known(name));
  return machine === undefined ? undefined : { binary, version, machine };
}

/** Modules that a guest of this machine needs for its disk and console. */
export function guestModules(qemu: Qemu): string[] {
  const bus = qemu.machine === 'q35' ? 'virtio_pci' : 'virtio_mmio';
  return [bus, 'virtio_blk', 'virtio_console', 'erofs'];
}

/** The command that boots a guest with its console on standard input and output. Throws `BoxmarkError` for too long a command. */
export function qemuCommand(options: QemuOptions): string[] {
  const { qemu, accelerator } = options;
  const bus = qemu.machine === 'q35' ? 'pci' : 'device';
  // No lock on the root: several guests read the same file.
  const disks = [
    ...(options.disk === undefined ? [] : drive(bus, 'root', options.disk, 'readonly=on,file.locking=off')),
    ...(options.data === undefined ? [] : drive(bus, 'data', options.data.file, cacheOf(options.data))),
  ];
  return [
    qemu.binary,
    ...['-name', options.orders.name],
    ...['-M', machineOption(qemu, accelerator)],
    ...['-accel', accelerator === 'kvm' ? 'kvm' : `tcg,thread=multi,tb-size=${TRANSLATION_BYTES >> 20}`],
    ...['-cpu', options.model ?? (accelerator === 'kvm' ? 'host' : 'max')],
    ...['-smp', String(options.cpus)],
    ...['-m', String(Math.ceil(options.memoryBytes / (1 << 20)))],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', options.kernel.vmlinuz, '-initrd', options.initramfs],
    ...disks,
    // A port, not a console: what a console of QEMU can't write at once it drops.
    ...['-chardev', 'stdio,id=stdio,signal=off'],
    ...['-device', `virtio-serial-${bus}`, '-device', `virtserialport,chardev=stdio,name=${PORT}`],
    ...['-append', kernelLine(kernelParameters(options), LINE_LIMIT_CHARS)],
  ];
}

/** A comma in a value is written twice. */
function drive(bus: string, id: string, file: string, options: string): string[] {
  const path = file.replaceAll(',', ',,');
  return [
    ...['-drive', `if=none,id=${id},format=raw,${options},file=${path}`],
    ...['-device', `virtio-blk-${bus},drive=${id}`],
  ];
}

/** As OpenStack and Proxmox have it: one cache, the guest's. */
function cacheOf({ direct }: DataDisk): string {
  return `cache=${direct ? 'none' : 'writeback'}`;
}

function machineOption(qemu: Qemu, accelerator: Accelerator): string {
  switch (qemu.machine) {
    case 'microvm':
      // Without ACPI the guest doesn't find its devices. The timers stay: the kernel hangs without them.
      return 'microvm,acpi=on,rtc=on,x-option-roms=off';
    case 'q35':
      return 'q35,usb=off,vmport=off,smbus=off';
    case 'virt':
      return accelerator === 'kvm' ? 'virt,gic-version=host' : 'virt';
  }
}

function kernelParameters({ accelerator, tscKhz, disk, data, orders }: QemuOptions): string[] {
  // An emulated machine is too slow for the kernel to measure the TSC against a timer: it hangs on a busy host. And its
  // watchdog would give the TSC up, for a clock that loses a third of the time.
  const clock = accelerator === 'tcg' && tscKhz !== undefined ? [`tsc_early_khz=${tscKhz}`, 'tsc=reliable'] : [];
  return [
    ...clock,
    ...['quiet', 'loglevel=1', 'panic=-1', 'random.trust_cpu=on'],
    // On x86 the fastest way out of a machine that was started with -no-reboot.
    ...(process.arch === 'x64' ? ['reboot=t'] : []),
    ...(accelerator === 'tcg' ? ['mitigations=off'] : []),
    ...orderParameters({
      ...orders,
      console: `port:${PORT}`,
      end: 'reboot',
      ...(disk === undefined ? {} : { root: { type: 'erofs', device: '/dev/vda' } }),
      ...(data === undefined ? {} : { data: '/dev/vdb' }),
    }),
  ];
}
