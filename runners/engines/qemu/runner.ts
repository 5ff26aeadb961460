/** QEMU: a virtual machine with the distribution's kernel, by KVM where that boots, else by emulation. */

import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { BoxmarkError, messageOf } from '../../../bench/errors.ts';
import type { Ablation, Box, OpenOptions, Prepared, Probe, Runner, Workspace } from '../../../bench/types.ts';
import { type BootResult, PATIENCE } from '../../guest/boot-probe.ts';
import { guestBox, guestGroup } from '../../guest/box.ts';
import { DATA_DISK, DATA_MODULES, dataOfDisk, makeDataDisk } from '../../guest/data-disk.ts';
import { hostTscKhz } from '../../guest/host-tsc.ts';
import { bootsWith, findParts, type GuestParts, kvmWorks, type MachineWish, NO_KVM } from '../../guest/kvm-probe.ts';
import { type Accelerator, MACHINES, qemuCommand, TRANSLATION_BYTES } from '../../guest/qemu-command.ts';
import { erofsDisk } from '../../image/forms.ts';
import { imageOnDisk } from '../../image/size.ts';
import { findCommand } from '../../kit/commands.ts';
import { removeTree } from '../../kit/remove.ts';
import { defineSettings, harmless } from '../../stack/settings.ts';

/** The kernel, the initramfs and Node.js don't fit in less. */
const MIN_MEMORY_BYTES = 512 << 20;
/** A virtio port has no terminal's queue, and holds back what the guest hasn't read: any line of Boxmark passes. */
const LINE_LIMIT_BYTES = 1 << 20;

/** The model that QEMU takes when none is named has neither AVX nor AES: what it hides shows in how much slower it is. */
const QEMU_ABLATIONS: readonly Ablation[] = [
  { part: 'the CPU model qemu64', settings: { cpu: 'qemu64' }, kind: 'exchanges' },
  { part: 'the machine type q35', settings: { machine: 'q35' }, kind: 'exchanges' },
];

interface QemuPrepared extends Prepared {
  readonly parts: GuestParts;
  readonly accelerator: Accelerator;
  readonly cpu: string | undefined;
  readonly disk: string;
  readonly tscKhz: number | undefined;
  readonly workspace: Workspace;
}

interface QemuSettings extends MachineWish {
  readonly accelerator?: Accelerator | undefined;
}

const SCHEMA = z.strictObject({
  accelerator: z
    .enum(['kvm', 'tcg'], 'is kvm or tcg')
    .optional()
    .describe('KVM or none at all, or emulation; without it KVM where it works, else emulation'),
  machine: z
    .enum(MACHINES, 'is microvm, q35 or virt')
    .optional()
    .describe('machine type: microvm or q35 on x86-64, virt on arm64'),
  cpu: z
    .string()
    .regex(/^[A-Za-z0-9][\w.,+=-]*$/, 'is no processor model')
    .optional()
    .describe('processor model as QEMU names it; without it the host’s own with KVM, else max'),
  patience: PATIENCE,
});

