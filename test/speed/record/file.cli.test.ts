/** `bench.json`: written and read again; what is no such file is refused by `npm run bench` before it measures. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BENCHES } from '../benches.ts';
import { figureOf } from './figure.ts';
import { type BenchFile, readBench, writeBench } from './file.ts';

const BENCH: BenchFile = {
  ...{ schema: 1, kind: 'boxmark-bench', startedAt: '2026-11-30T03:00:00.000Z', seconds: 12, whole: false },
  commit: 'abc-dirty',
  host: {
    ...{ cpu: 'A', cpus: 2, memoryGib: 8, hypervisor: 'kvm', kernel: '6.1', distribution: null, node: 'v20', v8: '11' },
    ...{ peers: { gcc: '12', java: null }, loadBefore: [0.1, 0, 0], loadAfter: [1, 0.2, 0] },
  },
  runs: [{ name: 'cli', seconds: 12, failure: null }],
  figures: [figureOf('cli.version', 'ratio', [1.2, 1.3, 1.4, 1.3, 1.3, 1.25])],
};

let folder: string;
let program: string;
const at = (name: string, text?: string): string => {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  return path;
};
const bench = (...args: readonly string[]) =>
  spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', cwd: folder, timeout: 60_000 });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'boxmark-bench-file-'));
  // Below the project, so that it finds its packages.
  program = resolve('node_modules', '.cache', `bench-file-${process.pid}.mjs`);
  await build({
    ...{ entryPoints: ['test/speed/main.ts'], outfile: program, bundle: true, packages: 'external' },
    ...{ platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' },
  });
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(program, { force: true });
});

describe('a file of benches', () => {
  it('reads as it was written', () => {
    writeBench(at('same.json'), BENCH);
    expect(readBench(at('same.json'))).toEqual(BENCH);
  });

  it('is compared without measuring', () => {
    const better = [figureOf('cli.version', 'ratio', [1, 1.1, 1.05, 1.02, 1.1, 1.05])];
    writeBench(at('old.json'), BENCH);
    writeBench(at('new.json'), { ...BENCH, figures: better, host: { ...BENCH.host, node: 'v22' } });
    const { status, stdout, stderr } = bench('--read', 'new.json', '--compare', 'old.json');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain('cli.version    1.05  1.00 to 1.10   6  ≤ 1.5  met');
    expect(stdout).toContain('since 2026-11-30T03:00:00.000Z (abc-dirty):\n  not the same node: v20 before, v22 now');
    expect(stdout).toMatch(/cli\.version +0\.808 +0\.714 to 0\.917 +better/);
  });

  it('that measures is written where it is asked for, and not elsewhere', () => {
    const { status, stdout } = bench('--read', 'new.json', '--write', 'x.json');
    expect([status, stdout]).toEqual([2, '']);
  });

  it.each([
    ['missing.json', undefined, /can.t be read[\s\S]*missing\.json: ENOENT/],
    ['cut.json', '{"schema": 1, "ki', /Not JSON[\s\S]*cut\.json/],
    ['foreign.json', '{"schema": 1, "results": []}', /not from npm run bench[\s\S]*foreign\.json/],
    ['list.json', '[]', /not from npm run bench[\s\S]*list\.json/],
    ['null.json', 'null', /not from npm run bench[\s\S]*null\.json/],
    ['older.json', JSON.stringify({ ...BENCH, schema: 0 }), /another schema than 1[\s\S]*older\.json: 0/],
    ['changed.json', JSON.stringify({ ...BENCH, figures: [{ id: 'x' }] }), /changed or cut[\s\S]*figures\.0/],
  ])('is refused when it is %s, before anything is measured', (name, text, message) => {
    at(name, text);
    const { status, stdout, stderr } = bench('--compare', name);
    expect(stderr).toMatch(message);
    expect(stderr).toContain('try:');
    expect([status, stdout]).toEqual([2, '']);
  });

  it.each([
    [['nothing'], /No such bench[\s\S]*nothing[\s\S]*kernels, [\s\S]*startup/],
    [['toString'], /No such bench/],
    [['kernels', '--size', 'huge'], /No such size[\s\S]*huge/],
    [['kernels', '--processes', '0'], /--processes takes a number above 0/],
    [['startup', '--environments', 'native,lxd'], /--environments takes a list[\s\S]*lxd/],
    [['--frobnicate'], /frobnicate/],
    [['cli', '--size', 'large'], /cli would ignore an option[\s\S]*--size/],
    [['report', 'compare', '--sessions', '9', '--nodes', process.execPath], /would ignore[\s\S]*: --nodes\n/],
    [['cli', '--write', ''], /--write takes the name of a file/],
  ])('is not made for %j', (args, message) => {
    const { status, stdout, stderr } = bench(...args);
    expect(stderr).toMatch(message);
    expect([status, stdout]).toEqual([2, '']);
  });

  it('keeps the figures of a bench that was asked for by name', () => {
    const { status, stdout, stderr } = bench('cli', '--write', 'cli.json');
    // The program is not in this folder, so every call fails: that is said, and no figure is made up.
    expect(stderr).toContain('bench: cli failed:');
    expect(stdout).toContain('written: cli.json');
    expect(status).toBe(1);
    const { runs, figures, whole } = JSON.parse(readFileSync(at('cli.json'), 'utf8')) as BenchFile;
    expect([runs.length, figures, whole]).toEqual([1, [], false]);
    expect(runs[0]?.failure).toContain('failed');
  });
});

describe('npm run bench', () => {
  it.each(['--help', '-h'])('names with %s every bench with its title, and every option', (flag) => {
    const { status, stdout, stderr } = bench('cli', flag);
    expect([status, stderr]).toEqual([0, '']);
    for (const [name, { title, takes = [] }] of Object.entries(BENCHES)) {
      expect(stdout).toMatch(new RegExp(`^  ${name} +`, 'm'));
      expect(stdout).toContain(title);
      for (const option of takes) expect(stdout).toContain(`\n  --${option} `);
    }
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(140);
  });

  it('ends without a word, and with code 0, when its reader leaves', () => {
    writeBench(at('piped.json'), BENCH);
    const call = `"${process.execPath}" "${program}"`;
    for (const args of ['--help', '--read piped.json --compare piped.json']) {
      // The reader is gone before the first line.
      const script = `{ sleep 0.3; ${call} ${args}; echo "code $?" >&2; } | true`;
      const { stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8', cwd: folder, timeout: 60_000 });
      expect(stderr).toBe('code 0\n');
    }
  });
});
