/** From a session's folder to the model that exports are rendered from: that of the reports, and the bursts behind it. */

import { hostTimedBoxes } from '../bench/analysis/contrast/clock.ts';
import { startSeries } from '../bench/analysis/start-series.ts';
import { isCounted, openSession } from '../bench/session/load.ts';
import type { Sample } from '../bench/types.ts';
import type { ExportModel } from '../reports/exports/export.ts';
import { readSessionModel } from './session-model.ts';

/** Throws like `readSessionModel`. The same session gives the same model wherever it lies. */
export function readExportModel(dir: string): { readonly model: ExportModel; readonly warnings: readonly string[] } {
  const { model, warnings } = readSessionModel(dir);
  const { info, events, samples } = openSession(dir);
  const envs = model.environments.map(({ path }) => path);
  const counts = isCounted(events, info.blocksCompleted);
  const starts = startSeries(counted(samples(), counts), envs, info.plan.workloads, hostTimedBoxes(events));
  return { model: { ...model, starts, fingerprint: info.host.fingerprint }, warnings };
}

function* counted(samples: Iterable<Sample>, counts: (sample: Sample) => boolean): Generator<Sample> {
  for (const sample of samples) if (counts(sample)) yield sample;
}
