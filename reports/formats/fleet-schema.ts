/** What the JSON document of `fleet report` promises: its fields by name and type, strict like those of `summary.json`. */

import * as z from 'zod';
import { VERDICTS } from '../../bench/types.ts';
import { shipped } from './summary-schema.ts';

const text = z.string();
const figure = z.number().nullable();
const interval = z.strictObject({ low: z.number(), high: z.number() }).nullable();
const place = z.int().min(0).describe('Place in the hosts of its design, from 0.');

const effects = {
  mean: z
    .strictObject({ ratio: z.number(), interval: interval.describe('Of 95 %, by Hartung and Knapp.') })
    .nullable()
    .describe('Mean over hosts; null with fewer than three that have an interval.'),
  tauLog: figure.describe('Standard deviation of the true ratios of hosts, in logs.'),
  iSquared: figure.describe('Share of the variance of the hosts’ ratios that is between hosts.'),
  next: interval.describe('Where the true ratio of one more host lies, in 95 % of cases.'),
};

const group = z.strictObject({ value: text, hosts: z.int(), modelled: z.int(), ...effects });

const line = z.strictObject({
  env: text,
  baseline: text,
  workload: text.describe('A workload, or suite.'),
  hosts: z.int(),
  modelled: z.int().describe('Hosts with an interval, on which the mean is based.'),
  verdicts: z.partialRecord(z.enum(VERDICTS), z.int()).describe('Hosts by the verdict of their session.'),
  ...effects,
  outliers: z.array(
    z.strictObject({
      host: place,
      deviation: figure.describe('Its ratio over the mean of the others.'),
      pValue: z.number().describe('Adjusted for the number of hosts.'),
    }),
  ),
  withoutOutliers: z.strictObject(effects).nullable().describe('The same without them; null where no host stands out.'),
  groups: z.array(group).describe('Empty without --by.'),
  values: z.array(
    z.strictObject({
      host: place,
      ratio: figure.describe('Time of env over time of baseline on this host.'),
      low: figure,
      high: figure,
      blocks: z.int(),
      verdict: z.enum(VERDICTS),
    }),
  ),
});

const design = z.strictObject({
  plan: z.strictObject({
    size: text,
    kernels: text,
    threads: z.int(),
    baseline: text,
    margin: z.number(),
    figures: z.int().describe('Version of the rules by which figures are computed.'),
    workloads: z.array(text),
    suite: z.array(text).optional(),
  }),
  differs: z.array(text).describe('In what it differs from the first one, which is empty.'),
  hosts: z.array(
    z.strictObject({
      fleet: text.nullable(),
      host: text,
      machine: text.describe('Digest of the hardware.'),
      labels: z.record(z.string(), text),
      cpu: text,
      kernel: text,
      architecture: text,
      session: text,
      startedAt: text,
      image: text,
      footingReason: text.nullable().describe('Why its baseline is a container; null where it is none.'),
    }),
  ),
  figures: z.array(line),
});

export const fleetReportSchema = z.strictObject({
  schema: z.literal(1).describe('Raised when a field changes its meaning or goes.'),
  answer: text,
  program: text,
  folders: z.array(text),
  fleets: z.array(text),
  by: text.nullable(),
  designs: z.array(design).describe('Hosts with the same plan; the one of most hosts first, nothing is mixed.'),
  absent: z
    .array(
      z.strictObject({
        fleet: text.nullable(),
        host: text,
        state: z.enum(['waiting', 'running', 'failed', 'lost', 'refused', 'silent', 'gone']),
        reason: text.nullable(),
        lastSeenAt: text.nullable(),
      }),
    )
    .describe('Hosts without figures.'),
  leftOut: z.array(z.strictObject({ host: text, dir: text, why: text })),
  older: z.int().describe('Sessions of hosts that have a newer one.'),
  untrusted: z.strictObject({ rows: z.int(), hosts: z.array(text) }),
  images: z.int(),
});

/** The JSON Schema that is shipped as schemas/fleet.schema.json. */
export function fleetJsonSchema(): object {
  return shipped(fleetReportSchema, 'fleet', 'Figures of a fleet: boxmark fleet report --json');
}
