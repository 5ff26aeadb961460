/** Google Benchmark's JSON (`--benchmark_format=json`): a benchmark an environment and workload, a repetition a start. */

import { median } from '../../bench/units.ts';
import { neutral } from '../text.ts';
import { type ExportModel, groupStarts, rounded, textExport } from './export.ts';
import { jsonText } from './json-text.ts';

/** `compare.py` reads CPU time as well as real time and wants a number: 0 where it is not known. */
function render(model: ExportModel): string {
  const { session, integrity, fingerprint } = model;
  const benchmarks = groupStarts(model).flatMap((starts, family) =>
    starts.map(({ env, workload, work, values, cpu }, repetition) => {
      const known = cpu.filter((ns) => ns !== null);
      const name = `${neutral(env)}/${neutral(workload)}`;
      return {
        name,
        family_index: family,
        per_family_instance_index: 0,
        run_name: name,
        run_type: 'iteration',
        repetitions: starts.length,
        repetition_index: repetition,
        threads: 1,
        iterations: work * values.length,
        real_time: rounded(median(values)),
        cpu_time: known.length < cpu.length ? 0 : rounded(median(known)),
        time_unit: 'ns',
      };
    }),
  );
  const context = {
    date: neutral(session.startedAt),
    host_name: neutral(session.host),
    executable: 'boxmark',
    caches: [],
    library_build_type: 'release',
    boxmark_session: neutral(session.id),
    boxmark_version: neutral(session.program),
    boxmark_fingerprint: neutral(fingerprint),
    boxmark_seal: integrity.seal ?? '',
    boxmark_warning: integrity.faults.map(neutral).join('; '),
  };
  return jsonText({ context, benchmarks });
}

export const googleBenchmark = textExport(
  {
    name: 'google-benchmark',
    extension: 'json',
    summary: "Google Benchmark's JSON, for its compare.py: ns per pass, one repetition a fresh start",
  },
  render,
);
