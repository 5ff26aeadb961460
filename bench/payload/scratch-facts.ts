/** What the folder of a payload's data is on, as its own kernel mounts it. */

import { readlinkSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import type { BoxFacts } from '../types.ts';

/** Disks by the beginning of their names below /dev. */
const DISKS: readonly (readonly [beginning: RegExp, kind: string])[] = [
  [/^vd/, 'virtio-blk'],
  [/^ubd/, 'ubd'],
  [/^sd/, 'SCSI disk'],
  [/^nvme/, 'NVMe'],
  [/^xvd/, 'Xen disk'],
  [/^mmcblk/, 'memory card'],
  [/^(dm-|mapper\/)/, 'device mapper'],
  [/^md/, 'RAID'],
  [/^loop/, 'loop device'],
  [/^zram/, 'compressed memory'],
];

/** Options that say where something is, or whose it is, and nothing about how it is written. */
const NO_MATTER = /^(\w*dir|(res)?[ug]id|[rw]fdno|size|nr_inodes|mode|\w*context|seclabel|inode64)$/;

interface Mount {
  readonly device: string;
  readonly place: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** File system, kind of device and options of a folder, from the text of /proc/self/mountinfo; none without a folder. */
export function scratchFacts(path: string | undefined, mountinfo: string | null): BoxFacts {
  if (path === undefined) return {};
  const mount = mountOf(real(path), mountinfo ?? '');
  if (mount === undefined) return { scratch_fs: null, scratch_device: null, scratch_options: null };
  return {
    scratch_fs: mount.type,
    scratch_device: diskOf(mount) ?? 'none',
    scratch_options: mount.options.join(','),
  };
}

/** The one that was mounted last on the folder itself, or on the nearest above it. */
function mountOf(path: string, mountinfo: string): Mount | undefined {
  const above = mountinfo
    .split('\n')
    .flatMap(readMount)
    .filter(({ place }) => place === '/' || path === place || path.startsWith(`${place}/`));
  const longest = Math.max(...above.map(({ place }) => place.length));
  return above.findLast(({ place }) => place.length === longest);
}

/** A line as proc(5) has it: fixed fields, optional ones, a dash, and what depends on the file system. */
function readMount(line: string): Mount[] {
  const [before = '', after = ''] = line.split(' - ');
  const [, , device = '', , place = '', own = ''] = before.split(' ');
  const [type = '', source = '', shared = ''] = after.split(' ');
  if (type === '' || place === '') return [];
  const options = [...new Set([...own.split(','), ...shared.split(',')])];
  const kept = options.filter((option) => option !== '' && !option.includes('/') && !NO_MATTER.test(nameOf(option)));
  return [{ device, place: unescaped(place), type, source, options: kept }];
}

function nameOf(option: string): string {
  return option.split('=')[0] ?? '';
}

function diskOf({ device, source }: Mount): string | undefined {
  const name = blockDevice(device) ?? (source.startsWith('/dev/') ? source.slice('/dev/'.length) : undefined);
  return name === undefined ? undefined : (DISKS.find(([beginning]) => beginning.test(name))?.[1] ?? 'disk');
}

/** Its name by its number: `/dev/root` and links say nothing. */
function blockDevice(device: string): string | undefined {
  try {
    return basename(readlinkSync(`/sys/dev/block/${device}`));
  } catch {
    return undefined;
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Blanks and backslashes are written as octal numbers. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
