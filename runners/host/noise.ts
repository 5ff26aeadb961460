/** Noise pre-flight: settings and conditions of the host that make measurements wander, with what to do about each. */

import { PRELOAD, preloadFiles } from '../../bench/box/preload.ts';
import { cpuList } from '../kit/shell.ts';
import { coreKinds, kindOf } from './cores.ts';
import { governorOf, turboState } from './facts.ts';
import { readHardware } from './hardware.ts';
import { bracketed, type KernelFiles, kernelFiles, memoryField } from './kernel-files.ts';

export interface NoiseCheck {
  readonly name: string;
  /** What was found, as text. */
  readonly value: string;
  readonly state: 'ok' | 'warn' | 'unknown';
  /** Why it matters. */
  readonly meaning: string;
  /** What to do when it is not ok. */
  readonly remedy: string;
}

/** What a check finds: a value and whether it is good; null where the host doesn't say. */
type Finding = { readonly value: string; readonly good: boolean } | null;

/** Clocks that are read without a system call. */
const FAST_CLOCKS = ['tsc', 'arch_sys_counter', 'kvm-clock', 'hyperv_clocksource_tsc_page', 'timebase'];
const STEAL_WARN = 0.005;
const LOAD_PER_CPU_WARN = 0.25;
const PRESSURE_WARN_PERCENT = 5;

/**
 * Looks at the host as it is now. Only reads files.
 * @param cpus the CPUs that are to be measured
 */
export function preflight(cpus: readonly number[], root = '/'): NoiseCheck[] {
  const files = kernelFiles(root);
  return CHECKS.map(({ name, find, meaning, remedy }) => {
    const found = find(files, cpus);
    const state = found === null ? 'unknown' : found.good ? 'ok' : 'warn';
    return { name, value: found?.value ?? 'not shown here', state, meaning, remedy };
  });
}

interface Check {
  readonly name: string;
  readonly find: (files: KernelFiles, cpus: readonly number[]) => Finding;
  readonly meaning: string;
  readonly remedy: string;
}