/** The runner `qemu`. With an accelerator it takes that one or none; otherwise KVM where it works, else emulation. */
export function qemuRunner(settings: QemuSettings = {}): Runner {
  return {
    name: 'qemu',
    kind: 'vm',
    summary: 'A virtual machine with a kernel of its own, by KVM where it works, else emulated.',
    needs: { privileges: 'none', commands: [] },
    holds: false,
    guestKernel: true,
    settings: defineSettings({
      layer: 'qemu',
      schema: SCHEMA,
      examples: { accelerator: 'tcg', machine: 'q35', cpu: 'max', patience: '60s' },
      risks: { accelerator: harmless, machine: harmless, cpu: harmless, patience: harmless },
      bare: 'accelerator',
      bind: qemuRunner,
    }),
    storage: `${DATA_DISK} (virtio, cache=none)`,
    posture: { rootDaemon: false, signedImage: false },
    ablations: QEMU_ABLATIONS,
    probe: (parent, workspace) => probe(parent, workspace, settings),
    async prepare(_parent, image, workspace, _holds, spec): Promise<QemuPrepared> {
      const parts = await findParts(settings, spec?.scratch === true ? DATA_MODULES : []);
      if ('missing' in parts) throw new BoxmarkError({ what: parts.missing, remedy: parts.remedy });
      const disk = await erofsDisk(image);
      const kvm = settings.accelerator === undefined ? await kvmWorks(workspace, settings) : null;
      const accelerator = settings.accelerator ?? (kvm?.works ? 'kvm' : 'tcg');
      return {
        labels: [
          labelOf(accelerator),
          ...givenUp(kvm),
          ...(settings.cpu === undefined ? [] : [`CPU model ${settings.cpu}`]),
        ],
        version: parts.qemu.version,
        traits: accelerator === 'kvm' ? { kvm: true } : { emulated: true, ownCpu: true },
        slowness: accelerator === 'kvm' ? 2 : 20,
        dispose: async () => {},
        parts,
        accelerator,
        cpu: settings.cpu,
        disk,
        onDisk: await imageOnDisk(disk),
        tscKhz: await hostTscKhz(),
        workspace,
      };
    },
    open: (parent, prepared, options) => open(parent, prepared as QemuPrepared, options),
  };
}

export const qemu = qemuRunner();

async function probe(parent: Box, workspace: Workspace, settings: QemuSettings): Promise<Probe> {
  const { accelerator: wanted } = settings;
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
    const parts = await findParts(settings);
    if ('missing' in parts) return { available: false, reason: parts.missing, remedy: parts.remedy };
    const kvm = wanted === 'tcg' ? undefined : await kvmWorks(workspace, settings);
    const accelerator = kvm?.works ? 'kvm' : 'tcg';
    if (wanted === 'kvm' && accelerator !== 'kvm') {
      const remedy = kvm?.timedOut ? 'qemu:kvm:patience=60s' : 'use qemu, which emulates then';
      return { available: false, reason: `KVM doesn't work: ${kvm?.reason}`, remedy };
    }
    const booted = accelerator === 'kvm' ? kvm : await bootsWith('tcg', parts, workspace, settings);
    if (booted?.works) {
      return { available: true, version: parts.qemu.version, labels: [labelOf(accelerator), ...givenUp(kvm)] };
    }
    const withoutKvm = kvm === undefined ? '' : `with KVM: ${kvm.reason}; emulated: `;
    return {
      available: false,
      reason: `no guest boots: ${withoutKvm}${booted?.reason}`,
      remedy: 'boxmark setup, or use uml',
    };
  } catch (error) {
    return { available: false, reason: messageOf(error), remedy: 'boxmark setup' };
  }
}

async function open(parent: Box, prepared: QemuPrepared, options: OpenOptions): Promise<Box> {
  const { parts, accelerator, cpu, disk, tscKhz, workspace } = prepared;
  const { limits, name } = options;
  const memoryBytes = Math.max(MIN_MEMORY_BYTES, limits.memoryBytes);
  const group = await guestGroup(workspace, options, memoryBytes, accelerator === 'tcg' ? TRANSLATION_BYTES : 0);
  const folder = await mkdtemp(join(workspace.dir, 'qemu-'));
  const data = await makeDataDisk(folder, options.spec);
  return guestBox({
    ...dataOfDisk(data, data?.direct === true),
    cleanUp: () => removeTree(folder),
    path: parent.path === 'host' ? 'qemu' : `${parent.path}/qemu`,
    group,
    lineLimitBytes: LINE_LIMIT_BYTES,
    cpus: limits.cpus,
    command: (argv) =>
      qemuCommand({
        ...parts,
        accelerator,
        model: cpu,
        disk,
        data,
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

/** Why KVM is there and not used, in short; nothing where there is none. */
function givenUp(kvm: BootResult | null | undefined): string[] {
  if (!kvm || kvm.works || kvm.reason === NO_KVM) return [];
  return [`no KVM: ${kvm.reason.split(': ')[0]}`];
}
