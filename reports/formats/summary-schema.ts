/**
 * What `summary.json` promises: its fields by name and type. Every object is strict, so that a field that is written
 * without a line here fails the test. The shipped JSON Schema lets readers meet new fields, which may come while `schema`
 * is 1; those that are there stay.
 */

import * as z from 'zod';
import { oneTypeEach, schemaId } from '../../bench/json-schema.ts';
import {
  AGGRESSORS,
  COST_MEASURES,
  DIRECTIONS,
  EXPECTATIONS,
  KERNEL_ENGINES,
  PROFILES,
  SERIES_ENDS,
  SIZES,
  STARTUP_FIGURES,
  STORM_ORDERS,
  STORM_SHARES,
  TRAITS,
  VERDICTS,
} from '../../bench/types.ts';
import { DENSITY_FIGURES, FOOTPRINT_FIGURES } from '../model/costs.ts';
import { load, neighbourCell, scaleLaw, scaleLevel } from './capacity-schema.ts';

const figure = z.number().nullable();
const text = z.string();
const blocks = z.array(z.int());
const interval = z.strictObject({ low: z.number(), high: z.number() }).nullable();
const estimate = z.strictObject({ ratio: z.number(), interval, blocks: z.int() }).nullable();

const contrast = z.strictObject({
  env: text,
  baseline: text,
  workload: text.describe('A workload, or suite: the mean over all of the session.'),
  blocks: z.int().positive(),
  timeRatio: z.number().positive().describe('Time of env over time of baseline, typical burst; above 1 takes longer.'),
  interval: interval.describe('Of 95 %, over blocks; null with one block.'),
  throughputChangePercent: z.number(),
  hodgesLehmann: z.strictObject({ ratio: z.number(), interval }).nullable(),
  controlRatio: figure,
  controlInterval: interval,
  verdict: z.enum(VERDICTS),
  total: estimate.describe('Ratio of the sums of measured bursts.'),
  sustained: estimate.describe('Ratio of the sums over long visits.'),
  wakeupRatio: figure.describe('1 + what the lead-in loses by waking up over the time of the measured burst, of env.'),
  intermittent: z.boolean().describe('Does one side stall more often than the other, or was one throttled?'),
  stalledBursts: z.number().describe('Lead-ins and measured bursts of env that stalled.'),
  baselineStalledBursts: z.number().describe('The same of the baseline, its copies together.'),
  nsPerPass: figure.describe('Median over measured bursts of env; null for the suite.'),
  baselineNsPerPass: figure,
  pairedRounds: z.int(),
  flaggedRounds: z.int().describe('Paired rounds in which either burst lies far from the others.'),
  ratioWithoutFlagged: figure,
  throttledBlocks: blocks.describe('Blocks in which a CPU quota held either side back.'),
  stolenBlocks: blocks.describe('Blocks in which time was stolen from the host.'),
  ratioWithoutThoseBlocks: figure,
  mixture: z.boolean().describe('The starts are not of one kind.'),
  outlyingBlocks: blocks,
  blockRatios: z
    .array(z.strictObject({ block: z.int(), ratio: z.number() }))
    .describe('The values that the ratio is the geometric mean of.'),
  rounds: z
    .strictObject({
      count: z.int(),
      low: z.number().describe('The 5th percentile.'),
      lowerQuartile: z.number(),
      median: z.number(),
      upperQuartile: z.number(),
      high: z.number().describe('The 95th percentile.'),
    })
    .nullable()
    .describe('Of the time ratios of all paired rounds; null for the suite.'),
  spread: z
    .strictObject({ roundLog: z.number(), blockLog: z.number() })
    .nullable()
    .describe('Standard deviations in logs, between rounds of a block and between blocks.'),
  judgement: z
    .strictObject({
      reasons: z.array(z.strictObject({ kind: text, facts: z.array(text).optional() })),
      additions: z.array(text),
      more: z.strictObject({ blocks: z.int().nullable(), minutes: figure }).nullable(),
    })
    .describe('Why the verdict is what it is, and what would decide an open one.'),
});

/** About the control nothing is decided, and nothing is compared with it. */
const controlContrast = contrast.extend({
  controlRatio: z.null(),
  controlInterval: z.null(),
  verdict: z.null(),
  judgement: z.null(),
});

const level = z.strictObject({
  workload: text,
  bursts: z.int(),
  wrongAnswers: z.int(),
  untimedBursts: z.int().describe('Bursts without a duration, which are in no figure.'),
  medianNsPerPass: figure,
  unit: text.nullable().describe('What medianRate counts: MFLOPS of a kernel, else things a second, such as calls/s.'),
  medianRate: figure,
  better: z.enum(DIRECTIONS).nullable().describe('Of a figure that a program prints: which of two is better.'),
  medianMflops: figure.describe('The same where it is MFLOPS.'),
  wakeupRatio: figure,
  spread: figure.describe('Of copies that run at once: time of the slowest over that of the fastest. Null for one.'),
});

