/** Fresh starts of every environment: how many, and how long they took. */

import type { ReportModel } from '../model/model.ts';
import { known, ms } from '../words.ts';
import { environmentName } from './names.ts';
import { figures, type RichCell, type Section } from './section.ts';

export function starts(model: ReportModel): Section {
  // A session that measures starts compares them instead.
  const environments = model.session.plan.measure === 'startup' ? [] : model.environments;
  return {
    id: 'startup',
    title: 'Fresh starts',
    short: 'Starts',
    weight: 'body',
    lead: ['Median time from start, and median time of removal.'],
    charts: environments.length === 0 ? [] : ['startup'],
    tables: [
      {
        id: 'fresh-starts',
        caption: 'Fresh starts: medians',
        columns: figures('environment', 'started', 'failed', 'spawned', '1st instr.', 'ready', 'removal'),
        rows: environments.flatMap(({ startup, ...environment }) =>
          startup === null || startup.completed + startup.failed === 0
            ? []
            : {
                cells: [
                  environmentName(environment),
                  number(startup.completed),
                  number(startup.failed),
                  time(startup.spawnMs),
                  time(startup.firstInstructionMs),
                  time(startup.readyMs),
                  time(startup.teardownMs),
                ],
              },
        ),
        sources: [{ file: 'starts.csv', rows: null, filter: 'by env' }],
      },
    ],
  };
}

function number(value: number): RichCell {
  return { show: String(value), value };
}

function time(value: number | null): RichCell {
  return { show: known(value, ms), value };
}
