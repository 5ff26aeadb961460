/** Exports as text: benchfmt, OpenMetrics, JUnit and Otava's CSV, read by what reads them. */

import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { benchfmt } from '../../../reports/formats/benchfmt.ts';
import { plain } from '../../../reports/formats/export.ts';
import { junit } from '../../../reports/formats/junit.ts';
import { openmetrics } from '../../../reports/formats/openmetrics.ts';
import { otava } from '../../../reports/formats/otava.ts';
import { reportOf, textOf } from '../document.ts';
import { consume, pythonWith, withFile } from './consumer.ts';
import { emptyModel, fullModel, hostileModel, plainModel } from './fixture.ts';

const XSD = fileURLToPath(new URL('../../data/junit.xsd', import.meta.url));

/** By the rules of Go proposal 14313; lines that are none of it are what a reader would skip in silence. */
function readBenchfmt(text: string) {
  const config: Record<string, string> = {};
  const results: { env: string | undefined; name: string; iterations: number; values: Record<string, number> }[] = [];
  const skipped: string[] = [];
  for (const line of text.split('\n')) {
    const key = /^(\p{Ll}[^\p{Lu}\s:]*):(?:[ \t]+(.*))?$/u.exec(line);
    if (key !== null) config[key[1] ?? ''] = key[2] ?? '';
    else if (/^Benchmark(?!\p{Ll})/u.test(line)) {
      const [name = '', iterations, ...pairs] = line.split(/[ \t]+/);
      expect(pairs.length % 2).toBe(0);
      const values: Record<string, number> = {};
      for (let i = 0; i < pairs.length; i += 2) values[pairs[i + 1] ?? ''] = Number(pairs[i]);
      results.push({ env: config.env, name, iterations: Number(iterations), values });
    } else if (line !== '' && !/^Unit \S+( \S+=\S+)+$/.test(line)) skipped.push(line);
  }
  return { config, results, skipped };
}

describe('the export benchfmt', () => {
  it('has a line for each fresh start, with its environment as the key env, ns per pass and MFLOPS', () => {
    const { results, skipped, config } = readBenchfmt(textOf(benchfmt, [fullModel()]));
    expect(skipped).toEqual([]);
    expect(results).toHaveLength(5 * 5 * 6);
    expect([...new Set(results.map(({ env }) => env))]).toEqual([
      'native',
      'docker',
      'docker/docker',
      'qemu:tcg',
      'native@control',
    ]);
    expect(results[0]).toMatchObject({ env: 'native', name: 'BenchmarkFft', iterations: 3850 });
    expect(results[0]?.values['ns/op']).toBeGreaterThan(20_000);
    // The test's passes have 50,000 operations.
    expect(((results[0]?.values.MFLOPS ?? 0) * (results[0]?.values['ns/op'] ?? 0)) / 1e3).toBeCloseTo(50_000, -1);
    expect(config).toMatchObject({ size: 'small', fingerprint: 'f'.repeat(64) });
    expect(results.map(({ name }) => name)).toContain('BenchmarkMonteCarlo');
  });

  it('changes no key but env within a file, so that benchstat makes one table', () => {
    const keys: string[] = textOf(benchfmt, [fullModel()]).match(/^[a-z]+(?=:)/gm) ?? [];
    const repeated = keys.filter((key, index) => keys.indexOf(key) < index);
    expect(new Set(repeated)).toEqual(new Set(['env']));
  });

  it('of hostile names is still nothing but keys, units and results', () => {
    const { skipped, results } = readBenchfmt(textOf(benchfmt, [hostileModel()]));
    expect(skipped).toEqual([]);
    expect(results.every(({ iterations }) => Number.isInteger(iterations) && iterations > 0)).toBe(true);
  });

  it('is read by benchstat, with a column for each environment', (ctx) => {
    const ended = withFile('session.txt', textOf(benchfmt, [fullModel()]), (file) =>
      consume(['benchstat', '-col', 'env', file]),
    );
    if (ended === null) return ctx.skip('benchstat is not installed');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/native.*docker/);
  });
});

