/** What the kernel does with the memory of this host beside giving it to processes. */

import { kernelFiles, memoryField } from './kernel-files.ts';

const KSM = '/sys/kernel/mm/ksm';

/** Memory of the kernel's own objects, such as those of processes, mounts and groups; null where it doesn't say. */
export function slabBytes(root = '/'): number | null {
  return memoryField(kernelFiles(root), 'Slab');
}

/**
 * What the kernel saves by merging equal pages of processes that allow it: pages that share another one (kernel
 * documentation, admin-guide/mm/ksm). Null where merging is off, or unknown.
 */
export function mergedBytes(root = '/'): number | null {
  const files = kernelFiles(root);
  if (files.text(`${KSM}/run`)?.trim() !== '1') return null;
  const pages = Number(files.text(`${KSM}/pages_sharing`)?.trim() || Number.NaN);
  const pageBytes = memoryField(files, 'KernelPageSize', '/proc/self/smaps');
  return Number.isInteger(pages) && pageBytes !== null ? pages * pageBytes : null;
}

/** Processes that the kernel has ended since boot because memory ran out, on the host or in a group; null where it doesn't count. */
export function memoryKills(root = '/'): number | null {
  const found = /^oom_kill (\d+)$/m.exec(kernelFiles(root).text('/proc/vmstat') ?? '')?.[1];
  return found === undefined ? null : Number(found);
}
