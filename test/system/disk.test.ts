import fs, { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { scratchArguments, scratchIn } from '../../bench/payload/image-files.ts';
import { scratchFacts } from '../../bench/payload/scratch-facts.ts';
import type { DataFolder } from '../../bench/types.ts';
import { prepareSystemWorkload, SYSTEM_METRICS, systemChecksums, systemWorkload } from '../../system/index.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync('/var/tmp/boxmark-test-disk-');
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  rmSync(dir, { recursive: true, force: true });
});

const DISK = ['disk-write', 'disk-sync', 'disk-read'];
const prepared = (id: string, scratch: DataFolder | undefined = { path: dir, behindCache: false }) =>
  prepareSystemWorkload(systemWorkload(id)!, 'tiny', { root: '/', name: 'test', ...(scratch && { scratch }) });
const known = (id: string, passes: number) => systemChecksums(systemWorkload(id)!, 'tiny', [passes])[0];
const fileOf = (id: string) => join(dir, `boxmark-test.${id}`);

/** What a file system does wrong when it is asked to sync. */
function onSync(act: (file: number) => void): void {
  vi.spyOn(fs, 'fdatasyncSync').mockImplementation(act);
  syncBuiltinESMExports();
}

function overwrite(id: string, at: number): void {
  const file = fs.openSync(fileOf(id), 'r+');
  const byte = Buffer.alloc(1);
  fs.readSync(file, byte, 0, 1, at);
  writeSync(
    file,
    byte.map((value) => value ^ 1),
    0,
    1,
    at,
  );
  fs.fsyncSync(file);
  fs.closeSync(file);
}

