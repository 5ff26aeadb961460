/** The runner `firecracker`: a microVM of Firecracker, which takes its machine as a file of JSON. */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Runner } from '../../../bench/types.ts';
import { type Hypervisor, type HypervisorMachine, hypervisorRunner } from '../../guest/hypervisor.ts';
import { kernelLine, orderParameters } from '../../guest/init.ts';
import { readElf } from '../../image/elf.ts';

/** Linux on x86. */
const LINE_LIMIT_CHARS = 2048;

export const FIRECRACKER: Hypervisor = {
  name: 'firecracker',
  summary: 'a microVM of Firecracker: KVM, virtio, and next to no devices',
  binary: 'firecracker',
  direct: false,
  modules: ['virtio_mmio', 'virtio_blk', 'erofs'],
  whyNotKernel: (file) => {
    if (!existsSync(file)) return 'it is not there';
    if (process.arch === 'arm64' || readElf(file) !== undefined) return undefined;
    return 'it takes uncompressed kernels only, and this one is packed';
  },
  command: (machine) => {
    const config = join(machine.folder, 'machine.json');
    writeFileSync(config, JSON.stringify(firecrackerConfig(machine), null, 1));
    return [FIRECRACKER.binary, '--no-api', '--config-file', config];
  },
};

export const firecracker: Runner = hypervisorRunner(FIRECRACKER);

/** The machine, as its documentation has it for `--config-file`. Throws `BoxmarkError` for too long a command. */
export function firecrackerConfig(machine: HypervisorMachine) {
  const { kernel, initramfs, cpus, memoryBytes, disk, data, name, argv } = machine;
  const parameters = [
    // Ends the machine by a reset, which Firecracker takes for its end.
    ...['quiet', 'loglevel=1', 'reboot=k', 'panic=-1', 'console=ttyS0', 'i8042.noaux', 'i8042.nomux'],
    ...orderParameters({
      name,
      console: 'ttyS0',
      end: 'reboot',
      ...(argv === undefined ? {} : { argv }),
      ...(disk === undefined ? {} : { root: { type: 'erofs', device: '/dev/vda' } }),
      ...(data === undefined ? {} : { data: '/dev/vdb' }),
    }),
  ];
  return {
    'boot-source': {
      kernel_image_path: kernel,
      initrd_path: initramfs,
      boot_args: kernelLine(parameters, LINE_LIMIT_CHARS),
    },
    drives: [
      ...(disk === undefined ? [] : [driveOf('root', disk, { is_read_only: true })]),
      // By default it ignores that a guest syncs.
      ...(data === undefined ? [] : [driveOf('data', data.file, { is_read_only: false, cache_type: 'Writeback' })]),
    ],
    'machine-config': { vcpu_count: cpus, mem_size_mib: Math.ceil(memoryBytes / (1 << 20)), smt: false },
  };
}

function driveOf(id: string, file: string, how: object): object {
  return { drive_id: id, path_on_host: file, is_root_device: false, ...how };
}
