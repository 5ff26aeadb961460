/** Criterion.rs' folder of results (0.5): a group an environment, a benchmark a workload, a sample a fresh start. */

import { randomStream } from '../../bench/random.ts';
import { median } from '../../bench/units.ts';
import { neutral } from '../text.ts';
import { type ExportModel, exportModel, groupStarts, mean, rounded, stdDev } from './export.ts';
import type { Format, ReportFile } from './format.ts';
import { jsonText } from './json-text.ts';

const RESAMPLES = 2000;
/** Fixed, so that the same session gives the same bytes. */
const SEED = 2015;
const LEVEL = 0.95;
/** From a median absolute deviation to a standard deviation, as Criterion does. */
const MAD_SCALE = 1.4826;
/** Criterion cuts parts of a path to this. */
const LONGEST_PART = 64;

const STATISTICS = { mean, median, median_abs_dev: medianAbsDev, std_dev: stdDev } as const;

function render(model: ExportModel): ReportFile[] {
  const taken = new Set<string>();
  const files = groupStarts(model).flatMap((starts) => {
    const [{ env, workload, flopsPerPass } = { env: '', workload: '', flopsPerPass: null }] = starts;
    const directory = uniqueDirectory(env, workload, taken);
    const iters = starts.map(({ work, values }) => work * values.length);
    const perPass = starts.map(({ values }) => median(values));
    const id = `${neutral(env)}/${neutral(workload)}`;
    const documents = {
      benchmark: {
        group_id: neutral(env),
        function_id: neutral(workload),
        value_str: null,
        throughput: flopsPerPass === null ? null : { Elements: Math.round(flopsPerPass) },
        full_id: id,
        directory_name: directory,
        title: id,
      },
      estimates: { ...estimatesOf(perPass, id), slope: null },
      sample: {
        sampling_mode: 'Flat',
        iters,
        times: perPass.map((ns, index) => rounded(ns * (iters[index] as number))),
      },
      tukey: fences(perPass).map((fence) => rounded(fence)),
    };
    return Object.entries(documents).map(([name, document]) => ({
      name: `${directory}/new/${name}.json`,
      content: jsonText(document),
    }));
  });
  return [...files, { name: 'boxmark.txt', content: noteText(model) }];
}

/** Criterion's own files have no room for it, and its readers take no other names. */
function noteText({ session, integrity: { seal, faults } }: ExportModel): string {
  const lines = [
    `Session: ${session.id}`,
    ...(seal === null ? [] : [`Seal: ${seal}`]),
    ...faults.map((fault) => `Warning: ${fault}`),
  ];
  return lines.map((line) => `${neutral(line)}\n`).join('');
}

/** Bootstrapped with percentile intervals, as Criterion does; one start has no interval but its point. */
function estimatesOf(values: readonly number[], label: string) {
  const stream = randomStream(SEED, 0, label);
  const samples = Array.from({ length: RESAMPLES }, () =>
    values.map(() => values[stream.nextInt(values.length)] as number),
  );
  return Object.fromEntries(
    Object.entries(STATISTICS).map(([name, statistic]) => {
      const distribution = samples.map(statistic).sort((a, b) => a - b);
      const bound = (share: number) => rounded(percentile(distribution, share));
      return [
        name,
        {
          confidence_interval: {
            confidence_level: LEVEL,
            lower_bound: bound((1 - LEVEL) / 2),
            upper_bound: bound((1 + LEVEL) / 2),
          },
          point_estimate: rounded(statistic(values)),
          standard_error: rounded(stdDev(distribution)),
        },
      ];
    }),
  );
}

/** Tukey's fences: low severe, low mild, high mild, high severe. */
function fences(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [percentile(sorted, 0.25), percentile(sorted, 0.75)];
  const spread = high - low;
  return [low - 3 * spread, low - 1.5 * spread, high + 1.5 * spread, high + 3 * spread];
}

function percentile(sorted: readonly number[], share: number): number {
  const rank = share * (sorted.length - 1);
  const below = sorted[Math.floor(rank)] as number;
  return below + (rank - Math.floor(rank)) * ((sorted[Math.ceil(rank)] as number) - below);
}

function medianAbsDev(values: readonly number[]): number {
  const centre = median(values);
  return MAD_SCALE * median(values.map((value) => Math.abs(value - centre)));
}

/** `docker_docker/fft`; a second of the same name ends in `_2`, as Criterion's do. */
function uniqueDirectory(env: string, workload: string, taken: Set<string>): string {
  const path = `${pathPart(env)}/${pathPart(workload)}`;
  let unique = path;
  for (let copy = 2; taken.has(unique.toLowerCase()); copy++) unique = `${path}_${copy}`;
  taken.add(unique.toLowerCase());
  return unique;
}

/** What Criterion replaces in names of files; and no name that leads out of its folder. */
function pathPart(text: string): string {
  const safe = neutral(text)
    .replaceAll(/[?"/\\*<>:|^\s]/g, '_')
    .replace(/^\.+/, '_');
  return [...safe].slice(0, LONGEST_PART).join('') || '_';
}

export const criterion: Format = {
  name: 'criterion',
  extension: 'json',
  summary: "Criterion.rs' folder of results, for critcmp and cargo-criterion's readers: one sample a fresh start",
  audience: 'tool',
  many: false,
  folder: true,
  files([session, ...more]) {
    if (session === undefined || more.length > 0) throw new RangeError('this format takes exactly one session');
    return render(exportModel(session));
  },
};
