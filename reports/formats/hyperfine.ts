/** hyperfine's JSON (`--export-json`, 1.12 and later): one result an environment and workload, one time a fresh start. */

import { median } from '../../bench/units.ts';
import { neutral } from '../text.ts';
import { type ExportModel, groupStarts, mean, rounded, stdDev, textExport } from './export.ts';
import { jsonText } from './json-text.ts';

/** CPU time is not known by user and system, and what is not known is null. Readers take `results` alone. */
function render(model: ExportModel): string {
  const results = groupStarts(model).map((starts) => {
    const [{ env, workload } = { env: '', workload: '' }] = starts;
    const times = starts.map(({ values }) => median(values) / 1e9);
    return {
      command: `${neutral(env)} ${neutral(workload)}`,
      mean: rounded(mean(times)),
      stddev: times.length < 2 ? null : rounded(stdDev(times)),
      median: rounded(median(times)),
      user: null,
      system: null,
      min: rounded(Math.min(...times)),
      max: rounded(Math.max(...times)),
      times: times.map((time) => rounded(time)),
      exit_codes: times.map(() => 0),
      parameters: { env: neutral(env), workload: neutral(workload) },
    };
  });
  return jsonText({ results, boxmark: { session: model.session.id, ...model.integrity } });
}

export const hyperfine = textExport(
  {
    name: 'hyperfine',
    extension: 'json',
    summary: "hyperfine's JSON, for its plotting scripts and what reads them: seconds per pass, one time a fresh start",
  },
  render,
);