describe('the export openmetrics', () => {
  it('ends with the mark that the format asks for, and has ratios with intervals and one verdict that holds', () => {
    const text = textOf(openmetrics, [plainModel(1.1)]);
    expect(text.endsWith('\n# EOF\n')).toBe(true);
    expect(text).toMatch(/^boxmark_time_ratio\{env="docker",baseline="native",workload="fft"\} 1\.\d+$/m);
    expect(text).toMatch(/^boxmark_verdict\{.*workload="fft",verdict="slower"\} 1$/m);
    expect(text).toMatch(/^boxmark_verdict\{.*workload="fft",verdict="equivalent"\} 0$/m);
    expect(textOf(openmetrics, [emptyModel()])).toMatch(/^boxmark_session\{.*\} 1$/m);
  });

  it.for([
    ['a session', fullModel] as const,
    ['hostile names', hostileModel] as const,
    ['nothing measured', emptyModel] as const,
  ])('is found without fault by promtool: %s', ([, model], ctx) => {
    const ended = consume(['promtool', 'check', 'metrics'], textOf(openmetrics, [model()]));
    if (ended === null) return ctx.skip('promtool is not installed');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it.for([
    ['a session', fullModel] as const,
    ['hostile names', hostileModel] as const,
    ['nothing measured', emptyModel] as const,
  ])('is read by the reference parser of OpenMetrics: %s', ([, model], ctx) => {
    const python = pythonWith('prometheus_client');
    if (python === null) return ctx.skip('the Python module prometheus_client is not installed');
    const script =
      'import sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n' +
      'print(sum(len(family.samples) for family in read(sys.stdin.read())))';
    const text = textOf(openmetrics, [model()]);
    const ended = consume([python, '-c', script], text);
    expect(ended).toMatchObject({ code: 0 });
    expect(Number(ended?.stdout)).toBe(text.split('\n').filter((line) => /^[a-z]/.test(line)).length);
  });
});

describe('the export junit', () => {
  it('has a case for every pair and workload; slower past the margin fails, open ones are skipped', () => {
    const failing = textOf(junit, [plainModel(1.1)]);
    expect(failing).toMatch(
      /<testsuite .*name="docker against native" .*tests="3" failures="3" errors="0" skipped="0"/,
    );
    expect(failing.match(/<failure type="slower" message="time ratio 1\.1\d+ \[/g)).toHaveLength(3);
    const passing = textOf(junit, [plainModel(1)]);
    expect(passing).toContain('tests="3" failures="0"');
    expect(passing).toMatch(/<system-out>fft: equivalent: time ratio (1\.0|0\.9)/);
    const open = textOf(junit, [plainModel(1, { start: 0.05 })]);
    expect(open).toContain('failures="0" errors="0" skipped="3"');
    expect(open).toMatch(/<skipped message="inconclusive: the interval is too wide/);
  });

  it('has a time of 0 at every suite and case, which adds up to nothing', () => {
    const starts = textOf(junit, [fullModel()]).match(/<test(suite|case) [^>]*>/g) ?? [];
    expect(starts.length).toBeGreaterThan(0);
    for (const start of starts) expect(start).toContain(' time="0"');
  });

  it('does not fail what is slower, but not surely past the margin', () => {
    const model = plainModel(1.02, { start: 0.002, seed: 4 });
    const rows = model.contrasts.filter(({ verdict }) => verdict === 'slower');
    expect(rows.length).toBeGreaterThan(0);
    const within = rows.filter(({ judgement }) => !judgement?.additions.includes('past-margin'));
    expect(within.length).toBeGreaterThan(0);
    const text = textOf(junit, [model]);
    for (const { workload } of within) {
      expect(text).toContain(`name="${workload}" time="0"/>`);
      expect(text).toMatch(new RegExp(`^(    <system-out>)?${workload}: slower: time ratio`, 'm'));
    }
  });

  it.for([
    ['a session', fullModel] as const,
    ['one that fails', () => plainModel(1.1)] as const,
    ['hostile names', hostileModel] as const,
    ['nothing measured', emptyModel] as const,
  ])('keeps to the schema, by xmllint: %s', ([, model], ctx) => {
    const ended = consume(['xmllint', '--huge', '--noout', '--nonet', '--schema', XSD, '-'], textOf(junit, [model()]));
    if (ended === null) return ctx.skip('xmllint is not installed');
    expect(ended).toMatchObject({ code: 0 });
  });
});

describe('the export otava', () => {
  const rowsOf = (text: string) => parse(text, { columns: true }) as Record<string, string>[];

  it('has a row for each session in the order of time, and a number in every cell of a metric', () => {
    const early = plainModel(1.1);
    const late = plainModel(1.2, {}, 'later');
    const session = { ...late.session, startedAt: '2026-11-24T17:00:00.000Z' };
    const rows = rowsOf(textOf(otava, [{ ...late, session }, early]));
    expect(rows.map(({ time, session: id }) => `${time} ${id}`)).toEqual([
      '2026-11-23 17:00:00 +0000 20261123T170000Z-ab12cd',
      '2026-11-24 17:00:00 +0000 later',
    ]);
    expect(Number(rows[1]?.['docker.over.native.fft.time_ratio'])).toBeCloseTo(1.2, 2);
    expect(Number(rows[1]?.['native.fft.ns_per_pass'])).toBeGreaterThan(20_000);
    for (const row of rows) {
      for (const cell of Object.values(row).slice(6)) expect(cell).toMatch(/^\d+(\.\d+)?$/);
    }
  });

  it('leaves out what not every session has, and says so', () => {
    const models = [plainModel(1.1), fullModel()];
    const [first] = rowsOf(textOf(otava, models));
    expect(Object.keys(first ?? {})).not.toContain('docker/docker.fft.ns_per_pass');
    expect(otava.remarks?.(models.map(reportOf)).join()).toMatch(
      /metrics are left out, because not every session has them/,
    );
    expect(otava.remarks?.([reportOf(fullModel())])).toEqual([]);
  });

  it('has no cell that a spreadsheet would run', () => {
    const text = textOf(otava, [hostileModel()]);
    const cells = (parse(text) as string[][]).flat();
    expect(cells.some((cell) => cell.startsWith("'="))).toBe(true);
    for (const cell of cells) expect(cell).not.toMatch(/^[=+@\t\r\uFF1D\uFF0B\uFF0D\uFF20-]/);
  });
});

describe('plain decimals', () => {
  it('have no exponent, however small or large, and keep their digits', () => {
    expect([1.5e-7, 2.6e-5, 0.1, 1, 385, 1e21, 1.23456789012e-12].map((value) => plain(value))).toEqual([
      '0.00000015',
      '0.000026',
      '0.1',
      '1',
      '385',
      '1000000000000000000000',
      '0.00000000000123456789',
    ]);
  });
});
