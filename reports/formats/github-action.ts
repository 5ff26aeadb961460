/** The array that github-action-benchmark reads as `customSmallerIsBetter`: ratios first, then times per pass. */

import { halfWidthLog, type Integrity } from '../model/model.ts';
import { neutral } from '../text.ts';
import { type ExportModel, rounded, textExport } from './export.ts';
import { jsonText } from './json-text.ts';

interface Entry {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly range?: string;
  readonly extra: string;
}

/** The action joins the points of a name over commits, so names contain nothing that changes from run to run. */
function render(model: ExportModel): string {
  const about = aboutFiles(model.integrity);
  const ratios = model.contrasts.map((row): Entry => {
    const { env, baseline, workload, timeRatio, interval, blocks, verdict } = row;
    const half = interval === null ? null : timeRatio * Math.expm1(halfWidthLog(interval));
    const ends = interval === null ? 'no interval' : `[${rounded(interval.low, 6)}, ${rounded(interval.high, 6)}]`;
    return {
      name: `${neutral(env)} over ${neutral(baseline)}, ${neutral(workload)}`,
      unit: 'time ratio',
      value: rounded(timeRatio),
      ...(half === null ? {} : { range: `± ${rounded(half, 3)}` }),
      extra: `95 % interval: ${ends}\nblocks: ${blocks}\nverdict: ${verdict}${about}`,
    };
  });
  const times = model.environments
    .filter(({ role }) => role !== 'control')
    .flatMap(({ path, summary }) =>
      summary.workloads.flatMap(({ workload, medianNsPerPass, bursts }): Entry[] =>
        medianNsPerPass === null
          ? []
          : [
              {
                name: `${neutral(path)}, ${neutral(workload)}`,
                unit: 'ns/pass',
                value: rounded(medianNsPerPass),
                extra: `median over ${bursts} bursts; a slower runner moves it as well${about}`,
              },
            ],
      ),
    );
  return jsonText([...ratios, ...times]);
}

/** The array has room for texts only in its entries. */
function aboutFiles({ seal, faults }: Integrity): string {
  return [seal === null ? '' : `\nseal: ${seal}`, ...faults.map((fault) => `\nwarning: ${neutral(fault)}`)].join('');
}

export const githubAction = textExport(
  {
    name: 'github-action',
    extension: 'json',
    summary: 'the array of github-action-benchmark (customSmallerIsBetter): time ratios, then times per pass',
  },
  render,
);
