/** Exports for services and for Google Benchmark's tools, by the rules of their readers. */

import { describe, expect, it } from 'vitest';
import type { CostMeasure } from '../../../bench/types.ts';
import { bencher } from '../../../reports/formats/bencher.ts';
import { googleBenchmark } from '../../../reports/formats/google-benchmark.ts';
import { openmetrics } from '../../../reports/formats/openmetrics.ts';
import { textOf } from '../document.ts';
import { costInput, DENSITY, FOOTPRINT, LOAD, neighbourInput, STORM, scaleInput } from '../fixture.ts';
import { exportModelFrom, fullModel, hostileModel, plainModel } from './fixture.ts';

type Metrics = Record<string, { value: number; lower_value?: number; upper_value?: number }>;

const bencherOf = (model: ReturnType<typeof fullModel>): Record<string, Metrics> =>
  JSON.parse(textOf(bencher, [model]));
const ROWS: Partial<Record<CostMeasure, object>> = {
  footprint: { footprint: FOOTPRINT },
  density: { density: DENSITY },
  storm: { storm: STORM },
};
const costModel = (measure: Exclude<CostMeasure, 'scale' | 'capacity'>) =>
  exportModelFrom(costInput(measure, ROWS[measure]));

describe('the export bencher', () => {
  it('has the interval of a time ratio as lower and upper value, around the value', () => {
    const ratio = bencherOf(plainModel(1.1))['docker over native, fft']?.['time-ratio'];
    expect(ratio?.value).toBeCloseTo(1.1, 2);
    expect(ratio?.lower_value).toBeLessThan(ratio?.value ?? 0);
    expect(ratio?.upper_value).toBeGreaterThan(ratio?.value ?? 0);
  });

  it('has the same names from run to run', () => {
    const names = (id: string) => Object.keys(bencherOf(plainModel(1.1, {}, id)));
    expect(names('20261124T170000Z-ffffff')).toEqual(names('20261125T170000Z-eeeeee'));
  });

  it.each([
    ['a session', fullModel],
    ['hostile names', hostileModel],
    ['starts', () => costModel('startup')],
    ['idle instances', () => costModel('footprint')],
    ['how many idle instances fit', () => costModel('density')],
    ['storms of starts', () => costModel('storm')],
    ['instances at once', () => exportModelFrom(scaleInput())],
    ['a victim beside neighbours', () => exportModelFrom(neighbourInput())],
    ['load', () => exportModelFrom(costInput('load', { load: LOAD }))],
  ])('keeps to the published schema, with slugs as measures: %s', (_, model) => {
    const benchmarks = Object.entries(bencherOf(model()));
    expect(benchmarks.length).toBeGreaterThan(1);
    for (const [name, metrics] of benchmarks) {
      expect(name).not.toBe('');
      for (const [measure, { value, lower_value = value, upper_value = value }] of Object.entries(metrics)) {
        expect(measure).toMatch(/^[a-z-]{1,64}$/);
        expect([value, lower_value, upper_value].every(Number.isFinite)).toBe(true);
      }
    }
  });

  it('has starts with intervals, and their ratios', () => {
    const benchmarks = bencherOf(costModel('startup'));
    const level = benchmarks['docker, warm start, ready']?.latency;
    expect(level?.value).toBeCloseTo(306e6, -6);
    expect(level?.lower_value).toBeLessThan(level?.upper_value ?? 0);
    expect(benchmarks['docker over native, warm start, ready']?.['time-ratio']?.value).toBeCloseTo(5, 3);
  });

  it('has what an idle instance takes', () => {
    expect(bencherOf(costModel('footprint'))['docker, idle instance, host']?.bytes?.value).toBeCloseTo(40 * 2 ** 20, 0);
  });
});

describe('the export openmetrics', () => {
  it('has starts and idle instances of sessions that measure them', () => {
    expect(textOf(openmetrics, [costModel('startup')])).toMatch(
      /boxmark_start_seconds\{env="docker",stage="ready"\} 0\.3/,
    );
    const busy = textOf(openmetrics, [exportModelFrom(costInput('load', { load: LOAD }))]);
    expect(busy).toMatch(
      /^boxmark_load_latency_seconds\{env="native",workload="lu",rate="50",quantile="0.99"\} 0\.0040/m,
    );
    expect(busy).toContain('boxmark_load_saturated{env="docker",workload="lu",rate="180"} 1\n');
    expect(busy).toContain('boxmark_load_knee_rate{env="docker",workload="lu"} 100\n');
    const working = textOf(openmetrics, [exportModelFrom(scaleInput())]);
    expect(working).toMatch(
      /^boxmark_scale_throughput\{env="native",workload="fft",instances="4",unit="MFLOPS"\} 199\d/m,
    );
    expect(working).toMatch(/^boxmark_scale_slowdown\{env="docker",workload="fft",instances="4",quantile="0.99"\} 2$/m);
    const beside = textOf(openmetrics, [exportModelFrom(neighbourInput())]);
    expect(beside).toMatch(/^boxmark_neighbour_slowdown\{env="docker",workload="fft",aggressor="cpu"\} 1\.65/m);
    const idle = textOf(openmetrics, [costModel('footprint')]);
    expect(idle).toContain(`boxmark_instance_bytes{env="docker",figure="host"} ${40 * 2 ** 20}`);
    const dense = textOf(openmetrics, [costModel('density')]);
    const storm = textOf(openmetrics, [costModel('storm')]);
    expect(storm).toContain(
      'boxmark_storm_ready_seconds{env="docker",instances="10",order="at-once",share="weight"} 2.5',
    );
    expect(dense).toContain('boxmark_instances_held{env="docker",ended_by="max"} 20');
    expect(dense).toMatch(/boxmark_instance_bytes\{env="docker",figure="host"\} 419430\d\d/);
  });
});

describe('the export google-benchmark', () => {
  it.each([
    ['a session', fullModel],
    ['hostile names', hostileModel],
  ])('has the fields that its tools read, with numbers for both times, a repetition a start: %s', (_, model) => {
    const { context, benchmarks } = JSON.parse(textOf(googleBenchmark, [model()]));
    expect(context.caches).toEqual([]);
    expect(benchmarks.length).toBeGreaterThan(0);
    for (const one of benchmarks) {
      expect(one).toMatchObject({ run_type: 'iteration', time_unit: 'ns', threads: 1, name: one.run_name });
      expect(one.real_time).toBeGreaterThan(0);
      expect(one.cpu_time).toBeGreaterThanOrEqual(0);
      expect(one.repetition_index).toBeLessThan(one.repetitions);
    }
  });

  it('names environment and workload so that its filters can compare two environments', () => {
    const { benchmarks } = JSON.parse(textOf(googleBenchmark, [plainModel(1.1)]));
    const names = new Set(benchmarks.map(({ name }: { name: string }) => name));
    for (const name of ['native/fft', 'docker/fft']) expect(names).toContain(name);
  });
});
