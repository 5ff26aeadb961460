/** The JSON Schema that editors check a plan file with as it is typed. What it lets through, `run` still checks. */

import * as z from 'zod';
import { mapped, oneTypeEach, schemaId } from '../json-schema.ts';
import { COMMANDS_SETTING, planInputSchema } from './plan.ts';
import { helpOf, PLAN_FLAGS } from './read-flags.ts';
import type { ValueType } from './values.ts';

const PROGRAMS =
  'Programs of yours as workloads: each with a command (words, or one text that is split as a shell would) or a shell text.';

/** Settings have the words of the flags; a flag that turns something off has them for `false`. */
export function planJsonSchema(): object {
  const { $schema, properties = {}, ...schema } = z.toJSONSchema(planInputSchema, { io: 'input' });
  const described = PLAN_FLAGS.map((flag) => {
    const words = `${flag.negated === true ? 'false: ' : ''}${helpOf(flag, 'run')}`;
    const description = `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
    return [flag.name, { description, ...(bounded(properties[flag.name], flag.value) as object) }];
  });
  const programs = { description: PROGRAMS, ...(properties[COMMANDS_SETTING] as object) };
  return oneTypeEach({
    $schema,
    $id: schemaId('plan'),
    title: 'A plan for boxmark run --plan',
    ...schema,
    properties: { ...Object.fromEntries(described), [COMMANDS_SETTING]: programs },
  }) as object;
}

/** Numbers within the range of their flag; written as text they are checked by `run` alone. */
function bounded(schema: unknown, { range }: ValueType): unknown {
  if (range === undefined) return schema;
  return mapped(schema, (node) =>
    node.type === 'number' ? { type: 'integer', minimum: range.least, maximum: range.most } : node,
  );
}
