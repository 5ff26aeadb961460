/** What a pass takes in each environment, and what it comes to in its own unit. */

import type { WorkloadSummary } from '../../bench/analysis/summary.ts';
import { mostCopies } from '../../bench/plan/copies.ts';
import { formatNs, threeDigits } from '../../bench/units.ts';
import type { EnvironmentModel, ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { known, NO_FIGURE } from '../words.ts';
import { environmentCell } from './names.ts';
import { type Cell, details, figures, type Row, type Section } from './section.ts';

export function levels(model: ReportModel): Section {
  return {
    id: 'levels',
    title: 'Time and rate of each environment',
    short: 'Levels',
    weight: 'body',
    lead: ['Medians over all measured bursts; to compare, use the paired ratios.'],
    tables: [
      {
        id: 'level-rows',
        caption: 'One pass of each workload',
        group: 'environment',
        columns: [
          ...figures('workload', 'time', 'rate', 'wake-up', ...(isOfCopies(model) ? ['spread'] : [])),
          ...details('bursts', 'wrong answers', 'rows of samples.csv'),
        ],
        rows: model.environments.flatMap((environment) => levelRows(model, environment)),
        notes: [
          'wake-up: a measured burst with what its lead-in loses, over one without',
          ...(isOfCopies(model) ? [COPIES_NOTE] : []),
        ],
        sources: [{ file: 'samples.csv', rows: null, filter: 'by env and workload, phase = measure' }],
      },
    ],
  };
}

function levelRows(model: ReportModel, environment: EnvironmentModel): Row[] {
  const group = environmentCell(environment);
  const { workloads, compositeMflops } = environment.summary;
  const measured = workloads.filter(({ bursts, wrongAnswers }) => bursts + wrongAnswers > 0);
  const rows = measured.map((it): Row => {
    return {
      group,
      cells: [
        clean(it.workload, 40),
        { show: known(it.medianNsPerPass, formatNs), value: it.medianNsPerPass },
        { show: rateText(it), value: it.medianRate },
        { show: known(it.wakeupRatio, (ratio) => `${ratio.toFixed(2)}×`), value: it.wakeupRatio },
        ...(isOfCopies(model) ? [{ show: known(it.spread, (ratio) => `${ratio.toFixed(2)}×`), value: it.spread }] : []),
        { show: String(it.bursts), value: it.bursts },
        { show: String(it.wrongAnswers), value: it.wrongAnswers },
        rowsCell(model, environment.path, it.workload),
      ],
    };
  });
  if (compositeMflops === null) return rows;
  const score = { show: `${threeDigits(compositeMflops)} MFLOPS`, value: compositeMflops };
  const others = Array.from({ length: isOfCopies(model) ? 5 : 4 }, () => NO_FIGURE);
  return [...rows, { group, cells: ['composite', NO_FIGURE, score, ...others] }];
}

const COPIES_NOTE =
  'of copies at once: time is the makespan over the passes of all, rate the sum over copies, spread the time of the slowest over that of the fastest';

function isOfCopies({ session }: ReportModel): boolean {
  return mostCopies(session.plan) > 1;
}

function rowsCell({ details }: ReportModel, path: string, workload: string): Cell {
  const range = details.record?.rows.find((it) => it.env === path && it.workload === workload);
  if (range === undefined) return NO_FIGURE;
  return { show: `${range.rows} in ${range.first}–${range.last}`, value: range.first };
}

/** `4.21 M calls/s`; units that begin with a prefix take no other. */
export function rateText({
  medianRate,
  unit,
  better,
}: Pick<WorkloadSummary, 'medianRate' | 'unit' | 'better'>): string {
  if (medianRate === null || unit === null) return NO_FIGURE;
  // A unit of the program's own may begin with any letter.
  if (better !== null) return `${Number(medianRate.toPrecision(4))} ${clean(unit, 32)}`;
  const [scale, prefix] =
    unit.startsWith('M') || medianRate < 1e4 ? [1, ''] : medianRate < 1e6 ? [1e3, 'k '] : [1e6, 'M '];
  return `${threeDigits(medianRate / scale)} ${prefix}${clean(unit, 20)}`;
}
