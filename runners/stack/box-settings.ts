/** Settings that several layers take for the payload's box: limits, network and system calls, each one step from the default. */

import { resolve } from 'node:path';
import * as z from 'zod';
import { BoxmarkError } from '../../bench/errors.ts';
import type { Limits, Needs } from '../../bench/types.ts';
import type { GroupLimits } from '../cgroup/tree.ts';
import { harmless, namesFile, type Risk, riskOf, riskUnless } from './settings.ts';

const UNITS: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
/** Below this the kernel evicts the pages of Node.js itself and the box crawls instead of failing. */
const LEAST_BYTES = 64 * 2 ** 20;
const AMOUNT = 'takes an amount of at least 64m, such as 1g, or none';
const COUNT = 'takes a number of processes of at least 16, or none';
const CPUS = 'takes a number of CPUs above 0, such as 0.5';

/** Fields for the schema of a layer; it takes those that make sense for it. */
export const BOX_FIELDS = {
  memory: z
    .string()
    .regex(/^(\d+(\.\d+)?[kmgt]|none)$/i, AMOUNT)
    .transform((text) => (text === 'none' ? ('none' as const) : bytesIn(text)))
    .refine((bytes) => bytes === 'none' || bytes >= LEAST_BYTES, AMOUNT)
    .optional()
    .describe('memory limit of the box instead of --memory; none: unlimited'),
  pids: z
    .string()
    .regex(/^(\d{2,7}|none)$/, COUNT)
    .transform((text) => (text === 'none' ? ('none' as const) : Number(text)))
    .refine((count) => count === 'none' || count >= 16, COUNT)
    .optional()
    .describe('most processes and threads in the box; none: unlimited'),
  cpus: z
    .string()
    .regex(/^\d+(\.\d+)?$/, CPUS)
    .transform(Number)
    .refine((count) => count >= 0.01 && count <= 4096, CPUS)
    .optional()
    .describe('CPU quota (CFS bandwidth) of so many CPUs, besides the pinning'),
  network: z
    .enum(['none', 'host'], 'takes none or host')
    .optional()
    .describe("none (default): a network namespace of its own, without a link; host: the host's"),
  userns: z
    .enum(['yes', 'no'], 'takes yes or no')
    .optional()
    .describe('yes: in a user namespace of its own; no is the default'),
  seccomp: z
    .string()
    .regex(
      /^(default|unconfined|\/.+|[\w.-]+\.json)$/,
      'takes default, unconfined, or a profile: NAME.json in the working folder, or an absolute path with %2F for /',
    )
    .transform((value) => (isProfileHere(value) ? resolve(value) : value))
    .optional()
    .describe('system-call filter: default, unconfined, or a profile in Docker’s format'),
} as const;

export const BOX_EXAMPLES = {
  memory: '1g',
  pids: '256',
  cpus: '0.5',
  network: 'host',
  userns: 'yes',
  seccomp: 'unconfined',
} as const;

/** A slash would nest environments, and most profiles lie where their user is. */
function isProfileHere(value: string): boolean {
  return /^[\w.-]+\.json$/.test(value);
}

const UNFILTERED = "lets every system call through to the host's kernel";

export const BOX_RISKS = {
  memory: riskOf('none', 'takes the memory limit away'),
  pids: riskOf('none', 'takes the limit of processes away'),
  cpus: harmless,
  network: riskUnless(['none'], "is the host's network"),
  userns: harmless,
  seccomp: (value) =>
    value.startsWith('/') || isProfileHere(value) ? namesFile(value) : riskUnless(['default'], UNFILTERED)(value),
} as const satisfies Readonly<Record<keyof typeof BOX_FIELDS, Risk>>;

export interface BoxSettings {
  readonly memory?: number | 'none' | undefined;
  readonly pids?: number | 'none' | undefined;
  readonly cpus?: number | undefined;
  readonly network?: 'none' | 'host' | undefined;
  readonly userns?: 'yes' | 'no' | undefined;
  readonly seccomp?: string | undefined;
  /** Not for users to set: those that the image's user takes, see user-root.ts. */
  readonly capabilities?: readonly string[] | undefined;
}

/** `cpus` are the measured ones, `quota` is in CPUs' worth of time. */
export type BoxLimits = GroupLimits & Pick<Limits, 'cpus'>;

/** The limits of the run as the settings change them; what is absent is not limited. */
export function limitsWith(limits: Limits, settings: BoxSettings): BoxLimits {
  const { memory = limits.memoryBytes, pids = limits.pids, cpus } = settings;
  return {
    cpus: limits.cpus,
    ...(memory === 'none' ? {} : { memoryBytes: memory }),
    ...(pids === 'none' ? {} : { pids }),
    ...(cpus === undefined ? {} : { quota: cpus }),
  };
}

/** Settings shape the payload's box. Throws `BoxmarkError` when they are on one that holds another, but for those `allowed`. */
export function payloadOnly(layer: string, settings: object, holds: Needs | undefined, allowed: string[] = []): void {
  if (holds === undefined) return;
  const given = Object.entries(settings).filter(([name, value]) => value !== undefined && !allowed.includes(name));
  const [first] = given;
  if (first === undefined) return;
  throw new BoxmarkError({
    what: `The setting ${first[0]} of ${layer} is for the payload's box, and this one holds another.`,
    value: `${first[0]}=${first[1]}`,
    remedy: `set it on the last layer of the path, or leave it out`,
  });
}

function bytesIn(text: string): number {
  return Math.round(Number(text.slice(0, -1)) * (UNITS[text.slice(-1).toLowerCase()] ?? Number.NaN));
}
