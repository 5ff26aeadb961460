/** The runner `cloud-hypervisor`: a virtual machine of Cloud Hypervisor, configured on its command line. */

import { existsSync } from 'node:fs';
import type { Runner } from '../../../bench/types.ts';
import { type Hypervisor, type HypervisorMachine, hypervisorRunner } from '../../guest/hypervisor.ts';
import { kernelLine, orderParameters } from '../../guest/init.ts';

/** Linux on x86. */
const LINE_LIMIT_CHARS = 2048;

export const CLOUD_HYPERVISOR: Hypervisor = {
  name: 'cloud-hypervisor',
  summary: 'a virtual machine of Cloud Hypervisor: KVM and virtio over PCI',
  binary: 'cloud-hypervisor',
  direct: true,
  modules: ['virtio_pci', 'virtio_blk', 'erofs'],
  whyNotKernel: (file) => (existsSync(file) ? undefined : 'it is not there'),
  command: (machine) => [CLOUD_HYPERVISOR.binary, ...cloudHypervisorArguments(machine)],
};

export const cloudHypervisor: Runner = hypervisorRunner(CLOUD_HYPERVISOR);

/** Throws `BoxmarkError` for too long a command. */
export function cloudHypervisorArguments({
  kernel,
  initramfs,
  cpus,
  memoryBytes,
  disk,
  data,
  name,
  argv,
}: HypervisorMachine): string[] {
  const parameters = [
    ...['quiet', 'loglevel=1', 'panic=-1', 'console=ttyS0'],
    ...orderParameters({
      name,
      console: 'ttyS0',
      // A reboot would start the machine again.
      end: 'poweroff',
      ...(argv === undefined ? {} : { argv }),
      ...(disk === undefined ? {} : { root: { type: 'erofs', device: '/dev/vda' } }),
      ...(data === undefined ? {} : { data: '/dev/vdb' }),
    }),
  ];
  const disks = [
    ...(disk === undefined ? [] : [`path=${disk},readonly=on`]),
    ...(data === undefined ? [] : [`path=${data.file},direct=${data.direct ? 'on' : 'off'}`]),
  ];
  return [
    ...['--kernel', kernel, '--initramfs', initramfs, '--cmdline', kernelLine(parameters, LINE_LIMIT_CHARS)],
    ...['--cpus', `boot=${cpus}`, '--memory', `size=${Math.ceil(memoryBytes / (1 << 20))}M`],
    ...(disks.length === 0 ? [] : ['--disk', ...disks]),
    ...['--serial', 'tty', '--console', 'off'],
  ];
}
