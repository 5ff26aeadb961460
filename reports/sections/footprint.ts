/** What one more idle instance takes of memory and disk. */

import { FOOTPRINT_FIGURES, type FootprintFigure } from '../../bench/analysis/footprint.ts';
import type { ReportModel } from '../model/model.ts';
import { known, mib, NO_FIGURE } from '../words.ts';
import { slopeCells } from './memory.ts';
import { environmentCell } from './names.ts';
import { figures, type Row, type Section } from './section.ts';

const TITLES: Readonly<Record<FootprintFigure, string>> = {
  host: 'host memory',
  pss: 'PSS',
  cgroup: 'control group',
  disk: 'disk, own',
};

export function footprint(model: ReportModel): Section {
  return {
    id: 'footprint',
    title: 'Memory and disk of an instance',
    short: 'Footprint',
    weight: 'top',
    charts: model.session.plan.measure === 'footprint' ? ['footprint'] : [],
    tables: [
      {
        id: 'footprint',
        caption: 'One more idle instance, MiB: slope over the number of instances, and the fixed part',
        group: 'environment',
        columns: figures('resource', 'MiB each', '95 % interval', 'fixed'),
        rows: model.environments.flatMap((environment): Row[] => {
          const summary = model.costs.footprint.find(({ env }) => env === environment.path);
          if (summary === undefined) return [];
          const group = environmentCell(environment);
          const { slopes, imageBytes, sharedDiskBytes } = summary;
          return [
            ...FOOTPRINT_FIGURES.map((figure) => ({ group, cells: [TITLES[figure], ...slopeCells(slopes[figure])] })),
            { group, cells: ['image', known(imageBytes, mib), NO_FIGURE, NO_FIGURE] },
            { group, cells: ['disk, shared', known(sharedDiskBytes, mib), NO_FIGURE, NO_FIGURE] },
          ];
        }),
        sources: [{ file: 'footprint.csv', rows: null, filter: 'by env' }],
      },
    ],
  };
}
