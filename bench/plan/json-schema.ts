/** The JSON Schema that editors check a plan file with as it is typed. What it lets through, `run` still checks. */

import * as z from 'zod';
import { planInputSchema } from './plan.ts';
import { helpOf, PLAN_FLAGS } from './read-flags.ts';

/** Settings have the words of the flags; a flag that turns something off has them for `false`. */
export function planJsonSchema(): object {
  const { $schema, properties = {}, ...schema } = z.toJSONSchema(planInputSchema, { io: 'input' });
  const described = PLAN_FLAGS.map((flag) => {
    const words = `${flag.negated === true ? 'false: ' : ''}${helpOf(flag, 'run')}`;
    const description = `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
    return [flag.name, { description, ...(properties[flag.name] as object) }];
  });
  return { $schema, title: 'A plan for boxmark run --plan', ...schema, properties: Object.fromEntries(described) };
}
