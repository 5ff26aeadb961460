/** The fingerprint rests on nothing that a boot changes: only then do sessions of one machine compare. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { readHost } from '../../runners/host/facts.ts';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

interface Boot {
  readonly mhz: string;
  readonly bogomips: string;
  readonly microcode: string;
  readonly kernel: string;
  readonly memoryKib: number;
  readonly uptime: string;
  readonly clocksource: string;
  readonly bootId: string;
}

const FIRST: Boot = {
  mhz: '2300.000',
  bogomips: '4600.00',
  microcode: '0x2b000603',
  kernel: '6.1.0-13-amd64',
  memoryKib: 24_500_000,
  uptime: '10.11 19.98',
  clocksource: 'tsc',
  bootId: '8c3c7d1e-0000-4000-8000-000000000001',
};
const SECOND: Boot = {
  mhz: '3187.421',
  bogomips: '4599.93',
  microcode: '0x2b000620',
  kernel: '6.12.9-amd64',
  memoryKib: 24_411_228,
  uptime: '987654.32 1.00',
  clocksource: 'kvm-clock',
  bootId: '8c3c7d1e-0000-4000-8000-000000000002',
};

function tree(architecture: 'x64' | 'arm64', boot: Boot): string {
  const root = mkdtempSync(join(tmpdir(), 'boxmark-host-'));
  roots.push(root);
  const x86 = (cpu: number) =>
    `processor\t: ${cpu}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 207\nmodel name\t: Example CPU @ 2.30GHz\nstepping\t: 2\nmicrocode\t: ${boot.microcode}\ncpu MHz\t\t: ${boot.mhz}\nflags\t\t: fpu sse2 avx2\nbogomips\t: ${boot.bogomips}`;
  const arm = (cpu: number) =>
    `processor\t: ${cpu}\nBogoMIPS\t: ${boot.bogomips}\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: 0xd40\nCPU revision\t: 1`;
  const files: Record<string, string> = {
    '/proc/cpuinfo': [0, 1].map(architecture === 'x64' ? x86 : arm).join('\n\n'),
    '/proc/meminfo': `MemTotal: ${boot.memoryKib} kB\nMemAvailable: ${boot.memoryKib - 1e6} kB\n`,
    '/proc/uptime': `${boot.uptime}\n`,
    '/proc/sys/kernel/osrelease': `${boot.kernel}\n`,
    '/proc/sys/kernel/random/boot_id': `${boot.bootId}\n`,
    '/proc/cmdline': `BOOT_IMAGE=/vmlinuz-${boot.kernel} root=UUID=x\n`,
    '/sys/devices/system/cpu/online': '0-1\n',
    '/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq': `${Number(boot.mhz) * 1000}\n`,
    '/sys/devices/system/clocksource/clocksource0/current_clocksource': `${boot.clocksource}\n`,
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

it.each(['x64', 'arm64'] as const)(
  'two boots of one %s machine have the same hardware and fingerprint',
  async (cpu) => {
    const [first, second] = [
      await readHost({ cpus: [0], root: tree(cpu, FIRST), architecture: cpu }),
      await readHost({ cpus: [0], root: tree(cpu, SECOND), architecture: cpu }),
    ];
    expect(second.hardware).toEqual(first.hardware);
    expect(second.fingerprint).toBe(first.fingerprint);
    // What did change is shown, in the part that may be under test.
    expect(second.stack.kernelRelease).not.toBe(first.stack.kernelRelease);
  },
);

it.each(['x64', 'arm64'] as const)('no figure of a boot of an %s machine is in its hardware', async (cpu) => {
  for (const boot of [FIRST, SECOND]) {
    const { hardware } = await readHost({ cpus: [0], root: tree(cpu, boot), architecture: cpu });
    const text = JSON.stringify(hardware);
    for (const [name, value] of Object.entries(boot)) expect(text, name).not.toContain(String(value));
    expect(Object.keys(hardware).filter((key) => /mhz|bogo|freq|uptime|boot|time/i.test(key))).toEqual([]);
  }
});
