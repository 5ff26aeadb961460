/** From a session's folder to the model that exports are rendered from: that of the reports, and the bursts behind it. */

import { hostTimedBoxes, levelSamples } from '../bench/analysis/clock.ts';
import { startSeries } from '../bench/analysis/start-series.ts';
import { openSession } from '../bench/load.ts';
import type { ExportModel } from '../reports/exports/export.ts';
import { readSessionModel } from './session-model.ts';

/** Throws like `readSessionModel`. The same session gives the same model wherever it lies. */
export function readExportModel(dir: string): { readonly model: ExportModel; readonly warnings: readonly string[] } {
  const { model, warnings } = readSessionModel(dir);
  const { info, events, wholeSamples } = openSession(dir);
  const envs = model.environments.map(({ path }) => path);
  const levels = levelSamples([...wholeSamples()], hostTimedBoxes(events));
  const starts = startSeries(levels, envs, info.plan.workloads);
  return { model: { ...model, starts, fingerprint: info.host.fingerprint }, warnings };
}
