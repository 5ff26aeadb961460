/** The figures that `compare` takes from a session, kept of one in whose check nothing was found: then its seal stands for every byte of its files. */

import * as z from 'zod';
import type { SessionFigures } from '../../bench/analysis/figures.ts';
import { type Kept, type KeptOptions, openKept } from './store.ts';

const figure = z.strictObject({
  env: z.string(),
  workload: z.string(),
  log: z.number(),
  blocks: z.number(),
  errorLog: z.number().nullable(),
});
const schema = z.strictObject({
  ratios: z.array(figure),
  times: z.array(figure),
  untrusted: z.array(z.strictObject({ env: z.string(), workload: z.string() })),
});

export type KeptFigures = Kept<Omit<SessionFigures, 'info'>>;

export function keptFigures(options?: KeptOptions): KeptFigures {
  return openKept({ command: 'compare', schema, isSealed: true }, options);
}
