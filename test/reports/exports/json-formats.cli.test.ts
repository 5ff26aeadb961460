/** Exports in JSON: against a file that hyperfine itself wrote, pyperf's own rules, and the fields of github-action-benchmark. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { median } from '../../../bench/units.ts';
import { githubAction } from '../../../reports/formats/github-action.ts';
import { hyperfine } from '../../../reports/formats/hyperfine.ts';
import { pyperf } from '../../../reports/formats/pyperf.ts';
import { textOf } from '../document.ts';
import { fixtureInput } from '../fixture.ts';
import { consume, pythonWith, withFile } from './consumer.ts';
import { exportModelFrom, fullModel, hostileModel, plainModel } from './fixture.ts';

describe('the export hyperfine', () => {
  const { results } = JSON.parse(textOf(hyperfine, [fullModel()]));

  it('has a result for each environment and workload, with one time for each fresh start, in seconds per pass', () => {
    expect(results).toHaveLength(5 * 5);
    const [first] = results;
    expect(first).toMatchObject({ command: 'native fft', parameters: { env: 'native', workload: 'fft' } });
    expect(first.times).toHaveLength(6);
    expect(first.mean).toBeCloseTo(26e-6, 5);
    expect(first.min).toBe(Math.min(...first.times));
    expect(first.max).toBe(Math.max(...first.times));
    expect(first.median).toBeCloseTo(median(first.times), 12);
  });

  it('has CPU time as user time, and names the results in which it is not known', () => {
    const { samples, ...input } = fixtureInput();
    const blind = exportModelFrom({
      ...input,
      samples: [...samples].map((one) => ({ ...one, cpuNs: one.env === 'docker' ? null : one.work * 20_000 })),
    });
    const document = JSON.parse(textOf(hyperfine, [blind]));
    const userOf = (command: string) =>
      document.results.find((one: { command: string }) => one.command === command).user;
    expect(userOf('native fft')).toBeCloseTo(20e-6, 12);
    expect(userOf('docker fft')).toBe(0);
    expect(document.boxmark.cpuTimeUnknown).toContain('docker fft');
    expect(document.boxmark.cpuTimeUnknown).not.toContain('native fft');
  });

  it.each([
    ['a session', fullModel],
    ['hostile names', hostileModel],
    ['one start each', () => plainModel(1.1)],
  ])('is taken by a reader that refuses a file for one null: %s', (_, model) => {
    const document = JSON.parse(textOf(hyperfine, [model()]));
    expect(document.results.length).toBeGreaterThan(0);
    for (const one of document.results) {
      for (const key of ['mean', 'median', 'user', 'system', 'min', 'max'])
        expect(one[key], key).toEqual(expect.any(Number));
      expect(one.stddev === null || typeof one.stddev === 'number').toBe(true);
      expect(one.times.every(Number.isFinite)).toBe(true);
      expect(one.exit_codes.every(Number.isInteger)).toBe(true);
    }
  });

  it('has every field that hyperfine writes, of the same type where it is known', (ctx) => {
    const original = withFile('true.json', '', (file) => {
      const ended = consume(['hyperfine', '-N', '--style', 'none', '--runs', '3', 'true', '--export-json', file]);
      return ended === null ? null : JSON.parse(readFileSync(file, 'utf8'));
    });
    if (original === null) return ctx.skip('hyperfine is not installed');
    for (const [key, value] of Object.entries(original.results[0])) {
      expect(results[0], key).toHaveProperty(key);
      if (results[0][key] !== null) expect(typeof results[0][key], key).toBe(typeof value);
      if (Array.isArray(value)) expect(typeof results[0][key][0], key).toBe(typeof value[0]);
    }
  });
});

describe('the export pyperf', () => {
  const document = JSON.parse(textOf(pyperf, [fullModel()]));

  it('has a benchmark for each environment and workload, a run for each start, a value for each burst', () => {
    expect(document.version).toBe('1.0');
    expect(document.benchmarks).toHaveLength(5 * 5);
    const [first] = document.benchmarks;
    expect(first.metadata.name).toBe('native fft');
    expect(first.runs).toHaveLength(6);
    expect(first.runs[0].values).toHaveLength(10);
    expect(first.runs[0].warmups).toHaveLength(1);
    expect(first.runs[0].metadata).toMatchObject({ loops: 385, date: '2026-11-23 17:00:00.000000' });
  });

  it.each([
    ['a session', () => textOf(pyperf, [fullModel()])],
    ['hostile names', () => textOf(pyperf, [hostileModel()])],
  ])("holds what pyperf's reader asks for: %s", (_, render) => {
    const { metadata, benchmarks } = JSON.parse(render());
    const known = ['second', 'byte', 'integer'];
    expect(known).toContain(metadata.unit);
    const names = benchmarks.map((one: { metadata: { name: string } }) => one.metadata.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { runs, ...one } of benchmarks) {
      for (const run of runs) {
        expect(run.values.length).toBeGreaterThan(0);
        expect(run.values.every((value: unknown) => typeof value === 'number' && value > 0)).toBe(true);
        for (const [loops, value] of run.warmups ?? []) {
          expect(Number.isInteger(loops) && loops >= 1 && value >= 0).toBe(true);
        }
        for (const value of Object.values({ ...metadata, ...one.metadata, ...run.metadata })) {
          if (typeof value === 'number') expect(Number.isInteger(value)).toBe(true);
          else expect(value).toMatch(/^\S(.*\S)?$/);
        }
      }
    }
  });

  it('is read by pyperf', (ctx) => {
    const python = pythonWith('pyperf');
    if (python === null) return ctx.skip('the Python module pyperf is not installed');
    const ended = withFile('session.json', textOf(pyperf, [fullModel()]), (file) =>
      consume([python, '-m', 'pyperf', 'show', file]),
    );
    expect(ended).toMatchObject({ code: 0 });
  });
});

describe('the export github-action', () => {
  const entries = JSON.parse(textOf(githubAction, [plainModel(1.1)]));

  it('has ratios first, then times, smaller better, with names that stay the same from run to run', () => {
    expect(entries.map(({ name, unit }: Record<string, string>) => `${name} ${unit}`)).toEqual([
      'docker over native, fft time ratio',
      'docker over native, monte-carlo time ratio',
      'docker over native, suite time ratio',
      'native, fft ns/pass',
      'native, monte-carlo ns/pass',
      'docker, fft ns/pass',
      'docker, monte-carlo ns/pass',
    ]);
    const other = JSON.parse(textOf(githubAction, [plainModel(1.2, {}, '20261124T170000Z-ffffff')]));
    expect(other.map(({ name }: { name: string }) => name)).toEqual(entries.map(({ name }: { name: string }) => name));
    expect(entries[0].value).toBeCloseTo(1.1, 2);
  });

  it('has what the action takes: name, unit, a number, and texts for range and extra', () => {
    for (const { name, unit, value, range, extra, ...rest } of [
      ...entries,
      ...JSON.parse(textOf(githubAction, [hostileModel()])),
    ]) {
      expect([typeof name, typeof unit, typeof value, typeof extra]).toEqual(['string', 'string', 'number', 'string']);
      expect(['string', 'undefined']).toContain(typeof range);
      expect(rest).toEqual({});
    }
    expect(entries[0].range).toMatch(/^± 0\.\d+$/);
    expect(entries[0].extra).toMatch(/verdict: slower/);
  });
});
