/** Thresholds of `--fail-if`: how much longer than the baseline something may take before a run counts as failed. */

import { usageError } from '../errors.ts';
import { parsePercent } from '../units.ts';
import { SUITE, type SuitePlan, suiteOf } from './suite.ts';
import type { ValueType } from './values.ts';

/** `docker on fft > 2%`. */
export interface Threshold {
  readonly text: string;
  /** Null: every environment. */
  readonly env: string | null;
  /** A workload, `suite`, or `any`: every workload, and the suite. */
  readonly workload: string;
  /** 0.02 is 2 %. */
  readonly limit: number;
}

export const ANY_WORKLOAD = 'any';

const FORM = /^(?:(?<env>\S+)\s+on\s+)?(?<workload>[A-Za-z0-9][\w.+-]*)\s*>\s*(?<limit>[^\s>]+\s?%)$/;
const EXAMPLES = "'suite > 2%', 'docker on fft > 5%', 'any > 10%'";

export const THRESHOLD: ValueType<readonly Threshold[]> = {
  metavar: 'threshold',
  forms: ['list', 'text'],
  parse: (given, flag) => [given].flat().map((one) => thresholdOf(String(one), flag)),
  format: (thresholds) => thresholds.map(({ text }) => text).join(', '),
};

function thresholdOf(given: string, flag: string): Threshold {
  const text = given.trim();
  const { env = null, workload, limit } = FORM.exec(text)?.groups ?? {};
  if (workload === undefined || limit === undefined) {
    throw usageError(`${flag} takes a threshold: a workload, suite or any, >, and a percentage.`, given, EXAMPLES);
  }
  return { text, env, workload, limit: parsePercent(limit.replace(/\s/g, ''), flag) };
}

/** Throws a usage error for a threshold that no figure of the run can reach: it would never be decided. */
export function assertThresholds(
  thresholds: readonly Threshold[],
  { environments, plan }: { readonly environments: readonly string[]; readonly plan: SuitePlan },
): void {
  const workloads = [...plan.workloads, ...(suiteOf(plan).length > 0 ? [SUITE] : []), ANY_WORKLOAD];
  for (const { text, env, workload } of thresholds) {
    if (env !== null && !environments.includes(env)) {
      throw usageError(
        '--fail-if names an environment that is not compared in this run.',
        text,
        environments.join(', '),
      );
    }
    if (!workloads.includes(workload)) {
      throw usageError('--fail-if names a workload that this run does not measure.', text, workloads.join(', '));
    }
  }
}
