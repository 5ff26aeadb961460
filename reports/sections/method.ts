/** The method in short, and what the columns and words of a session mean: the same for every session. */

import { TABLES } from '../../bench/session/tables.ts';
import type { Plan } from '../../bench/types.ts';
import type { ReportModel } from '../model/model.ts';
import { percent } from '../words.ts';
import { code, factsTable, name, type Section, strong } from './section.ts';

export function method({ session, margin }: ReportModel): Section {
  const { plan } = session;
  const schedule =
    plan.schedule === 'interleaved'
      ? '. All boxes stay resident and take turns of milliseconds on the same CPU, in balanced random order, so what disturbs the host affects all alike.'
      : '. The boxes ran one after the other (sequential), so what disturbed the host for seconds is not paired away.';
  return {
    id: 'method',
    title: 'Method in short',
    short: 'Method',
    weight: 'fold',
    notes: [
      [
        'A ',
        strong('block'),
        ' starts every environment afresh, and a second copy of ',
        name(plan.baseline, 60),
        ', the ',
        strong('control'),
        schedule,
      ],
      [
        'A ',
        strong('visit'),
        ` is ${plan.singleBursts === true ? 'one run of a program' : `a ${leadText(plan)} and a measured burst of fixed work, about ${plan.burstNs / 1e6} ms on the baseline`}. Every environment runs the same bytes and must produce the same bits.`,
      ],
      'Within a block: the median over rounds of the logarithm of the time ratio in the same round, against the baseline and against the control, averaged. Over blocks: the mean with Student’s interval of 95 %. The block is the unit; rounds and bursts are never pooled.',
      [
        'The ',
        strong('verdict'),
        ` checks the interval against a margin of ±${percent(margin)}, fixed before the run: `,
        strong('equivalent'),
        ' inside it, ',
        strong('slower'),
        ' or ',
        strong('faster'),
        ' where it excludes no difference and reaches past the margin, ',
        strong('untrusted'),
        ' where the control differs or a setting made boxes unequal, else ',
        strong('inconclusive'),
        '.',
      ],
      'Nothing is dropped. Intervals are not adjusted for their number: of twenty, one is expected to miss the truth.',
    ],
  };
}

function leadText({ leadIn = 1 }: Plan): string {
  return leadIn === 1 ? 'lead-in' : `lead-in (${percent(leadIn)} of the passes)`;
}

/** Of the tables that a session of this kind has. */
export function dictionary({ session }: ReportModel): Section {
  const { measure } = session.plan;
  const tables = TABLES.filter(
    ({ measures }) => measures === undefined || (measure !== undefined && measures.includes(measure)),
  );
  return {
    id: 'dictionary',
    title: 'Data dictionary',
    short: 'Dictionary',
    weight: 'fold',
    lead: [
      [
        'CSV: UTF-8, a header row, an empty cell where a figure could not be read. For more about each column see the data dictionary of the project, ',
        code('results/README.md'),
        '.',
      ],
    ],
    tables: tables.map(({ file, columns }) => ({
      ...factsTable(
        `dictionary-${file.replaceAll('.', '-')}`,
        file,
        columns.map(({ name, unit, meaning }) => {
          const text = unit === undefined ? meaning : `${meaning} (${unit})`;
          return [code(name), text] as const;
        }),
      ),
      folded: true,
    })),
  };
}
