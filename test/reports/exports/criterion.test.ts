/** The folder that Criterion.rs' readers take: its layout, the fields of its structures, and what they mean. */

import { describe, expect, it } from 'vitest';
import { criterion } from '../../../reports/formats/criterion.ts';
import type { ReportFile } from '../../../reports/formats/format.ts';
import type { ReportModel } from '../../../reports/model/model.ts';
import { reportOf } from '../document.ts';
import { emptyModel, fullModel, HOSTILE, hostileModel } from './fixture.ts';

const PARTS = ['benchmark', 'estimates', 'sample', 'tukey'];

/** Without the note about the session. */
const filesOf = (model: ReportModel) =>
  (criterion.files([reportOf(model)]) as readonly ReportFile[]).filter(({ name }) => name !== 'boxmark.txt');

function read(files: readonly ReportFile[], directory: string) {
  return Object.fromEntries(
    PARTS.map((part) => {
      const file = files.find(({ name }) => name === `${directory}/new/${part}.json`);
      return [part, JSON.parse(String(file?.content))];
    }),
  );
}

const ESTIMATE = {
  confidence_interval: {
    confidence_level: 0.95,
    lower_bound: expect.any(Number),
    upper_bound: expect.any(Number),
  },
  point_estimate: expect.any(Number),
  standard_error: expect.any(Number),
};

describe('the export criterion', () => {
  const files = filesOf(fullModel());

  it('has four files for every environment and workload, the control included', () => {
    expect(files).toHaveLength(5 * 5 * PARTS.length);
    const directories = new Set(files.map(({ name }) => name.split('/new/')[0]));
    expect(directories).toContain('docker_docker/monte-carlo');
    expect(directories).toContain('native@control/fft');
    expect(filesOf(fullModel())).toEqual(files);
  });

  it('has the fields of its structures, one sample a fresh start', () => {
    const { benchmark, estimates, sample, tukey } = read(files, 'docker_docker/fft');
    expect(benchmark).toEqual({
      group_id: 'docker/docker',
      function_id: 'fft',
      value_str: null,
      throughput: { Elements: expect.any(Number) },
      full_id: 'docker/docker/fft',
      directory_name: 'docker_docker/fft',
      title: 'docker/docker/fft',
    });
    expect(estimates).toEqual({
      mean: ESTIMATE,
      median: ESTIMATE,
      median_abs_dev: ESTIMATE,
      slope: null,
      std_dev: ESTIMATE,
    });
    expect(sample.sampling_mode).toBe('Flat');
    expect(sample.iters).toHaveLength(6);
    expect(sample.times).toHaveLength(6);
    expect(tukey).toHaveLength(4);
    expect(tukey).toEqual(tukey.toSorted((a: number, b: number) => a - b));
  });

  it('estimates what its samples hold', () => {
    const { estimates, sample } = read(files, 'docker/fft');
    const perPass = sample.times.map((time: number, index: number) => time / sample.iters[index]);
    const mean = perPass.reduce((sum: number, ns: number) => sum + ns, 0) / perPass.length;
    expect(estimates.mean.point_estimate / mean).toBeCloseTo(1, 6);
    for (const name of ['mean', 'median', 'std_dev', 'median_abs_dev']) {
      const { confidence_interval: interval, point_estimate: point } = estimates[name];
      expect(interval.lower_bound).toBeLessThanOrEqual(point);
      expect(interval.upper_bound).toBeGreaterThan(interval.lower_bound);
    }
  });

  it('keeps hostile names inside its folder, and apart', () => {
    const hostile = filesOf(hostileModel());
    const names = hostile.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      expect(name).toMatch(/^[^/]+\/[^/]+\/new\/\w+\.json$/);
      expect(name).not.toMatch(/(^|\/)\.|[\p{Cc}\p{Cf}<>:"|?*\\]/u);
    }
    const text = hostile.map(({ content }) => content).join('');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text).not.toContain(HOSTILE);
  });

  it('takes exactly one session, and of an empty one makes no file', () => {
    expect(() => criterion.files([reportOf(fullModel()), reportOf(fullModel())])).toThrow(RangeError);
    expect(filesOf(emptyModel())).toEqual([]);
  });
});