const command = z.strictObject({
  id: text,
  command: z.array(text),
  shell: z.boolean().optional(),
  argv: z.array(text).describe('What runs in a box; words that begin with @image/ are paths in the image.'),
  env: z.record(z.string(), text).optional(),
  workdir: text.optional(),
  stdin: text.optional(),
  files: z.array(text).optional(),
  setup: text.optional(),
  prepare: text.optional(),
  cleanup: text.optional(),
  exit: z.array(z.int()).optional(),
  threads: z.int().optional().describe('Copies of it that run at once, one a CPU; as of all workloads when left out.'),
  timeoutMs: z.number().optional().describe('A run that takes longer has failed.'),
  expect: z.enum(EXPECTATIONS).optional(),
  output: text.optional().describe('FNV-1a 64 of what it printed in the trial.'),
  runNs: z.number().optional().describe('The shortest run of the trial on the baseline.'),
  startNs: z.number().optional().describe('A run of a program that does nothing, started in the same way there.'),
  metrics: z
    .array(
      z.strictObject({
        id: text,
        pattern: text.optional(),
        json: text.optional(),
        unit: text,
        better: z.enum(DIRECTIONS),
      }),
    )
    .optional(),
});

export const planSchema = z.strictObject({
  schema: z.literal(1),
  seed: z.number(),
  profile: z.enum(PROFILES),
  environments: z.array(z.strictObject({ path: text, alias: text.optional() })),
  baseline: text,
  workloads: z.array(text),
  suite: z.array(text).optional().describe('Workloads that the suite is the mean of; all when left out.'),
  commands: z.array(command).optional().describe("The workloads that are programs of the user's."),
  with: z.array(text).optional().describe('Files that all of them need, as SRC[:DEST].'),
  size: z.enum(SIZES),
  kernels: z.enum(KERNEL_ENGINES),
  contrasts: z.array(z.strictObject({ env: text, baseline: text })),
  schedule: z.enum(['interleaved', 'sequential']),
  minBlocks: z.int(),
  maxBlocks: z.int(),
  target: figure.describe('Half-width in logs at which the session may end; null: none.'),
  margin: z.number().optional().describe('Differences up to this share count as none.'),
  allowUnequal: z.boolean().optional(),
  rounds: z.int(),
  singleBursts: z
    .literal(true)
    .optional()
    .describe('Of programs that run long: visits of one burst, balanced over the session.'),
  pilotBursts: z.int(),
  leadIn: z.number().optional().describe("Passes of a lead-in as a share of a burst's; 1 when left out."),
  burstNs: z.number(),
  longNs: z.number(),
  longVisits: z.union([z.number(), z.enum(['all', 'rotate'])]),
  maxTimeMs: z.number().optional(),
  timeoutMs: z.number(),
  limits: z.strictObject({
    cpus: z.array(z.int()),
    housekeeping: z.array(z.int()),
    memoryBytes: z.number(),
    pids: z.number(),
  }),
  threads: z.int().optional().describe('Copies of every workload that run at once, one a CPU; one when left out.'),
  measure: z.enum(COST_MEASURES).optional().describe('What is measured instead of workloads.'),
  cold: z.boolean().optional(),
  instances: z.array(z.int()).optional(),
  windowNs: z.int().optional(),
  storms: z.array(z.int()).optional(),
  recoverNs: z.int().optional(),
  rates: z.array(z.number()).optional().describe('Of load: arrivals a second; shares of the capacity when left out.'),
  levelNs: z.number().optional().describe('Of load: requests arrive for so long at a rate.'),
  levelArrivals: z.int().optional().describe('Of load: and until there are so many.'),
  aggressors: z.array(z.enum(AGGRESSORS)).optional().describe('What the neighbours of a victim do.'),
});

const inequality = z.strictObject({
  fact: text,
  label: text,
  baseline: z.union([z.string(), z.number()]),
  env: z.union([z.string(), z.number()]),
  avoidable: z.boolean().describe('A setting made it so; otherwise the layer is like that.'),
  why: text,
});

const environment = z.strictObject({
  env: text,
  role: z.enum(['baseline', 'control', 'environment']),
  alias: text.nullable(),
  labels: z.array(text).describe('For people; programs read the traits.'),
  traits: z.strictObject(Object.fromEntries(TRAITS.map((name) => [name, z.boolean()]))),
  versions: z.record(text, text),
  compositeMflops: figure,
  wallOverCpu: figure,
  workloads: z.array(level),
});

const starts = z.strictObject({
  env: text,
  completed: z.int(),
  failed: z.int(),
  skipped: z.int(),
  spawnMs: figure,
  firstInstructionMs: figure,
  readyMs: figure,
  teardownMs: figure,
});

