/** What `summary.json` promises of measurements with several instances; `summary-schema.ts` has the whole document. */

import * as z from 'zod';
import { VERDICTS } from '../../bench/types.ts';

const figure = z.number().nullable();
const text = z.string();
const interval = z.strictObject({ low: z.number(), high: z.number() }).nullable();
const estimate = z.strictObject({ ratio: z.number(), interval, blocks: z.int() }).nullable();

export const scaleLevel = z.strictObject({
  env: text,
  workload: text,
  instances: z.int().positive().describe('That work at once.'),
  blocks: z.int().describe('In which every instance completed: only they count.'),
  failed: z.int().describe('Instances that failed, over all blocks.'),
  unit: text.nullable().describe('What the throughput counts; null without a burst.'),
  throughput: z
    .strictObject({ value: z.number(), interval })
    .nullable()
    .describe('Of all instances together, geometric mean over blocks.'),
  speedup: estimate.describe('Throughput over that of one instance.'),
  slowdown: estimate.describe("The median burst's time over that of a single instance's."),
  slowdownP99: estimate.describe('The same of the burst that 1 in 100 exceeds.'),
  fairness: z.strictObject({ mean: z.number(), least: z.number() }).nullable().describe("Jain's index over instances."),
  stealShare: figure,
  instanceBytes: figure.describe('Memory that the host lost to each instance.'),
  ratio: estimate.describe('Time ratio to the baseline with as many instances; null for the baseline.'),
  verdict: z.enum(VERDICTS).nullable(),
});

export const neighbourCell = z.strictObject({
  env: text,
  workload: text,
  aggressor: text.describe('What the neighbour does.'),
  copies: z.int().describe('Boxes of the neighbour that worked.'),
  blocks: z.int().describe('With a pair that counts.'),
  pairs: z.int().describe('Pairs that count: a visit without the neighbour, and one beside it.'),
  uncovered: z.int().describe('Visits beside a neighbour that was not shown to work throughout.'),
  lost: z.int().describe('Blocks in which the neighbour failed.'),
  refused: text.nullable().describe('Why the environment has no such neighbour; null where it has.'),
  slowdown: estimate.describe('Time of the same work beside the neighbour over that without it.'),
  median: estimate.describe("The same of a visit's median burst alone."),
  longest: estimate.describe('The same of the longest burst of a visit.'),
  ratio: estimate.describe('The slowdown over that of the baseline, paired by block; null for the baseline.'),
  verdict: z.enum(VERDICTS).nullable().describe('`slower`: loses more than the baseline does.'),
});
