/** Sections that are pictures: how rounds spread, the order of the run, and warm-up. */

import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { name, type Section } from './section.ts';

export function spread({ session }: ReportModel): Section {
  const { baseline, rounds } = session.plan;
  return {
    id: 'spread',
    title: 'How rounds and blocks spread',
    short: 'Spread',
    weight: 'body',
    charts: ['distributions'],
    aboutCharts: [
      'Each box spans the middle half of all rounds, its whiskers 5 to 95 %, as time against ',
      name(baseline),
      ' in the same round. Points are the values of the blocks, the unit that intervals are computed from. ' +
        `With ${clean(String(rounds), 40)} rounds a block, the boxes only describe: nothing is inferred from them.`,
    ],
  };
}

export const order = (): Section => ({ id: 'order', title: 'Run order', weight: 'body', charts: ['order'] });

export function warmup({ session, details }: ReportModel): Section {
  const length = details.record?.warmup?.length;
  const dashed = length === undefined ? '' : ` Dashed: the ${length} bursts that every later block warms up with.`;
  return {
    id: 'warmup',
    title: 'Warm-up',
    weight: 'body',
    charts: ['warmups'],
    aboutCharts:
      `The first ${clean(String(session.plan.pilotBursts), 40)} bursts of every box in the first block, each against the median of its own ` +
      `last third.${dashed} Warm-up bursts are in no other figure.`,
  };
}