describe('a workload of the disk', () => {
  it.each(DISK)('%s has one file, which goes when it is closed', (id) => {
    const { pass, checksum, close } = prepared(id);
    for (let count = 0; count < 3; count++) pass();
    expect(checksum()).toBe(known(id, 3));
    expect(readdirSync(dir)).toEqual([`boxmark-test.${id}`]);
    close();
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each(DISK)('%s is refused where a box has no folder for it, and where there is no room', (id) => {
    const none = () => prepareSystemWorkload(systemWorkload(id)!, 'tiny', { root: '/', name: 'test' });
    expect(none).toThrow(`${id}: this environment gives its payload no folder on a disk`);
    const stat = fs.statfsSync(dir);
    vi.spyOn(fs, 'statfsSync').mockReturnValue({ ...stat, bavail: 0 });
    syncBuiltinESMExports();
    expect(() => prepared(id)).toThrow(/are needed in .*, and 0 MiB are free/);
    expect(existsSync(fileOf(id))).toBe(false);
  });

  it.each(['disk-write', 'disk-sync'])('%s says that the disk is full', (id) => {
    const { pass } = prepared(id);
    vi.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });
    syncBuiltinESMExports();
    expect(pass).toThrow(new RegExp(`^${id}: the disk is full \\(ENOSPC\\): .* did not fit into ${fileOf(id)}`));
  });

  it('disk-write: a byte that is changed or lost is noticed, wherever it is', () => {
    const { pass, checksum, close } = prepared('disk-write');
    pass();
    overwrite('disk-write', 700_001);
    expect(checksum).toThrow(/does not hold what was written from byte 524288 on/);
    pass();
    fs.truncateSync(fileOf('disk-write'), 700_000);
    expect(checksum).toThrow(/does not hold what was written/);
    onSync((file) => fs.ftruncateSync(file, 0));
    const lost = prepared.bind(null, 'disk-write', { path: join(dir, 'other'), behindCache: false });
    mkdirSync(join(dir, 'other'));
    const other = lost();
    other.pass();
    expect(other.checksum).toThrow(/does not hold what was written/);
    close();
  });

  it('disk-sync: a block that is lost is noticed', () => {
    onSync((file) => fs.ftruncateSync(file, 0));
    const { pass, checksum } = prepared('disk-sync');
    pass();
    expect(checksum()).not.toBe(known('disk-sync', 1));
  });

  it('disk-read: a byte that is changed on the disk is noticed', () => {
    const { pass, checksum, close } = prepared('disk-read');
    pass();
    expect(checksum()).toBe(known('disk-read', 1));
    overwrite('disk-read', 65_536);
    pass();
    expect(checksum()).not.toBe(known('disk-read', 2));
    close();
  });

  it('disk-read: is refused where reads could come from a cache, with the reason, and leaves no file', () => {
    expect(() => prepared('disk-read', { path: dir, behindCache: true })).toThrow(
      "disk-read: can't read cold here: what the box reads may come from a page cache outside of it",
    );
    const open = fs.openSync.bind(fs);
    vi.spyOn(fs, 'openSync').mockImplementation((path, flags, mode) => {
      if (typeof flags === 'number') throw Object.assign(new Error('EINVAL'), { code: 'EINVAL' });
      return open(path, flags, mode);
    });
    syncBuiltinESMExports();
    expect(() => prepared('disk-read')).toThrow(/can't read cold here: the file system of .* takes no O_DIRECT/);
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('the figures of disk-sync', () => {
  it('are its median and its 99th percentile, named as metrics that are better when lower', () => {
    const metrics = SYSTEM_METRICS['disk-sync'] ?? [];
    expect(metrics.map(({ id, unit, better }) => [id, unit, better])).toEqual([
      ['disk-sync.median', 'µs', 'lower'],
      ['disk-sync.p99', 'µs', 'lower'],
    ]);
  });

  it('are of the syncs since they were last asked for: of few, the middle one and the slowest', () => {
    const clock = [3000n, 1000n, 9000n, 2000n].flatMap((ns) => [0n, ns]);
    const { pass, figures } = prepared('disk-sync');
    pass();
    figures();
    vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => clock.shift() ?? 0n);
    pass();
    expect(figures()).toEqual({ 'disk-sync.median': 2, 'disk-sync.p99': 9 });
  });
});

describe('where a payload may write to a disk', () => {
  it.each([true, false])('comes as an argument, with what its reads may come from (%s)', (behindCache) => {
    const place = { path: '/boxmark/scratch', behindCache };
    expect(scratchIn(['node', 'payload.cjs', '--start=a', ...scratchArguments(place)])).toEqual(place);
    expect(scratchArguments(undefined)).toEqual([]);
    expect(scratchIn(['node', 'payload.cjs', '--start=a'])).toBeUndefined();
  });

  const MOUNTS = [
    '21 1 0:99 / / ro,relatime - overlay overlay ro,lowerdir=/a:/b,upperdir=/c',
    '22 21 0:98 / /tmp rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=1777',
    '23 21 999:0 /x /boxmark/scratch rw,noatime - ext4 /dev/vdb rw,data=ordered,resuid=65534',
    '24 21 0:97 /x /with\\040blank rw - 9p none rw,trans=fd',
    '25 21 999:1 / /root-disk rw - xfs /dev/root rw',
    '26 22 0:96 / /tmp rw - tmpfs tmpfs rw',
  ].join('\n');

  it.each([
    ['/boxmark/scratch', 'ext4', 'virtio-blk', 'rw,noatime,data=ordered'],
    ['/boxmark/scratch/below', 'ext4', 'virtio-blk', 'rw,noatime,data=ordered'],
    ['/tmp/a', 'tmpfs', 'none', 'rw'],
    ['/with blank', '9p', 'none', 'rw,trans=fd'],
    ['/root-disk', 'xfs', 'disk', 'rw'],
    ['/elsewhere', 'overlay', 'none', 'ro,relatime'],
  ])('%s is described by its own mount as %s on %s', (path, type, device, options) => {
    expect(scratchFacts(path, MOUNTS)).toEqual({ scratch_fs: type, scratch_device: device, scratch_options: options });
  });

  it('is unknown where the box shows no mounts, and no fact where a box has no such folder', () => {
    expect(scratchFacts('/x', null)).toEqual({ scratch_fs: null, scratch_device: null, scratch_options: null });
    expect(scratchFacts(undefined, MOUNTS)).toEqual({});
  });
});
