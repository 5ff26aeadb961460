/** Host facts, the noise pre-flight and the choice of CPUs, on fixture trees of several machines and on this host. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../bench/box/machine.ts';
import { BoxmarkError } from '../../bench/errors.ts';
import { siblingTexts } from '../../runners/host/cores.ts';
import {
  allowedCpus,
  availableMemoryBytes,
  defaultLimits,
  type HostCpus,
  hostCpus,
  pinSelf,
  stealTicks,
} from '../../runners/host/cpus.ts';
import { readHost } from '../../runners/host/facts.ts';
import { preflight } from '../../runners/host/noise.ts';

const roots: string[] = [];

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

function tree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'boxmark-host-'));
  roots.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** A bare-metal AMD machine: 2 cores, 4 threads, as Linux shows it. */
function amd(changes: { mhz?: string; flags?: string; memoryKib?: number; model?: string; hypervisor?: boolean } = {}) {
  const { mhz = '3400.000', flags = '', memoryKib = 32_690_000, model = 'AMD EPYC 9354P 32-Core Processor' } = changes;
  const block = (cpu: number) =>
    [
      `processor\t: ${cpu}`,
      'vendor_id\t: AuthenticAMD',
      'cpu family\t: 25',
      'model\t\t: 17',
      `model name\t: ${model}`,
      'stepping\t: 1',
      'microcode\t: 0xa101148',
      `cpu MHz\t\t: ${mhz}`,
      `physical id\t: 0`,
      `core id\t\t: ${cpu % 2}`,
      `flags\t\t: fpu sse2 avx2 avx512f constant_tsc${changes.hypervisor ? ' hypervisor' : ''} ${flags}`,
      `bogomips\t: ${Number(mhz) * 2}`,
    ].join('\n');
  const files: Record<string, string> = {
    '/proc/cpuinfo': `${[0, 1, 2, 3].map(block).join('\n\n')}\n`,
    '/proc/meminfo': `MemTotal: ${memoryKib} kB\nMemAvailable: 20000000 kB\nSwapTotal: 2097152 kB\nSwapFree: 2093056 kB\n`,
    '/proc/stat':
      'cpu  1000 0 500 8000 100 0 0 400 0 0\ncpu0 500 0 250 4000 50 0 0 100 0 0\ncpu1 500 0 250 4000 50 0 0 300 0 0\n',
    '/proc/loadavg': '3.10 2.00 1.00 2/300 4242\n',
    '/proc/pressure/cpu':
      'some avg10=12.50 avg60=2.00 avg300=0.10 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
    '/proc/cmdline': 'BOOT_IMAGE=/vmlinuz root=UUID=secret mitigations=off isolcpus=1 quiet\n',
    '/proc/mounts': 'cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n',
    '/proc/sys/kernel/osrelease': '6.12.0-amd64\n',
    '/proc/sys/kernel/randomize_va_space': '0\n',
    '/proc/self/status': 'Name:\tnode\nCpus_allowed_list:\t0-127\n',
    '/etc/os-release': 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
    '/sys/devices/system/cpu/online': '0-3\n',
    '/sys/devices/system/cpu/cpufreq/boost': '1\n',
    '/sys/devices/system/cpu/vulnerabilities/meltdown': 'Not affected\n',
    '/sys/devices/system/cpu/cpu0/cache/index0/level': '1\n',
    '/sys/devices/system/cpu/cpu0/cache/index0/type': 'Data\n',
    '/sys/devices/system/cpu/cpu0/cache/index0/size': '32K\n',
    '/sys/devices/system/cpu/cpu0/cache/index0/shared_cpu_list': '0,2\n',
    '/sys/devices/system/clocksource/clocksource0/current_clocksource': 'hpet\n',
    '/sys/kernel/mm/transparent_hugepage/enabled': '[always] madvise never\n',
    '/sys/class/dmi/id/sys_vendor': 'Supermicro\n',
    '/sys/class/power_supply/BAT0/type': 'Battery\n',
    '/sys/class/power_supply/BAT0/status': 'Discharging\n',
  };
  for (const cpu of [0, 1, 2, 3]) {
    const base = `/sys/devices/system/cpu/cpu${cpu}`;
    files[`${base}/topology/physical_package_id`] = '0\n';
    files[`${base}/topology/core_id`] = `${cpu % 2}\n`;
    files[`${base}/topology/thread_siblings_list`] = `${cpu % 2},${(cpu % 2) + 2}\n`;
    files[`${base}/cpufreq/scaling_governor`] = 'schedutil\n';
    files[`${base}/cpufreq/scaling_driver`] = 'amd-pstate-epp\n';
  }
  return files;
}

