/** What `summary.json` promises of measurements with several instances; `summary-schema.ts` has the whole document. */

import * as z from 'zod';
import { SERIES_ENDS, STORM_ORDERS, STORM_SHARES, VERDICTS } from '../../bench/types.ts';
import { DENSITY_FIGURES } from '../model/costs.ts';

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

/** Bytes of one more instance. */
export const slope = z
  .strictObject({
    perInstanceBytes: z.number(),
    interval,
    fixedBytes: z.number().describe('What is there besides, however many instances there are.'),
    blocks: z.int(),
    observations: z.int(),
  })
  .nullable();

export const density = z.strictObject({
  env: text,
  held: z
    .strictObject({ least: z.int(), median: z.number(), most: z.int() })
    .describe('Instances held at the end of a series, over blocks.'),
  ends: z.array(z.strictObject({ by: z.enum(SERIES_ENDS), blocks: z.int(), reason: text })),
  slopes: z.strictObject(Object.fromEntries(DENSITY_FIGURES.map((name) => [name, slope]))),
  starts: z
    .strictObject({
      firstMs: z.number(),
      medianMs: z.number(),
      lastMs: z.number(),
      growth: estimate.describe('Median of the last quarter of the starts over that of the first quarter.'),
    })
    .nullable(),
  sharing: z
    .strictObject({
      instances: z.int(),
      rssBytes: z.number(),
      pssBytes: z.number(),
      ksmBytes: figure.describe('Saved by merging equal pages (KSM); null where that is off.'),
    })
    .nullable()
    .describe('Of the largest weighed number of instances.'),
});

export const storm = z.strictObject({
  env: text,
  instances: z.int().describe('Boxes that the storm starts.'),
  order: z.enum(STORM_ORDERS),
  share: z.enum(STORM_SHARES).describe('What holds the boxes back.'),
  blocks: z.int(),
  allReady: z
    .strictObject({ ms: z.number(), interval, blocks: z.int() })
    .nullable()
    .describe('Until all boxes were ready; null unless all were in some block.'),
  worstMs: figure.describe('The slowest start of a box, from its own beginning: median over blocks.'),
  victim: estimate.describe('Of a box at work beside them: its median pass during the storm over that before.'),
  victimP99: estimate.describe('Its 99th percentile during the storm over the median before.'),
  longestGapMs: figure.describe('The longest time in which a thread that only sleeps got no CPU.'),
  missedBeats: z.int(),
  lost: z.int().describe('Boxes that did not become ready, of all blocks.'),
  against: z
    .strictObject({ allReady: estimate, victim: estimate })
    .nullable()
    .describe('Over all at once with nothing that holds them back, paired by block; null for that itself.'),
});
