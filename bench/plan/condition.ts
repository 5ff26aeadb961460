/** Conditions of `--fail-if`: how much longer than the baseline something may take before a run counts as failed. */

import { usageError } from '../errors.ts';
import { parsePercent } from '../units.ts';
import type { ValueType } from './values.ts';

/** `docker on fft > 2%`. */
export interface Condition {
  readonly text: string;
  /** Null: every environment. */
  readonly env: string | null;
  /** A workload, `suite`, or `any`: every workload, and the suite. */
  readonly workload: string;
  /** 0.02 is 2 %. */
  readonly limit: number;
}

const FORM = /^(?:(?<env>\S+)\s+on\s+)?(?<workload>[a-z][a-z0-9-]*)\s*>\s*(?<limit>[^\s>]+\s?%)$/;
const EXAMPLES = "'suite > 2%', 'docker on fft > 5%', 'any > 10%'";

export const CONDITION: ValueType<readonly Condition[]> = {
  metavar: 'condition',
  forms: ['list', 'text'],
  parse: (given, flag) => [given].flat().map((one) => conditionOf(String(one), flag)),
  format: (conditions) => conditions.map(({ text }) => text).join(', '),
};

function conditionOf(given: string, flag: string): Condition {
  const text = given.trim();
  const { env = null, workload, limit } = FORM.exec(text)?.groups ?? {};
  if (workload === undefined || limit === undefined) {
    throw usageError(`${flag} takes a condition: a workload, suite or any, >, and a percentage.`, given, EXAMPLES);
  }
  return { text, env, workload, limit: parsePercent(limit.replace(/\s/g, ''), flag) };
}

/** Throws a usage error for a condition that no figure of the run could meet, which would pass for ever. */
export function assertConditions(
  conditions: readonly Condition[],
  { environments, workloads }: { readonly environments: readonly string[]; readonly workloads: readonly string[] },
): void {
  for (const { text, env, workload } of conditions) {
    if (env !== null && !environments.includes(env)) {
      throw usageError(
        '--fail-if names an environment that is not compared in this run.',
        text,
        environments.join(', '),
      );
    }
    const known = [...workloads, 'suite', 'any'];
    if (!known.includes(workload)) {
      throw usageError('--fail-if names a workload that this run does not measure.', text, known.join(', '));
    }
  }
}
