import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatsFor } from '../../reports/formats/index.ts';
import { boxmark } from './program.ts';
import { writeSession } from './stored-session.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const session = (name: string, docker = 1.1) =>
  writeSession({ out: join(out, 'results'), name, truth: { ratios: { docker } } });

describe('boxmark export', () => {
  it('writes to standard output, the same bytes to a file, and nothing of where the session lies', async () => {
    const dir = session('one');
    for (const name of ['benchfmt', 'junit']) {
      const file = join(out, name);
      const printed = await boxmark('export', dir, '--as', name);
      expect(printed, name).toMatchObject({ code: 0, stderr: '' });
      expect(printed.stdout).toContain('docker');
      expect(await boxmark('export', dir, '--as', name, '-o', file)).toMatchObject({ code: 0, stdout: '' });
      expect(readFileSync(file, 'utf8'), name).toBe(printed.stdout);
      expect(printed.stdout, name).not.toContain(out);
    }
  });

  it('writes a folder for criterion, and wants one named', async () => {
    const dir = session('one');
    const folder = join(out, 'target', 'criterion');
    expect(await boxmark('export', dir, '--as', 'criterion', '-o', folder)).toMatchObject({ code: 0, stdout: '' });
    expect(readdirSync(join(folder, 'docker', 'fft', 'new')).sort()).toEqual([
      'benchmark.json',
      'estimates.json',
      'sample.json',
      'tukey.json',
    ]);
    const unnamed = await boxmark('export', dir, '--as', 'criterion');
    expect(unnamed).toMatchObject({ code: 2, stdout: '' });
    expect(unnamed.stderr).toMatch(/-o names it[\s\S]*try:/);
  });

  it('lists its formats', async () => {
    const { items } = JSON.parse((await boxmark('list', 'exports', '--json')).stdout) as { items: { name: string }[] };
    expect(items.map(({ name }) => name)).toEqual(formatsFor('tool').map(({ name }) => name));
  });

  it('puts the sessions of a folder into one file for otava, and says what is left out', async () => {
    session('one');
    writeSession({ out: join(out, 'results'), name: 'two', plan: { workloads: ['fft'] } });
    const ended = await boxmark('export', join(out, 'results'), '--as', 'otava');
    expect(ended.code).toBe(0);
    expect(ended.stdout.trim().split('\n')).toHaveLength(3);
    expect(ended.stderr).toMatch(/metrics are left out, because not every session has them/);
  });

  it('refuses a session of starts where a format has no room for them, and names those that have', async () => {
    const dir = writeSession({ out, name: 'starts', plan: { measure: 'startup', workloads: [] } });
    const ended = await boxmark('export', dir, '--as', 'benchfmt');
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/this session measures the startup[\s\S]*try: --as openmetrics or --as bencher/);
    expect(ended.stderr).not.toMatch(/no whole block/);
  });

  it('refuses several sessions for the others, unknown formats, and what holds no data, with code 2', async () => {
    session('one');
    session('two');
    const several = await boxmark('export', join(out, 'results'), '--as', 'junit');
    expect(several.stderr).toMatch(/junit holds one session, these are 2[\s\S]*try:/);
    const unknown = await boxmark('export', join(out, 'results'), '--as', 'hyperfin');
    expect(unknown.stderr).toMatch(/did you mean "hyperfine"/);
    const none = writeSession({ out: join(out, 'empty'), name: 'none', info: { blocksCompleted: 0 } });
    const empty = await boxmark('export', none, '--as', 'pyperf');
    expect(empty.stderr).toMatch(/no whole block/);
    const unwritable = await boxmark('export', join(out, 'results', 'one'), '--as', 'junit', '-o', join(out, 'a', 'b'));
    expect(unwritable.stderr).toMatch(/can't be written/);
    for (const ended of [several, unknown, empty, unwritable]) {
      expect(ended.code).toBe(2);
      expect(ended.stdout).toBe('');
    }
  });
});
