import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemWorkload } from '../../system/index.ts';
import { makeRoot, type Root } from './root.ts';

const PASSES = 40;

let root: Root;
let dir: string;
/** The workloads as JavaScript, because Node.js 20 reads no TypeScript. */
let system: string;
beforeAll(async () => {
  root = makeRoot();
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  const outfile = join(dir, 'system.mjs');
  const entry = fileURLToPath(new URL('../../system/index.ts', import.meta.url));
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' });
  system = pathToFileURL(outfile).href;
});
afterAll(() => {
  root.remove();
  rmSync(dir, { recursive: true, force: true });
});

/** A program that does so many passes; what they cost is in its last line. */
function program(id: string, passes: number): string[] {
  const script = `
    const { prepareSystemWorkload, systemWorkload } = await import(${JSON.stringify(system)});
    const scratch = { path: ${JSON.stringify(root.scratch)}, behindCache: false };
    const place = { root: ${JSON.stringify(root.dir)}, name: 'calls-' + process.pid, scratch };
    const { pass, checksum, close } = prepareSystemWorkload(systemWorkload(${JSON.stringify(id)}), 'tiny', place);
    checksum();
    const before = process.resourceUsage();
    for (let count = 0; count < ${passes}; count++) pass();
    const after = process.resourceUsage();
    checksum();
    console.log(JSON.stringify({
      faults: after.minorPageFault - before.minorPageFault,
      sleeps: after.voluntaryContextSwitches - before.voluntaryContextSwitches,
    }));
    close();
    process.exit(0);`;
  return [process.execPath, '--input-type=module', '-e', script];
}

/** System calls by name that so many passes make, on top of those of a program without passes. */
function callsOf(id: string, names: readonly string[]): Record<string, number> {
  const count = (passes: number): Record<string, number> => {
    const log = join(dir, `${id}-${passes}`);
    const argv = ['-f', '-qq', '-y', '-e', `trace=${names.join(',')}`, '-o', log, ...program(id, passes)];
    const { status, stderr } = spawnSync('strace', argv, { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    // Loading and collecting garbage read and close other files now and then.
    const about = id.startsWith('file-') ? /\/boxmark(\/files\/|-calls-)/ : /./;
    const lines = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => about.test(line));
    return Object.fromEntries(
      names.map((name) => [name, lines.filter((line) => new RegExp(`^\\d+ +${name}\\(`).test(line)).length]),
    );
  };
  const [without, all] = [count(0), count(PASSES)];
  return Object.fromEntries(names.map((name) => [name, (all[name] ?? 0) - (without[name] ?? 0)]));
}

/** Whether calls can be watched here: not without strace, nor where ptrace is forbidden. */
const watching = spawnSync('strace', ['-o', '/dev/null', '-e', 'trace=none', process.execPath, '-e', ''], {
  encoding: 'utf8',
});

describe('a pass makes the system calls that it counts', () => {
  const amount = (id: string) => systemWorkload(id)!.sizes.tiny.perPass * PASSES;
  test.for([
    ['syscall', ['umask']],
    ['file-read', ['openat', 'read', 'close']],
    ['file-write', ['openat', 'pwrite64', 'pread64', 'close', 'unlink']],
    ['disk-sync', ['fdatasync']],
    ['spawn', ['execve']],
  ] as const)('%s: %j', ([id, names], ctx) => {
    if (watching.status !== 0) return ctx.skip('strace can not watch a program here');
    const calls = callsOf(id, names);
    for (const name of names) {
      // Loading and collecting garbage read and close a file now and then.
      expect(calls[name]).toBeGreaterThanOrEqual(amount(id) - 2);
      expect(calls[name]).toBeLessThanOrEqual(amount(id) * 1.1 + 10);
    }
  });
});

describe('what the kernel counts of itself', () => {
  const costOf = (id: string): { faults: number; sleeps: number } => {
    const [file = '', ...args] = program(id, PASSES);
    return JSON.parse(spawnSync(file, args, { encoding: 'utf8' }).stdout) as { faults: number; sleeps: number };
  };

  test('page-fault: every page is a fault, where pages have 4 KiB and no larger ones are brought in', (ctx) => {
    if (process.arch !== 'x64') return ctx.skip('pages may be larger than 4 KiB on this processor');
    const sizes = '/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled';
    if (existsSync(sizes) && !/\[never\]/.test(readFileSync(sizes, 'utf8'))) {
      return ctx.skip('this kernel may bring in several pages with a fault');
    }
    const { faults } = costOf('page-fault');
    const pages = systemWorkload('page-fault')!.sizes.tiny.perPass * PASSES;
    expect(faults).toBeGreaterThanOrEqual(pages);
    expect(faults).toBeLessThan(pages * 1.1 + 1000);
  });

  test('context-switch: both threads go to sleep on every trip', () => {
    const switches = systemWorkload('context-switch')!.sizes.tiny.perPass * PASSES;
    expect(costOf('context-switch').sleeps).toBeGreaterThanOrEqual(switches * 0.9);
  });
});
