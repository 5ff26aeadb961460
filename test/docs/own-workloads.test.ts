/** The page of users' own programs: the settings that it lists are those that there are, and its plans are accepted. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { MOST_OUTPUT_BYTES } from '../../bench/payload/commands/launcher.ts';
import { commandSettings } from '../../bench/plan/command-setting.ts';
import { checkPlanInput } from '../../bench/plan/plan.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/own-workloads.md'), 'utf8');

/** First column of the table below a heading and a header cell. */
function namesBelow(header: string): string[] {
  const [, table = ''] = page.split(`| ${header} |`, 2);
  return [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name = '']) => name);
}

describe('the page of own programs', () => {
  it('lists every setting of a program in a plan file, and no other', () => {
    const schema = z.toJSONSchema(commandSettings, { io: 'input' }) as { items: { properties: object } };
    expect(namesBelow('setting | what | left out')).toEqual(Object.keys(schema.items.properties));
  });

  it('has plans that are accepted', () => {
    const plans = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = '']) => text);
    expect(plans.length).toBeGreaterThan(0);
    for (const plan of plans) expect(checkPlanInput(parse(plan), 'the page')).not.toEqual({});
  });

  it('names the limit of the output', () => {
    expect(page).toContain(`| ${MOST_OUTPUT_BYTES / 2 ** 20} MiB of output a run`);
  });
});
