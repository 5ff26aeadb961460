/** How each box is isolated from the host: aspects down, environments across. */

import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { NO_FIGURE } from '../words.ts';
import type { Cell, Section } from './section.ts';

export function posture(model: ReportModel): Section {
  const { environments, rows } = model.costs.posture;
  const isEmpty = environments.length === 0;
  return {
    id: 'isolation',
    title: 'Isolation of each box',
    short: 'Isolation',
    weight: 'fold',
    charts: ['posture'],
    lead: ['Read inside every box, and checked against the host where the kernel is shared.'],
    tables: [
      {
        id: 'posture',
        caption: 'Isolation of each box',
        columns: [
          { title: 'aspect' },
          ...environments.map(({ env }) => ({ title: clean(env, 24), align: 'left' as const })),
        ],
        rows: isEmpty
          ? []
          : [
              ...rows.map(({ title, cells }) => ({
                cells: [
                  title,
                  ...cells.map(({ text, holds }): Cell => {
                    if (text === null) return NO_FIGURE;
                    return holds ? { show: clean(text, 60), sign: '+', note: '✓ restricted' } : clean(text, 60);
                  }),
                ],
              })),
              {
                cells: [
                  'isolation features in effect',
                  ...environments.map(({ holds, told }) => ({ show: `${holds} of ${told}`, value: holds })),
                ],
              },
            ],
        notes: ['+ restricted'],
      },
    ],
  };
}
