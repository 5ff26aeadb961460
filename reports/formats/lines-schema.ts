/** What each line of `--json-lines` promises: its fields by name and type. The shipped JSON Schema lets readers meet new ones. */

import * as z from 'zod';
import { VERDICTS } from '../../bench/types.ts';
import { planSchema, shipped } from './summary-schema.ts';

const text = z.string();
const figure = z.number().nullable();
const block = z.int().positive();

const head = {
  schema: z.literal(1).describe('Raised when a field changes its meaning or goes.'),
  at: text.describe('When it was written or happened, UTC.'),
};
const inSession = { ...head, session: text.describe('Name of the session that it is about.') };

const standing = z.strictObject({
  env: text,
  baseline: text,
  workload: text.describe('A workload, or suite: the mean over all; without workloads, the figure.'),
  ratio: z.number().positive().describe('Of env over baseline; of times, above 1 takes longer.'),
  low: figure.describe('Of the 95 % interval; null with one block.'),
  high: figure,
  blocks: z.int().describe('Blocks that the ratio is the mean of.'),
  verdict: z.enum(VERDICTS).nullable().describe('Null where none is given: of starts, and of idle instances.'),
});

export const lineSchema = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('plan'),
      ...inSession,
      dir: text.describe("The session's folder."),
      blocksKept: z.int().describe('Blocks that a resumed session had already.'),
      plan: planSchema,
    })
    .describe('A session begins, or resumes.'),
  z.strictObject({ type: z.literal('block-begun'), ...inSession, block, blocks: block.describe('At most so many.') }),
  z.strictObject({
    type: z.literal('block-ended'),
    ...inSession,
    block,
    standings: z
      .array(standing)
      .nullable()
      .describe('All ratios so far; verdicts may still change; null where computing them takes too long.'),
  }),
  z.strictObject({
    type: z.literal('event'),
    ...inSession,
    event: z.looseObject({ kind: text }).describe('As in events.jsonl; results/README.md lists the kinds.'),
  }),
  z
    .strictObject({
      type: z.literal('answer'),
      ...head,
      document: z
        .looseObject({ schema: z.int() })
        .describe('What --json prints; of run and resume, summary.schema.json describes it.'),
    })
    .describe('The last line, unless the command fails before.'),
]);

export type LineType = z.infer<typeof lineSchema>['type'];

/** The JSON Schema that is shipped as schemas/lines.schema.json. */
export function linesJsonSchema(): object {
  return shipped(lineSchema, 'lines', 'A line of boxmark run --json-lines');
}