const CHECKS: readonly Check[] = [
  {
    name: 'governor',
    find: (files, cpus) => judge(governorOf(files, cpus), (value) => value === 'performance'),
    meaning: 'Any other governor changes the clock speed with the load, so the first bursts after a pause are slow.',
    remedy: 'cpupower frequency-set -g performance',
  },
  {
    name: 'turbo',
    find: (files) => {
      const on = turboState(files);
      return on === null ? null : { value: on ? 'on' : 'off', good: !on };
    },
    meaning: 'With turbo, the speed depends on the temperature and on the load of the other cores.',
    remedy: 'echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo, or echo 0 > /sys/devices/system/cpu/cpufreq/boost',
  },
  {
    name: 'SMT siblings',
    find: siblings,
    meaning: 'A thread on the same core takes much of its speed, and the harness may run there.',
    remedy: 'choose the CPU with --cpu, or take its sibling offline: echo 0 > /sys/devices/system/cpu/cpuN/online',
  },
  {
    name: 'kind of cores',
    find: (files, cpus) => {
      const kinds = coreKinds(files);
      const kind = kindOf(kinds, cpus);
      return { value: kind ?? 'all alike', good: kind === null || kind === kinds[0]?.name };
    },
    meaning: 'Efficiency cores and little cores are slower, and figures of two kinds of cores do not compare.',
    remedy: 'choose CPUs of the fastest kind with --cpu',
  },
  {
    name: 'isolated CPUs',
    find: (files, cpus) => {
      const isolated = (files.cpus('/sys/devices/system/cpu/isolated') ?? []).filter((cpu) => cpus.includes(cpu));
      return {
        value: isolated.length === 0 ? 'none measured' : cpuList(isolated),
        good: isolated.length === 0 || cpus.length === 1,
      };
    },
    meaning: 'The kernel does not balance load over isolated CPUs: threads stay on the first of several.',
    remedy: 'choose one isolated CPU with --cpu, or several that are not isolated',
  },
  {
    name: 'preloaded libraries',
    find: (files) => {
      const names = preloadFiles(files.text(PRELOAD) ?? '');
      return judge(names.join(' ') || 'none', (value) => value === 'none');
    },
    meaning: 'The host loads them into every program, so that native has them and containers do not.',
    remedy: `take them out of ${PRELOAD} while you measure`,
  },
  {
    name: 'steal since boot',
    find: (files) =>
      judge(
        stealShare(files),
        (share) => share < STEAL_WARN,
        (share) => `${(share * 100).toFixed(2)} %`,
      ),
    meaning:
      'Time in which the hypervisor ran something else instead of this machine. Not every hypervisor reports it.',
    remedy: 'use a machine with dedicated CPUs, and more blocks',
  },
  {
    name: 'load average',
    find: (files) => {
      const load = Number.parseFloat(files.text('/proc/loadavg') ?? '');
      const count = files.cpus('/sys/devices/system/cpu/online')?.length ?? 1;
      return Number.isNaN(load) ? null : { value: load.toFixed(2), good: load / count <= LOAD_PER_CPU_WARN };
    },
    meaning: 'Other work is running; it competes for caches and memory even on other CPUs.',
    remedy: 'stop it, or wait until it is done',
  },
  {
    name: 'CPU pressure',
    find: (files) => {
      const match = /^some .*?avg10=([\d.]+)/m.exec(files.text('/proc/pressure/cpu') ?? '');
      return match === null ? null : { value: `${match[1]} %`, good: Number(match[1]) <= PRESSURE_WARN_PERCENT };
    },
    meaning: 'Share of the last ten seconds in which some process waited for a CPU.',
    remedy: 'stop other work, or wait until it is done',
  },
  {
    name: 'transparent huge pages',
    find: (files) =>
      judge(bracketed(files.text('/sys/kernel/mm/transparent_hugepage/enabled')), (value) => value !== 'always'),
    meaning: 'With "always", a start gets huge pages by chance, and pages are merged while it runs.',
    remedy: 'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled',
  },
  {
    name: 'virtualised',
    find: (files) => {
      const { virtualised, hypervisor } = readHardware(files, process.arch, []);
      return virtualised === null ? null : { value: virtualised ? (hypervisor ?? 'yes') : 'no', good: !virtualised };
    },
    meaning: 'Other machines on the same hypervisor slow this one without a trace in its own counters.',
    remedy: 'publish from bare metal, or repeat at other times of day',
  },
  {
    name: 'clocksource',
    find: (files) =>
      judge(files.text('/sys/devices/system/clocksource/clocksource0/current_clocksource'), (value) =>
        FAST_CLOCKS.includes(value),
      ),
    meaning: 'Other clocks cost a system call or more for each reading.',
    remedy: 'find out why the kernel gave up the fast clock: dmesg | grep -i clocksource',
  },
  {
    name: 'battery',
    find: battery,
    meaning: 'On battery, the firmware may lower the clock speed at any time.',
    remedy: 'plug it in',
  },
  {
    name: 'swap in use',
    find: (files) => {
      const total = memoryField(files, 'SwapTotal');
      const free = memoryField(files, 'SwapFree');
      if (total === null || free === null) return null;
      return { value: `${Math.round((total - free) / 2 ** 20)} MiB`, good: total - free === 0 };
    },
    meaning: 'Memory was short; a process waits for pages that are read back from swap.',
    remedy: 'free memory, then swapoff -a && swapon -a',
  },
  {
    name: 'address randomisation',
    find: (files) => judge(files.text('/proc/sys/kernel/randomize_va_space'), (value) => value !== '0'),
    meaning:
      'It gives every start a different memory layout. Without it, all starts share one layout, which may be a lucky one.',
    remedy: 'sysctl kernel.randomize_va_space=2',
  },
];

function judge<T>(value: T | null, good: (value: T) => boolean, show: (value: T) => string = String): Finding {
  return value === null ? null : { value: show(value), good: good(value) };
}

/** Siblings of the measured CPUs that are not measured themselves: work on them goes unseen. */
function siblings(files: KernelFiles, cpus: readonly number[]): Finding {
  const lists = cpus.map((cpu) => files.cpus(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`));
  if (lists.length === 0 || lists.includes(null)) return null;
  const others = new Set(lists.flatMap((list) => list ?? []).filter((cpu) => !cpus.includes(cpu)));
  return { value: others.size === 0 ? 'none' : `CPU ${[...others].join(', ')}`, good: others.size === 0 };
}

function stealShare(files: KernelFiles): number | null {
  const fields =
    /^cpu\s+(.*)$/m
      .exec(files.text('/proc/stat') ?? '')?.[1]
      ?.split(/\s+/)
      .map(Number) ?? [];
  // Guest time (fields 9 and 10) is counted in user time already.
  const total = fields.slice(0, 8).reduce((sum, ticks) => sum + ticks, 0);
  return fields.length < 8 || total === 0 ? null : (fields[7] ?? 0) / total;
}

function battery(files: KernelFiles): Finding {
  const base = '/sys/class/power_supply';
  const supplies = files.names(base).filter((name) => files.text(`${base}/${name}/type`) === 'Battery');
  const states = supplies.map((name) => files.text(`${base}/${name}/status`) ?? 'Unknown');
  if (states.length === 0) return { value: 'none', good: true };
  return { value: states.join(', ').toLowerCase(), good: !states.includes('Discharging') };
}
