/** The hardware part of the host facts: what stays the same over boots and kernel updates, and decides whether sessions compare. */

import { createHash } from 'node:crypto';
import { coreKinds, kindOf } from './cores.ts';
import { fieldOf, joinDistinct, type KernelFiles, memoryField } from './kernel-files.ts';

export interface HardwareFacts {
  /** As Node.js names it: `x64`, `arm64`. */
  readonly architecture: string;
  readonly cpuVendor: string | null;
  readonly cpuModel: string | null;
  readonly cpuFamily: string | null;
  /** Model number (x86) or part (ARM). */
  readonly cpuModelNumber: string | null;
  readonly cpuStepping: string | null;
  /** Instruction-set flags, sorted; without those that the kernel makes up or that follow from mitigations. */
  readonly cpuFlags: readonly string[];
  readonly cpuFlagsSha256: string;
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
  /** More than one thread to a core. */
  readonly smt: boolean;
  readonly caches: readonly CpuCache[];
  /** Kind of the measured cores, as `performance`; absent where all cores are of one kind. */
  readonly coreKind?: string;
  /** Rounded up to an eighth of its power of two: what the kernel keeps for itself differs from boot to boot. */
  readonly memoryGib: number | null;
  /** Null where nothing says. */
  readonly virtualised: boolean | null;
  readonly hypervisor: string | null;
}

export interface CpuCache {
  readonly level: number;
  readonly type: string;
  readonly size: string;
  /** Threads that share one. */
  readonly sharedBy: number;
}

/** Names that Linux adds to the flags by itself or that come and go with kernel, microcode and mitigation settings. */
const NOT_HARDWARE =
  /^(constant_tsc|nonstop_tsc.*|tsc_known_freq|tsc_reliable|rep_good|nopl|xtopology|cpuid|cpuid_fault|arch_perfmon|pebs|bts|aperfmperf|extd_apicid|amd_dcm|always|up|art|acc_power|epb|cpb|hw_pstate|proc_feedback|xcompacted|pti|kaiser|intel_ppin|msr_spec_ctrl|arch_capabilities|ssbd|virt_ssbd|amd_ssbd|ibrs.*|ibpb.*|stibp.*|amd_stibp.*|use_ib.*|rsb_ctxsw|retpoline.*|l1tf_pteinv|md_clear|flush_l1d|srbds_ctrl|srso.*|zen|perfmon_v2|tpr_shadow|flexpriority|ept.*|vpid|vnmi|vmmcall|vmcall|vmw_vmmcall|invpcid_single|split_lock_detect|bus_lock_detect|user_shstk|ibt|lbrv|nrip_save|svm_lock|tsc_scale|vmcb_clean|flushbyasid|decodeassists|pausefilter|pfthreshold|avic|v_vmsave_vmload|vgif|x2avic|v_spec_ctrl|debug_swap|hypervisor)$/;

/** Parts of the ARM cores that servers have; others are shown by number. */
const ARM_PARTS: Readonly<Record<string, string>> = {
  '0x41:0xd07': 'Cortex-A57',
  '0x41:0xd08': 'Cortex-A72',
  '0x41:0xd0b': 'Cortex-A76',
  '0x41:0xd0c': 'Neoverse-N1',
  '0x41:0xd40': 'Neoverse-V1',
  '0x41:0xd49': 'Neoverse-N2',
  '0x41:0xd4f': 'Neoverse-V2',
  '0xc0:0xac3': 'Ampere-1',
};

/** @param cpus those that are measured */
export function readHardware(files: KernelFiles, architecture: string, cpus: readonly number[]): HardwareFacts {
  const blocks = (files.text('/proc/cpuinfo') ?? '').split(/\n\s*\n/);
  const all = (name: string) => joinDistinct(blocks.map((block) => fieldOf(block, name)));
  const rawFlags = fieldOf(blocks[0] ?? '', 'flags') ?? fieldOf(blocks[0] ?? '', 'Features') ?? '';
  const coreKind = kindOf(coreKinds(files), cpus);
  const cpuFlags = [...new Set(rawFlags.split(/\s+/))].filter((flag) => flag !== '' && !NOT_HARDWARE.test(flag)).sort();
  return {
    architecture,
    cpuVendor: all('vendor_id') ?? all('CPU implementer'),
    cpuModel: all('model name') ?? armModel(blocks),
    cpuFamily: all('cpu family') ?? all('CPU architecture'),
    cpuModelNumber: all('model') ?? all('CPU part'),
    cpuStepping: all('stepping') ?? joinDistinct(blocks.map(armRevision)),
    cpuFlags,
    cpuFlagsSha256: createHash('sha256').update(cpuFlags.join(' ')).digest('hex'),
    ...topology(files, blocks),
    caches: caches(files),
    ...(coreKind === null ? {} : { coreKind }),
    memoryGib: roundedGib(memoryField(files, 'MemTotal')),
    ...virtualisation(files, rawFlags),
  };
}

