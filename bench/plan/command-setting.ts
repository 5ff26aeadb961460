/** Programs in a plan file, with everything that may be said of one. */

import * as z from 'zod';
import { nearest, usageError } from '../errors.ts';
import { assertPattern, type CommandSpec, ID, METRIC_NAME, splitWords } from './exec.ts';
import { line, MOST_METRICS, metricFields, programFields } from './program-fields.ts';
import { time } from './values.ts';

const TIMEOUT = time({ least: '1ms', most: '24h' });

const metricSetting = z
  .strictObject({ name: z.string().regex(METRIC_NAME), ...metricFields })
  .refine(({ pattern, json }) => (pattern === undefined) !== (json === undefined), 'either pattern or json');

/** An entry of `workloads` in a plan file. */
const commandSetting = z
  .strictObject({
    id: z.exactOptional(z.string().regex(ID)),
    command: z.exactOptional(z.union([line, z.array(z.union([z.string(), z.number()])).min(1)])),
    shell: z.exactOptional(line),
    env: z.exactOptional(z.record(z.string().regex(/^[A-Za-z_]\w*$/), z.union([z.string(), z.number()]))),
    ...programFields,
    timeout: z.exactOptional(z.string().regex(TIMEOUT.pattern ?? /./)),
    metrics: z.exactOptional(z.array(metricSetting).min(1).max(MOST_METRICS)),
  })
  .refine(({ command, shell }) => (command === undefined) !== (shell === undefined), 'either command or shell');

export const commandSettings = z.array(commandSetting).min(1).max(64);

/** Programs of a plan file. Throws a usage error that names the setting. */
export function commandSpecs(given: unknown, setting: string): CommandSpec[] {
  const checked = commandSettings.safeParse(given);
  if (checked.success) return checked.data.map((one) => specOf(one, setting));
  const [issue] = checked.error.issues;
  const at = (issue?.path ?? []).join('.');
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = Object.keys((issue.path.includes('metrics') ? metricSetting : commandSetting).shape);
    const what = `${setting}.${at} has no setting of this name${nearest(key, known)}.`;
    throw usageError(what, key, known.join(', '));
  }
  throw usageError(
    `${setting} is a list of programs${at === '' ? '' : `; at ${at}`}: ${issue?.message ?? 'not one'}.`,
    JSON.stringify(given)?.slice(0, 200) ?? '',
    '- {id: hash, command: openssl speed -seconds 1, expect: any}',
  );
}

function specOf(
  { command, shell, env, metrics, timeout, ...rest }: z.output<typeof commandSetting>,
  flag: string,
): CommandSpec {
  const words = shell !== undefined ? [shell] : typeof command === 'string' ? splitWords(command, flag) : command;
  for (const { pattern } of metrics ?? []) if (pattern !== undefined) assertPattern(pattern, flag);
  return {
    ...rest,
    command: (words ?? []).map(String),
    ...(shell === undefined ? {} : { shell: true }),
    ...(env === undefined ? {} : { env: Object.fromEntries(Object.entries(env).map(([k, v]) => [k, String(v)])) }),
    ...(timeout === undefined ? {} : { timeoutMs: TIMEOUT.parse(timeout, `${flag}: timeout`) / 1e6 }),
    ...(metrics === undefined ? {} : { metrics }),
  };
}
