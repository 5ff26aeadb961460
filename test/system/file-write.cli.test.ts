/** `file-write` on a file system that gives back something else than was written. */

import * as fs from 'node:fs';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { prepareSystemWorkload, systemChecksums, systemWorkload } from '../../system/index.ts';
import { makeRoot } from './root.ts';

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  return { ...real, readSync: vi.fn(real.readSync) };
});

const root = makeRoot();
afterEach(() => void vi.mocked(fs.readSync).mockClear());
afterAll(() => root.remove());

const workload = systemWorkload('file-write')!;
const answerOfOnePass = () => {
  const write = prepareSystemWorkload(workload, 'tiny', { root: root.dir, name: `test-write-${process.pid}` });
  write.pass();
  return write.checksum();
};
const [right] = systemChecksums(workload, 'tiny', [1]);

test('what was written comes back: every file is read', () => {
  expect(answerOfOnePass()).toBe(right);
  expect(vi.mocked(fs.readSync)).toHaveBeenCalledTimes(workload.sizes.tiny.perPass);
});

test('one byte that is not the written one is noticed', () => {
  const read = vi.mocked(fs.readSync);
  const real = read.getMockImplementation() as (...args: unknown[]) => number;
  read.mockImplementationOnce((...args: unknown[]) => {
    const length = real(...args);
    const bytes = args[1] as Uint8Array;
    // Of each 64 bytes the first four are looked at.
    bytes[64] = (bytes[64] as number) ^ 1;
    return length;
  });
  expect(answerOfOnePass()).not.toBe(right);
});

test('a file that is shorter than what was written is noticed', () => {
  const read = vi.mocked(fs.readSync);
  const real = read.getMockImplementation() as (...args: unknown[]) => number;
  read.mockImplementationOnce((...args: unknown[]) => real(...args) - 1);
  expect(answerOfOnePass()).not.toBe(right);
});