function armModel(blocks: readonly string[]): string | null {
  return joinDistinct(
    blocks.map((block) => {
      const part = fieldOf(block, 'CPU part');
      const maker = fieldOf(block, 'CPU implementer');
      return part === null ? null : (ARM_PARTS[`${maker}:${part}`] ?? `implementer ${maker} part ${part}`);
    }),
  );
}

function armRevision(block: string): string | null {
  const revision = fieldOf(block, 'CPU revision');
  return revision === null ? null : `r${Number(fieldOf(block, 'CPU variant') ?? 0)}p${revision}`;
}

function topology(files: KernelFiles, blocks: readonly string[]) {
  const listed = blocks.filter((block) => fieldOf(block, 'processor') !== null);
  const online = files.cpus('/sys/devices/system/cpu/online') ?? listed.map((_, index) => index);
  const place = (cpu: number, name: string, fallback: string): string =>
    files.text(`/sys/devices/system/cpu/cpu${cpu}/topology/${name}`) ??
    fieldOf(listed[cpu] ?? '', fallback) ??
    (name === 'core_id' ? String(cpu) : '0');
  const sockets = new Set(online.map((cpu) => place(cpu, 'physical_package_id', 'physical id')));
  const cores = new Set(
    online.map(
      (cpu) =>
        files.text(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`) ??
        `${place(cpu, 'physical_package_id', 'physical id')}:${place(cpu, 'core_id', 'core id')}`,
    ),
  );
  const threads = Math.max(1, online.length);
  return { sockets: Math.max(1, sockets.size), cores: Math.max(1, cores.size), threads, smt: threads > cores.size };
}

function caches(files: KernelFiles): CpuCache[] {
  const base = '/sys/devices/system/cpu/cpu0/cache';
  const found: CpuCache[] = [];
  for (const index of files.names(base).filter((name) => /^index\d+$/.test(name))) {
    const level = files.number(`${base}/${index}/level`);
    const size = files.text(`${base}/${index}/size`);
    if (level === null || size === null) continue;
    const sharedBy = files.cpus(`${base}/${index}/shared_cpu_list`)?.length ?? 1;
    found.push({ level, type: files.text(`${base}/${index}/type`) ?? 'Unknown', size, sharedBy });
  }
  return found;
}

/** Up to the next eighth of a power of two: 23.5 GiB → 24, 503.4 GiB → 512. */
function roundedGib(bytes: number | null): number | null {
  if (bytes === null || bytes <= 0) return null;
  const gib = bytes / 2 ** 30;
  const step = 2 ** (Math.floor(Math.log2(gib)) - 3);
  return Math.ceil(gib / step) * step;
}

/** Makers of virtual machines by what their firmware tables say, most specific first. */
const FIRMWARE_MAKERS: readonly (readonly [RegExp, string])[] = [
  [/virtual machine.*microsoft|microsoft.*virtual machine/i, 'hyperv'],
  [/vmware/i, 'vmware'],
  [/virtualbox|innotek/i, 'virtualbox'],
  [/parallels/i, 'parallels'],
  [/\bxen\b|hvm domu/i, 'xen'],
  [/google compute engine|openstack|digitalocean|hetzner|qemu|kvm|bochs|amazon ec2|alibaba/i, 'kvm'],
];

function virtualisation(files: KernelFiles, rawFlags: string): Pick<HardwareFacts, 'virtualised' | 'hypervisor'> {
  const cpuinfo = files.text('/proc/cpuinfo');
  if (fieldOf(cpuinfo, 'vendor_id') === 'User Mode Linux') return { virtualised: true, hypervisor: 'uml' };
  const firmware = ['sys_vendor', 'product_name', 'board_vendor', 'bios_vendor']
    .map((name) => files.text(`/sys/class/dmi/id/${name}`) ?? '')
    .join(' ');
  const clocks = files.text('/sys/devices/system/clocksource/clocksource0/available_clocksource') ?? '';
  const named =
    files.text('/sys/hypervisor/type') ??
    FIRMWARE_MAKERS.find(([pattern]) => pattern.test(firmware))?.[1] ??
    (/kvm-clock/.test(clocks) ? 'kvm' : /hyperv/.test(clocks) ? 'hyperv' : /\bxen\b/.test(clocks) ? 'xen' : null);
  // On x86 the CPU itself says so; a cloud's maker name alone is also on its bare-metal machines.
  if (/\bhypervisor\b/.test(rawFlags)) return { virtualised: true, hypervisor: named };
  if (/\bfpu\b/.test(rawFlags)) return { virtualised: false, hypervisor: null };
  if (/\.metal\b/.test(firmware)) return { virtualised: false, hypervisor: null };
  if (named !== null) return { virtualised: true, hypervisor: named };
  return { virtualised: firmware.trim() === '' ? null : false, hypervisor: null };
}