const startupRow = z.strictObject({
  env: text,
  baseline: text,
  temperature: z.enum(['cold', 'warm']),
  figure: z.enum(STARTUP_FIGURES),
  starts: z.int(),
  medianMs: z.number(),
  interval: interval.describe('Of a typical block, in ms; null with one block.'),
  ratio: estimate.describe('Time of env over that of the baseline, paired within rounds.'),
});

const slope = z
  .strictObject({
    perInstanceBytes: z.number(),
    interval,
    fixedBytes: z.number().describe('What is there besides, however many instances there are.'),
    blocks: z.int(),
    observations: z.int(),
  })
  .nullable();

const footprint = z.strictObject({
  env: text,
  slopes: z.strictObject(Object.fromEntries(FOOTPRINT_FIGURES.map((name) => [name, slope]))),
  imageBytes: figure,
  sharedDiskBytes: figure,
});

const density = z.strictObject({
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

const storm = z.strictObject({
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

const posture = z.strictObject({
  environments: z.array(z.strictObject({ env: text, holds: z.int(), told: z.int() })),
  rows: z.array(
    z.strictObject({
      id: text,
      title: text,
      cells: z
        .array(z.strictObject({ text: text.nullable(), holds: z.boolean().nullable() }))
        .describe('In the order of the environments.'),
    }),
  ),
});

export const summarySchema = z.strictObject({
  schema: z.literal(1).describe('Raised when a field changes its meaning or goes.'),
  session: z.strictObject({
    id: text,
    program: text,
    command: text,
    host: text,
    startedAt: text,
    finishedAt: text.nullable(),
    lastActivityAt: text.optional(),
    stopReason: text.nullable(),
    folder: text.optional(),
    secondsPerBlock: z.number().optional(),
    copyOf: text.optional().describe('Of an anonymised copy: the seal of the original.'),
    blocks: z.int().describe('Blocks with data.'),
    bursts: z.int().describe('Measured bursts with a right answer.'),
  }),
  integrity: z.strictObject({
    seal: text.nullable().describe('SHA-256 of the manifest; null while there is none.'),
    faults: z
      .array(text)
      .describe("Why the figures can't be relied on; empty when the session is complete and its check passes."),
  }),
  answer: text.describe('The one-sentence answer.'),
  control: z.strictObject({ env: text, sentence: text, contrasts: z.array(controlContrast) }),
  trust: z.strictObject({
    session: z.boolean().describe('True: no verdict of the session can be trusted.'),
    workloads: z.array(text).describe('On which the control fails.'),
    differences: z.array(
      z.strictObject({ workload: text, ratio: z.number(), pValue: z.number(), disqualifies: z.boolean() }),
    ),
  }),
  open: z
    .strictObject({
      count: z.int(),
      beyond: z.int(),
      blocks: z.int().nullable(),
      minutes: figure,
      sentence: text,
      command: text.nullable(),
    })
    .nullable()
    .describe('Verdicts that are open for width, and what would decide them; null when there are none.'),
  unequal: z.record(text, z.array(inequality)).describe("By environment, what was not like the baseline's box."),
  hostTimed: z.array(text).describe('Environments timed by the clock of the host.'),
  notes: z.array(text),
  plan: planSchema,
  environments: z.array(environment),
  contrasts: z.array(contrast),
  starts: z.array(starts),
  startup: z.array(startupRow).describe('Empty unless the session measured starts.'),
  footprint: z.array(footprint).describe('Empty unless the session measured idle instances. Bytes.'),
  laws: z.array(scaleLaw).describe('The scaling law of each environment with enough levels.'),
  scale: z.array(scaleLevel).describe('Empty unless several instances worked at once.'),
  density: z.array(density).describe('Empty unless the session measured how many idle instances fit. Bytes.'),
  storm: z.array(storm).describe('Empty unless the session measured storms of starts.'),
  load: load.describe('Empty unless the session measured load.'),
  neighbour: z.array(neighbourCell).describe('Empty unless victims worked beside neighbours.'),
  posture,
  failures: z.array(
    z.strictObject({ env: text, status: z.enum(['failed', 'timed-out', 'skipped']), reason: text, blocks }),
  ),
  unavailable: z.array(z.strictObject({ path: text, alias: text.optional(), reason: text, remedy: text })),
  events: z.strictObject({
    count: z.int(),
    byKind: z.array(z.strictObject({ kind: text, count: z.int(), environments: z.array(text) })),
  }),
});

/** The JSON Schema that is shipped as schemas/summary.schema.json. */
export function summaryJsonSchema(): object {
  return shipped(summarySchema, 'summary', "A session's figures: boxmark run --json and report/summary.json");
}

/** Of what is there, without refusing what may come. */
export function shipped(promised: z.ZodType, name: string, title: string): object {
  const { $schema, ...schema } = z.toJSONSchema(promised, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return { $schema, $id: schemaId(name), title, ...(oneTypeEach(schema) as object) };
}