const ARM = {
  '/proc/cpuinfo': [0, 1]
    .map(
      (cpu) =>
        `processor\t: ${cpu}\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd aes sve\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: 0xd40\nCPU revision\t: 1`,
    )
    .join('\n\n'),
  '/proc/meminfo': 'MemTotal: 3900000 kB\n',
  '/sys/devices/system/cpu/online': '0-1\n',
  '/sys/class/dmi/id/sys_vendor': 'Amazon EC2\n',
  '/sys/class/dmi/id/product_name': 'c7g.large\n',
  '/sys/devices/system/clocksource/clocksource0/current_clocksource': 'arch_sys_counter\n',
};

describe('host facts', () => {
  it('reads an AMD machine with two threads to a core', async () => {
    const { hardware, stack } = await readHost({ cpus: [0], root: tree(amd()), architecture: 'x64' });
    expect(hardware).toMatchObject({
      cpuVendor: 'AuthenticAMD',
      cpuModel: 'AMD EPYC 9354P 32-Core Processor',
      cpuFamily: '25',
      cpuModelNumber: '17',
      cpuStepping: '1',
      cpuFlags: ['avx2', 'avx512f', 'fpu', 'sse2'],
      sockets: 1,
      cores: 2,
      threads: 4,
      smt: true,
      caches: [{ level: 1, type: 'Data', size: '32K', sharedBy: 2 }],
      memoryGib: 32,
      virtualised: false,
      hypervisor: null,
    });
    expect(stack).toMatchObject({
      kernelRelease: '6.12.0-amd64',
      kernelParameters: ['mitigations=off', 'isolcpus=1'],
      mitigations: { meltdown: 'Not affected' },
      microcode: '0xa101148',
      governor: 'schedutil',
      frequencyDriver: 'amd-pstate-epp',
      turbo: true,
      transparentHugepages: 'always',
      clocksource: 'hpet',
      cgroups: 'v2',
      distribution: 'Debian GNU/Linux 13 (trixie)',
    });
    expect(JSON.stringify(stack)).not.toContain('secret');
  });

  it('reads an ARM machine, which names its parts by number', async () => {
    const { hardware } = await readHost({ cpus: [0], root: tree(ARM), architecture: 'arm64' });
    expect(hardware).toMatchObject({
      architecture: 'arm64',
      cpuVendor: '0x41',
      cpuModel: 'Neoverse-V1',
      cpuModelNumber: '0xd40',
      cpuStepping: 'r1p1',
      cores: 2,
      smt: false,
      memoryGib: 3.75,
      virtualised: true,
      hypervisor: 'kvm',
    });
  });

  it("takes a cloud's bare-metal machine for what it is", async () => {
    const root = tree({ ...ARM, '/sys/class/dmi/id/product_name': 'c7g.metal\n' });
    expect((await readHost({ cpus: [0], root, architecture: 'arm64' })).hardware.virtualised).toBe(false);
  });

  it('falls back on /proc/cpuinfo without /sys', async () => {
    const files = Object.fromEntries(
      Object.entries(amd({ hypervisor: true })).filter(([path]) => path.startsWith('/proc')),
    );
    const { hardware, stack } = await readHost({ cpus: [0], root: tree(files), architecture: 'x64' });
    expect(hardware).toMatchObject({ sockets: 1, cores: 2, threads: 4, smt: true, caches: [], virtualised: true });
    expect(stack).toMatchObject({ governor: null, turbo: null, mitigations: {}, clocksource: null });
  });

  it('reads an empty tree without throwing', async () => {
    const { hardware, fingerprint } = await readHost({ cpus: [0], root: tree({}), architecture: 'x64' });
    expect(hardware).toMatchObject({ cpuModel: null, memoryGib: null, virtualised: null, cores: 1, threads: 1 });
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  it('keeps the fingerprint over a reboot into another kernel and changes it with the processor', async () => {
    const fingerprint = async (changes: Parameters<typeof amd>[0]) =>
      (await readHost({ cpus: [0], root: tree(amd(changes)), architecture: 'x64' })).fingerprint;
    const before = await fingerprint({});
    expect(await fingerprint({ mhz: '2211.123', flags: 'ibpb_exit_to_user md_clear', memoryKib: 32_550_004 })).toBe(
      before,
    );
    expect(await fingerprint({ flags: 'rdseed xsaves rtm avx512_fp16' })).toBe(before);
    expect(await fingerprint({ flags: 'sse4a' })).not.toBe(before);
    expect(await fingerprint({ model: 'AMD EPYC 7763 64-Core Processor' })).not.toBe(before);
    expect(await fingerprint({ memoryKib: 65_000_000 })).not.toBe(before);
  });

  it('has the kind of the measured cores where there are several', async () => {
    const hybrid = tree({ ...amd(), '/sys/devices/cpu_core/cpus': '0-1\n', '/sys/devices/cpu_atom/cpus': '2-3\n' });
    const on = (cpus: number[]) => readHost({ cpus, root: hybrid, architecture: 'x64' });
    const [fast, slow] = [await on([1]), await on([3])];
    expect([fast.hardware.coreKind, slow.hardware.coreKind]).toEqual(['performance', 'efficiency']);
    expect(slow.fingerprint).not.toBe(fast.fingerprint);
    expect((await on([1, 2])).hardware.coreKind).toBe('performance + efficiency');
    expect((await on([0])).fingerprint).toBe(fast.fingerprint);
  });

  it('reads this host twice alike', async () => {
    const [first, second] = [await readHost({ cpus: [0] }), await readHost({ cpus: [0] })];
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(first.hardware.threads).toBeGreaterThan(0);
    expect(first.stack.nodeVersion).toBe(process.version);
  });

  it('writes canonical JSON with sorted keys', () => {
    expect(canonicalJson({ b: [1, null, { d: 'x', c: true }], a: 0.5 })).toBe(
      '{"a":0.5,"b":[1,null,{"c":true,"d":"x"}]}',
    );
  });
});

describe('the noise pre-flight', () => {
  const states = (root: string, cpus: number[]) =>
    Object.fromEntries(preflight(cpus, root).map(({ name, state }) => [name, state]));

  it('warns of everything that makes noise', () => {
    const hybrid = {
      '/sys/devices/cpu_core/cpus': '0-1\n',
      '/sys/devices/cpu_atom/cpus': '2-3\n',
      '/sys/devices/system/cpu/isolated': '1-2\n',
      '/etc/ld.so.preload': '# agent\n/opt/agent/$LIB/libagent.so\n',
    };
    const noisy = tree({ ...amd({ hypervisor: true }), ...hybrid });
    expect(new Set(Object.values(states(noisy, [1, 2])))).toEqual(new Set(['warn']));
    expect(states(noisy, [1])).toMatchObject({ 'kind of cores': 'ok', 'isolated CPUs': 'ok' });
    expect(states(noisy, [3])).toMatchObject({ 'kind of cores': 'warn', 'isolated CPUs': 'ok' });
  });

  it('is content with a quiet host', () => {
    const quiet: Record<string, string> = {
      ...amd(),
      '/proc/stat': 'cpu  1000 0 500 8000 100 0 0 0 0 0\n',
      '/proc/loadavg': '0.10 2.00 1.00 2/300 4242\n',
      '/proc/pressure/cpu': 'some avg10=0.00 avg60=2.00 avg300=0.10 total=1\n',
      '/proc/meminfo': 'MemTotal: 1000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n',
      '/proc/sys/kernel/randomize_va_space': '2\n',
      '/sys/devices/system/cpu/cpufreq/boost': '0\n',
      '/sys/devices/system/clocksource/clocksource0/current_clocksource': 'tsc\n',
      '/sys/kernel/mm/transparent_hugepage/enabled': 'always [madvise] never\n',
      '/sys/class/power_supply/BAT0/status': 'Full\n',
    };
    for (const cpu of [0, 1, 2, 3])
      quiet[`/sys/devices/system/cpu/cpu${cpu}/cpufreq/scaling_governor`] = 'performance\n';
    expect(new Set(Object.values(states(tree(quiet), [1, 3])))).toEqual(new Set(['ok']));
  });

  it('says what it can not know', () => {
    const found = states(tree({}), [0]);
    expect(found).toMatchObject({
      governor: 'unknown',
      turbo: 'unknown',
      'steal since boot': 'unknown',
      battery: 'ok',
    });
  });

  it('gives every check a meaning and a remedy on this host', () => {
    for (const check of preflight(allowedCpus())) {
      expect(check.value, check.name).not.toBe('');
      expect(check.meaning, check.name).toMatch(/\.$/);
      expect(check.remedy, check.name).not.toBe('');
    }
  });
});

describe('CPUs', () => {
  const alike = (...allowed: number[]): HostCpus => ({ allowed, usable: allowed, isolated: [], kinds: [], cores: [] });
  const chosen = (files: Record<string, string>, cpus?: number[]) =>
    defaultLimits(
      cpus,
      2 ** 30,
      1,
      hostCpus(tree({ ...amd(), '/proc/self/status': 'Cpus_allowed_list:\t0-1\n', ...files })),
    );
  const CPUSET = {
    '/proc/self/cgroup': '2:cpuset:/ci\n0::/\n',
    '/proc/self/mountinfo': '31 30 0:3 / /cg/cpuset rw - cgroup cgroup rw,seclabel,cpuset\n',
  };

  it('leaves out CPUs that could be plugged in but are not there', () => {
    expect(allowedCpus(tree(amd()))).toEqual([0, 1, 2, 3]);
  });

  it('measures on the last allowed CPU and keeps house on the others', () => {
    expect(defaultLimits(undefined, 2 ** 30, 1, alike(0, 2, 3))).toMatchObject({ cpus: [3], housekeeping: [0, 2] });
  });

  it('keeps house on the measured CPU when there is no other', () => {
    expect(defaultLimits(undefined, 2 ** 30, 1, alike(5))).toMatchObject({ cpus: [5], housekeeping: [5] });
    expect(defaultLimits([1, 0], 2 ** 30, 1, alike(0, 1))).toMatchObject({ cpus: [0, 1], housekeeping: [0, 1] });
  });

  it('takes a CPU for each copy: of different cores while there are any, the first CPU last', () => {
    const cores = (...groups: number[][]): HostCpus => ({
      ...alike(...groups.flat().sort((a, b) => a - b)),
      cores: groups,
    });
    const two = cores([0, 1], [2, 3]);
    expect(defaultLimits(undefined, 2 ** 30, 2, two)).toMatchObject({ cpus: [1, 3], housekeeping: [0, 2] });
    expect(defaultLimits(undefined, 2 ** 30, 3, two)).toMatchObject({ cpus: [1, 2, 3], housekeeping: [0] });
    expect(defaultLimits(undefined, 2 ** 30, 4, two)).toMatchObject({ cpus: [0, 1, 2, 3], housekeeping: [0, 1, 2, 3] });
    expect(defaultLimits(undefined, 2 ** 30, 2, cores([0, 2], [1, 3])).cpus).toEqual([2, 3]);
    expect(defaultLimits([0, 1], 2 ** 30, 2, two).cpus).toEqual([0, 1]);
    expect(defaultLimits(undefined, 2 ** 30, 3, two).pids).toBeGreaterThan(
      defaultLimits(undefined, 2 ** 30, 1, two).pids,
    );
    expect(siblingTexts(two.cores, [1, 2, 3])).toEqual(['CPUs 2 and 3 are siblings of one core']);
    expect(siblingTexts(two.cores, [1, 3])).toEqual([]);
  });

  it('refuses more copies than there are CPUs, with a number that fits', () => {
    const many = () => defaultLimits(undefined, 2 ** 30, 65, alike(0, 1));
    expect(many).toThrow(/65 copies need a CPU each, and this host has 2 for a run \(0,1\)/);
    expect(many).toThrow(/try: --threads 2$/);
    const few = () => defaultLimits([1], 2 ** 30, 2, alike(0, 1));
    expect(few).toThrow(
      /2 copies need a CPU each, and --cpu names 1.*\n.*--threads 2 --cpu 1\n.*--threads 1, or more CPUs of 0,1/,
    );
  });

  it('refuses a CPU that is not allowed, and names those that are', () => {
    const attempt = () => defaultLimits([1, 7], 2 ** 30, 1, alike(0, 1));
    expect(attempt).toThrow(BoxmarkError);
    expect(attempt).toThrow(/received: --cpu 1,7\n.*0,1/);
    try {
      attempt();
    } catch (error) {
      expect((error as BoxmarkError).exitCode).toBe(2);
    }
  });

  it('may measure on a CPU outside its affinity mask, as with isolcpus= and CPUAffinity=, in no cpuset', () => {
    const free = { ...CPUSET, '/cg/cpuset/ci/cpuset.effective_cpus': '0-3\n' };
    expect(chosen(free, [3])).toMatchObject({ cpus: [3], housekeeping: [0, 1] });
    expect(chosen(free)).toMatchObject({ cpus: [1], housekeeping: [0] });
    expect(() => chosen({}, [3])).toThrow(/one or more of 0,1/);
  });

  it('never leaves a cpuset', () => {
    const bound = { ...CPUSET, '/cg/cpuset/ci/cpuset.effective_cpus': '0-1\n' };
    expect(() => chosen(bound, [3])).toThrow(/one or more of 0,1/);
    const above = { '/proc/self/cgroup': '2:cpuset:/../..\n', '/cg/cpuset/cpuset.cpus': '0-3\n' };
    expect(() => chosen({ ...CPUSET, ...above }, [3])).toThrow(/one or more of 0,1/);
  });

  it('takes the cpuset of cgroup v2 from the nearest group that has one', () => {
    const v2 = {
      '/proc/self/cgroup': '0::/user/job\n',
      '/proc/self/mountinfo': '31 30 0:3 / /cg rw - cgroup2 cgroup2 rw\n',
      '/cg/cgroup.controllers': 'cpuset cpu\n',
      '/cg/user/cpuset.cpus.effective': '0-2\n',
      '/cg/cpuset.cpus.effective': '0-3\n',
    };
    expect(chosen(v2, [2])).toMatchObject({ cpus: [2] });
    expect(() => chosen(v2, [3])).toThrow(/one or more of 0,1,2/);
  });

  it('measures on an isolated CPU where there is one, and keeps house on none', () => {
    const isolated = {
      ...CPUSET,
      '/cg/cpuset/ci/cpuset.effective_cpus': '0-3\n',
      '/sys/devices/system/cpu/isolated': '2-3\n',
    };
    expect(chosen(isolated)).toMatchObject({ cpus: [3], housekeeping: [0, 1] });
    expect(chosen({ ...isolated, '/proc/self/status': 'Cpus_allowed_list:\t0-3\n' })).toMatchObject({
      cpus: [3],
      housekeeping: [0, 1],
    });
    // Isolated, but not for this process.
    expect(chosen({ ...isolated, '/cg/cpuset/ci/cpuset.effective_cpus': '0-1\n' })).toMatchObject({ cpus: [1] });
  });

  it('measures on the last CPU of the fastest kind of cores', () => {
    const all = { '/proc/self/status': 'Cpus_allowed_list:\t0-3\n' };
    const intel = { '/sys/devices/cpu_core/cpus': '0-1\n', '/sys/devices/cpu_atom/cpus': '2-3\n' };
    expect(chosen({ ...all, ...intel })).toMatchObject({ cpus: [1], housekeeping: [0, 2, 3] });
    expect(chosen({ ...all, ...intel, '/proc/self/status': 'Cpus_allowed_list:\t2-3\n' })).toMatchObject({ cpus: [3] });
    const capacity = (cpu: number, value: number) => [`/sys/devices/system/cpu/cpu${cpu}/cpu_capacity`, `${value}\n`];
    const arm = Object.fromEntries([capacity(0, 1024), capacity(1, 1024), capacity(2, 400), capacity(3, 400)]);
    expect(chosen({ ...all, ...arm })).toMatchObject({ cpus: [1] });
    const little = Object.fromEntries([capacity(0, 400), capacity(1, 400), capacity(2, 1024), capacity(3, 1024)]);
    expect(chosen({ ...all, ...little })).toMatchObject({ cpus: [3] });
  });

  it('counts stolen ticks over all CPUs or over some', () => {
    const root = tree(amd());
    expect(stealTicks(undefined, root)).toBe(400);
    expect(stealTicks([1], root)).toBe(300);
    expect(stealTicks([9], root)).toBeNull();
    expect(stealTicks(undefined, tree({}))).toBeNull();
  });

  it('knows the available memory, or that it does not', () => {
    expect(availableMemoryBytes(tree(amd()))).toBe(20_000_000 * 1024);
    expect(availableMemoryBytes(tree({}))).toBeNull();
  });

  it('has the free pages in it that CPUs keep for themselves', () => {
    const zone = (...counts: number[]) =>
      `Node 0, zone   Normal\n  pages free     99\n        managed  600\n  pagesets\n${counts
        .map((count, cpu) => `    cpu: ${cpu}\n              count:    ${count}\n              high:     9\n`)
        .join('')}`;
    const files = {
      '/proc/meminfo': 'MemTotal:       4000 kB\nMemAvailable:   1000 kB\n',
      '/proc/zoneinfo': zone(10, 20) + zone(0, 70),
      '/proc/self/smaps': '55d0-55d1 r--p 0 00:00 0 /usr/bin/node\nSize: 8 kB\nKernelPageSize:        4 kB\n',
    };
    expect(availableMemoryBytes(tree(files))).toBe((1000 + 400) * 1024);
  });

  it('moves all threads of the harness and gives them their CPUs back', async () => {
    const mask = () => {
      const threads = readdirSync('/proc/self/task').map((id) => readFileSync(`/proc/self/task/${id}/status`, 'utf8'));
      return [...new Set(threads.map((status) => /Cpus_allowed_list:\s*(\S+)/.exec(status)?.[1]))].join(' and ');
    };
    const before = mask();
    const [first = 0] = allowedCpus();
    const pinned = await pinSelf([first]);
    try {
      expect(pinned.note).toBeNull();
      expect(mask()).toBe(String(first));
    } finally {
      await pinned.restore();
    }
    await pinned.restore();
    expect(mask()).toBe(before);
  });
});
