import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryKills, mergedBytes, slabBytes } from '../../runners/host/memory.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function file(path: string, text: string): void {
  const full = join(root, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, text);
}

describe("the host's own memory", () => {
  it('is read from what the kernel shows', () => {
    file('proc/meminfo', 'MemTotal: 2048 kB\nSlab:            300 kB\n');
    file('proc/vmstat', 'nr_free_pages 1\noom_kill 3\n');
    file('proc/self/smaps', '00400000-00401000 r-xp\nKernelPageSize:        4 kB\n');
    file('sys/kernel/mm/ksm/run', '1\n');
    file('sys/kernel/mm/ksm/pages_sharing', '25\n');
    expect(slabBytes(root)).toBe(300 * 1024);
    expect(memoryKills(root)).toBe(3);
    expect(mergedBytes(root)).toBe(25 * 4096);
  });

  it('is unknown, and not nothing, where equal pages are not merged or the kernel does not say', () => {
    file('sys/kernel/mm/ksm/run', '0\n');
    file('sys/kernel/mm/ksm/pages_sharing', '25\n');
    expect(mergedBytes(root)).toBeNull();
    file('sys/kernel/mm/ksm/run', '1\n');
    file('sys/kernel/mm/ksm/pages_sharing', '');
    expect(mergedBytes(root)).toBeNull();
    expect(slabBytes(root)).toBeNull();
    expect(memoryKills(root)).toBeNull();
  });
});
