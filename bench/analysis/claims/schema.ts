/** What a claims file may say: the fields of a published claim, its band, and the conditions under which it can be judged. */

import * as z from 'zod';
import { oneTypeEach, schemaId } from '../../json-schema.ts';
import { TRAITS } from '../../types.ts';

/** Raised whenever a field changes its meaning. */
export const CLAIMS_SCHEMA = 1;

const positive = z.number().positive();
const sentence = z.string().min(1).max(1000);

const intervalSchema = z
  .strictObject({ low: positive, high: positive })
  .refine(({ low, high }) => low <= high, { error: 'low is above high' })
  .describe('The published interval of 95 %: sampling error on the machine of the source, not used for the verdict.');

const bandSchema = z
  .strictObject({ low: positive.optional(), high: positive.optional() })
  .refine(({ low, high }) => low !== undefined || high !== undefined, { error: 'needs low, high, or both' })
  .refine(({ low = 0, high = Number.POSITIVE_INFINITY }) => low < high, { error: 'low is not below high' })
  .meta({ minProperties: 1 })
  .describe(
    'What counts as the same on other hardware, in the metric of the claim. Without low or high: at most, at least.',
  );

const pattern = z
  .string()
  .max(200)
  .regex(/^[^\s,/]+(\/[^\s,/]+)*$/, { error: 'is no path of layers such as container/docker' });

const environments = z
  .union([pattern, z.array(pattern).min(1)], { error: 'is no path of layers such as container/docker' })
  .describe('Layers joined by "/": names (docker, qemu), or the classes container, vm and any. A list: one of them.');

const ids = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,39}$/, { error: 'is no name of a workload' });

/** Sides are `numerator` and `denominator`; of each its path, traits, labels, number of CPUs, facts and engine versions. */
const SIDE_FIELD = `path|labels|traits\\.(${TRAITS.join('|')})|cpus|facts\\.\\w+|versions\\.[\\w-]+`;
const FIELD = new RegExp(
  `^(size|profile|schedule|kernels|cpus|host\\.(hardware|stack)\\.\\w+|(numerator|denominator)\\.(${SIDE_FIELD}))$`,
);

const field = z.string().regex(FIELD, { error: 'is no field of a session (docs/claims.md lists them)' });
const value = z.union([z.string(), z.number(), z.boolean()]);
const values = z.union([value, z.array(value).min(1)]);

export const OPERATORS = ['is', 'is_not', 'has', 'lacks', 'at_least', 'below', 'same_as'] as const;

const conditionSchema = z
  .strictObject({
    needs: sentence.describe('What the condition asks for, in words; printed when it fails.'),
    field: field.describe('The field of the session that is looked at.'),
    is: values.optional().describe('The field is this, or one of these.'),
    is_not: values.optional().describe('The field is known, and none of these.'),
    has: z.string().optional().describe('The field contains this text; of labels, one does.'),
    lacks: z.string().optional().describe('The field is known and does not contain this text.'),
    at_least: values.optional().describe('A number or version that the field is not below.'),
    below: values.optional().describe('A number or version that the field is below.'),
    same_as: field.optional().describe('Another field that is equal to it.'),
  })
  .refine((it) => OPERATORS.filter((operator) => it[operator] !== undefined).length === 1, {
    error: `needs exactly one of ${OPERATORS.join(', ')}`,
  })
  .meta({ minProperties: 3, maxProperties: 3 });

const common = {
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,23}$/, { error: 'is no id: up to 24 lower-case letters, digits, "-" and "."' })
    .describe('Short name, unique in the file.'),
  claim: sentence.describe('The claim as one sentence.'),
  historical: z
    .boolean()
    .optional()
    .describe(
      'About a stack that is no longer available: a refutation says nothing against its authors, and is no failure.',
    ),
  numerator_env: environments,
  value: positive.describe('The published figure, in the metric of the claim.'),
  published: intervalSchema.optional(),
  band: bandSchema,
  grade: z
    .enum(['A', 'B', 'C'])
    .optional()
    .describe('A: raw data read and recomputed. B: the primary text read. C: secondary, or a bare claim of a vendor.'),
  n: z.union([z.int().positive(), z.null()]).optional().describe('Runs behind the figure; null: unknown.'),
  applies_if: z.array(conditionSchema).optional().describe('All must hold, or the claim is not applicable.'),
  measured_on: z
    .union([z.literal('unnamed'), z.array(conditionSchema).min(1)], {
      error: 'is neither unnamed nor a list of conditions',
    })
    .optional()
    .describe(
      'The hardware that the figure is of: conditions, or unnamed. On other hardware a figure outside the band is not reproduced, never refuted.',
    ),
  allow_unequal: z
    .boolean()
    .optional()
    .describe("The claim is about a difference of settings: unequal facts of its two sides don't make it untrusted."),
  source: sentence.describe('Where it was published.'),
  note: sentence.optional(),
};

const rateSchema = z.strictObject({
  ...common,
  metric: z
    .enum(['time', 'throughput'])
    .describe('A ratio of times (above 1 is slower) or of throughputs (below 1 is slower).'),
  denominator_env: environments,
  workload: z
    .union([ids, z.array(ids).min(1)], { error: 'is no name of a workload' })
    .describe('A workload, several (each is judged), or suite: the mean over all five of SciMark.'),
});

const resourceSchema = z.strictObject({
  ...common,
  metric: z
    .enum(['start-up', 'memory'])
    .describe('A ratio of start-up times or of memory; without denominator_env the figure itself, in ms or MiB.'),
  denominator_env: environments.optional(),
  figure: z
    .string()
    .regex(/^[a-z][a-z-]{0,39}$/, { error: 'is no name of a figure' })
    .describe(
      'Start-up: spawn, first-instruction, ready or teardown. Memory: peak, host-delta, instance-host, instance-pss or instance-cgroup.',
    ),
});

const claimSchema = z
  .discriminatedUnion('metric', [rateSchema, resourceSchema], {
    error: (issue) => (issue.code === 'invalid_union' ? 'is none of time, throughput, start-up, memory' : undefined),
  })
  .superRefine(({ value: figure, band }, context) => {
    const { low = 0, high = Number.POSITIVE_INFINITY } = band;
    if (low <= figure && figure <= high) return;
    const shown = [
      ...(band.low === undefined ? [] : [`from ${band.low}`]),
      ...(band.high === undefined ? [] : [`to ${band.high}`]),
    ].join(' ');
    context.addIssue({ code: 'custom', path: ['value'], message: `lies outside its own band, ${shown}` });
  });

export const claimsFileSchema = z.strictObject({
  schema: z.literal(CLAIMS_SCHEMA, { error: `is not ${CLAIMS_SCHEMA}, the version that this program knows` }),
  title: z.string().min(1).max(200).optional(),
  claims: z.array(claimSchema).min(1),
});

export type Claim = z.output<typeof claimSchema>;
export type RateClaim = z.output<typeof rateSchema>;
export type ResourceClaim = z.output<typeof resourceSchema>;
export type Condition = z.output<typeof conditionSchema>;
export type Band = Claim['band'];

/** True for claims on workloads, false for those on start-up and memory. */
export function isRateClaim(claim: Claim): claim is RateClaim {
  return claim.metric === 'time' || claim.metric === 'throughput';
}

/** The JSON Schema that editors check a claims file with as it is typed. What it lets through, zod still refuses. */
export function claimsJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(claimsFileSchema, { io: 'input' });
  return {
    $schema,
    $id: schemaId('claims'),
    title: 'Claims that boxmark verify judges',
    ...(oneTypeEach(schema) as object),
  };
}
