/** A plan file: settings under the names of the flags, as YAML. It may be a stranger's. */

import { messageOf, usageError } from '../../bench/errors.ts';
import { checkPlanInput } from '../../bench/plan/plan.ts';
import type { PlanInput } from '../../bench/plan/read-flags.ts';
import { readNamed } from '../../bench/session/files.ts';
import { parseStrictYaml } from '../../bench/strict-yaml.ts';

/** More than any plan needs. */
const PLAN_LIMIT_BYTES = 1 << 20;

export function readPlanFile(file: string): PlanInput {
  return parsePlan(readPlanText(file), file);
}

/** Throws a usage error for what can't be read or is too long. */
export function readPlanText(file: string): string {
  try {
    return readNamed(file, PLAN_LIMIT_BYTES);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** `file` is where the text comes from, for messages. */
export function parsePlan(text: string, file: string): PlanInput {
  return checkPlanInput(planContent(text, file), file);
}

/** What the text holds, before it is checked. Throws a usage error for what is no YAML. */
export function planContent(text: string, file: string): unknown {
  try {
    return parseStrictYaml(text);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): Error {
  return usageError(`The plan can't be read: ${messageOf(error)}`, file, 'a YAML file with the names of the flags');
}
