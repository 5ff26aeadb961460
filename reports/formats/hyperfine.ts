/** hyperfine's JSON (`--export-json`, 1.12 and later): one result an environment and workload, one time a fresh start. */

import { median } from '../../bench/units.ts';
import type { StartSeries } from '../model/model.ts';
import { neutral } from '../text.ts';
import { type ExportModel, groupStarts, mean, rounded, stdDev, textExport } from './export.ts';
import { jsonText } from './json-text.ts';

/**
 * Strict readers take a whole file only if `user` and `system` are numbers. A burst's CPU time is known as a sum, and a
 * kernel makes no system calls: it all counts as user time, 0 where it is not known. Readers take `results` alone.
 */
function render(model: ExportModel): string {
  const groups = groupStarts(model);
  const results = groups.map((starts) => {
    const [{ env, workload } = { env: '', workload: '' }] = starts;
    const times = starts.map(({ values }) => median(values) / 1e9);
    return {
      command: nameOf(starts),
      mean: rounded(mean(times)),
      stddev: times.length < 2 ? null : rounded(stdDev(times)),
      median: rounded(median(times)),
      user: rounded(cpuSeconds(starts) ?? 0),
      system: 0,
      min: rounded(Math.min(...times)),
      max: rounded(Math.max(...times)),
      times: times.map((time) => rounded(time)),
      exit_codes: times.map(() => 0),
      parameters: { env: neutral(env), workload: neutral(workload) },
    };
  });
  const cpuTimeUnknown = groups.filter((starts) => cpuSeconds(starts) === null).map(nameOf);
  return jsonText({ results, boxmark: { session: model.session.id, ...model.integrity, cpuTimeUnknown } });
}

function nameOf([first]: readonly StartSeries[]): string {
  return `${neutral(first?.env ?? '')} ${neutral(first?.workload ?? '')}`;
}

/** Mean over starts of the median burst; null when a burst's is not known. */
function cpuSeconds(starts: readonly StartSeries[]): number | null {
  const known = starts.map(({ cpu }) => cpu.filter((ns) => ns !== null));
  if (known.some((cpu, index) => cpu.length < (starts[index]?.cpu.length ?? 0))) return null;
  return mean(known.map((cpu) => median(cpu))) / 1e9;
}

export const hyperfine = textExport(
  {
    name: 'hyperfine',
    extension: 'json',
    summary: "hyperfine's JSON, for its plotting scripts and what reads them: seconds per pass, one time a fresh start",
  },
  render,
);
