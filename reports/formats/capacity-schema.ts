/** What `summary.json` promises of measurements with several instances, and of load; `summary-schema.ts` has the whole document. */

import * as z from 'zod';
import { VERDICTS } from '../../bench/types.ts';
import { LATENCIES } from '../model/costs.ts';

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

const fitted = z.strictObject({ value: z.number(), interval });

export const scaleLaw = z.strictObject({
  env: text,
  workload: text,
  unit: text.describe('What its throughput counts.'),
  lambda: fitted.describe('Throughput of one instance.'),
  sigma: fitted.describe('Contention: the share of the work that instances do one after the other.'),
  kappa: fitted.describe('Coherency: what each pair of instances costs.'),
  peak: fitted.nullable().describe("Instances with the highest throughput; null unless kappa's interval excludes 0."),
  residual: figure.describe('Standard deviation of the residuals, in logs.'),
  furthest: z
    .strictObject({ instances: z.int(), ratio: z.number(), interval, blocks: z.int() })
    .describe('The level that lies furthest from the law: when its interval excludes 1, the law does not hold.'),
  levels: z.array(z.int()),
  blocks: z.int(),
});
const typicalLevel = z
  .strictObject({ value: z.number(), interval, blocks: z.int() })
  .nullable()
  .describe('Of a typical block, with its interval of 95 %.');

const loadLevel = z.strictObject({
  env: text,
  workload: text,
  ratePerSecond: z.number().describe('Arrivals a second, on average.'),
  blocks: z.int(),
  lateBlocks: z.int().describe('Blocks in which the harness was late, which are not judged.'),
  saturatedBlocks: z.int(),
  isSaturated: z.boolean().describe('Requests arrived faster than they were answered.'),
  arrivals: z.int(),
  answered: z.int(),
  achievedPerSecond: typicalLevel,
  utilisation: figure.describe('Share of the time in which the box worked on a burst.'),
  serviceNs: figure.describe('Median time of a burst, by the clock of the box.'),
  latencyNs: z
    .strictObject(Object.fromEntries(LATENCIES.map((name) => [name, typicalLevel])))
    .describe('From the intended arrival to the answer; p999 is the 99.9th percentile.'),
  lateShare: z.number().describe('Share of the requests that were sent late.'),
  latenessNs: z.number().describe('99th percentile of how late requests were sent.'),
  ratios: z
    .strictObject(Object.fromEntries(LATENCIES.map((name) => [name, estimate])))
    .describe('Latency over that of the baseline at the same rate, paired by block.'),
});

const loadKnee = z.strictObject({
  env: text,
  workload: text,
  ratePerSecond: figure.describe('The highest rate up to which p99 is within the limit; null when it is at none.'),
  beyondPerSecond: figure.describe('The lowest rate at which it is not; null when it is at all.'),
  limitNs: z.number(),
});

export const load = z.strictObject({ levels: z.array(loadLevel), knees: z.array(loadKnee) });
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
