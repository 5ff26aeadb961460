/** What may be said of a user's program, alike in a plan file and in a stored plan; bounds keep a damaged one from filling the memory. */

import * as z from 'zod';
import { DIRECTIONS, EXPECTATIONS } from '../types.ts';
import { MOST_THREADS } from './what-flags.ts';

export const line = z
  .string()
  .min(1)
  .max(1 << 16);

export const programFields = {
  workdir: z.exactOptional(line.regex(/^\//)),
  stdin: z.exactOptional(line),
  files: z.exactOptional(z.array(line).min(1).max(1000)),
  setup: z.exactOptional(line),
  prepare: z.exactOptional(line),
  cleanup: z.exactOptional(line),
  exit: z.exactOptional(z.array(z.number().int().min(0).max(255)).min(1).max(256)),
  expect: z.exactOptional(z.enum(EXPECTATIONS)),
  threads: z.exactOptional(z.number().int().min(1).max(MOST_THREADS)),
};

export const metricFields = {
  pattern: z.exactOptional(line),
  json: z.exactOptional(line),
  unit: z.string().min(1).max(32),
  better: z.enum(DIRECTIONS),
};

export const MOST_METRICS = 64;
