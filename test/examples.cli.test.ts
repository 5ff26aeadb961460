/** The examples: plans that the schema and the program accept, workflows whose commands exist with their flags. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { planJsonSchema } from '../bench/plan/json-schema.ts';
import { checkPlanInput, planInputSchema } from '../bench/plan/plan.ts';
import { formatsFor } from '../reports/formats/index.ts';
import { boxmark } from './cli/program.ts';
import { consume, pythonWith, withFile } from './reports/exports/consumer.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PLANS = join(ROOT, 'examples/plans');
const plans = readdirSync(PLANS).map((name) => [name, readFileSync(join(PLANS, name), 'utf8')] as const);
const workflows = ['examples/github/boxmark.yml', 'examples/gitlab/.gitlab-ci.yml'];

describe('the schema of plans', () => {
  it('is the one that is shipped', async () => {
    await expect(`${JSON.stringify(planJsonSchema(), null, 2)}\n`).toMatchFileSnapshot('../schemas/plan.schema.json');
  });

  it('describes every setting', () => {
    const { properties } = planJsonSchema() as { properties: Record<string, { description?: string }> };
    expect(Object.keys(properties)).toEqual(Object.keys(planInputSchema.shape));
    for (const [name, { description }] of Object.entries(properties)) expect(description, name).toMatch(/\.$/);
  });

  it('lets through what the program takes and refuses what it does not, by a validator of its own', (ctx) => {
    const python = pythonWith('jsonschema');
    if (python === null) return ctx.skip('the Python module jsonschema is not installed');
    const cases: [unknown, boolean][] = [
      ...plans.map(([, text]): [unknown, boolean] => [parse(text), true]),
      [{ env: 'native,docker', blocks: 6 }, true],
      [{ env: [''] }, false],
      [{ blocks: [6] }, false],
      [{ size: 'huge' }, false],
      [{ blocks: 0 }, false],
      [{ blocks: 2.5 }, false],
      [{ target: 'abc' }, false],
      [{ instances: [1, 0] }, false],
      [{ envs: ['native'] }, false],
    ];
    const script =
      'import json, sys, jsonschema\nschema, cases = json.load(sys.stdin)\n' +
      'print(json.dumps([jsonschema.Draft202012Validator(schema).is_valid(case) for case in cases]))';
    const ended = withFile('check.py', script, (file) =>
      consume([python, file], JSON.stringify([planJsonSchema(), cases.map(([plan]) => plan)])),
    );
    expect(JSON.parse(ended?.stdout ?? '')).toEqual(cases.map(([, isValid]) => isValid));
    for (const [plan, isValid] of cases) expect(planInputSchema.safeParse(plan).success).toBe(isValid);
  });
});

describe.each(plans)('the plan %s', (name, text) => {
  it('names its schema in the first line, and keeps to it', () => {
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    expect(JSON.parse(readFileSync(resolve(PLANS, schema), 'utf8'))).toEqual(planJsonSchema());
    expect(checkPlanInput(parse(text), name)).not.toEqual({});
  });

  it('is accepted by run --dry-run', async () => {
    const ended = await boxmark('run', '--plan', join(PLANS, name), '--dry-run', '-q');
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toMatch(/design/);
  });
});

describe.each(workflows)('the workflow %s', (file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const lines = text.split('\n').flatMap((line) => {
    const [, words] =
      /(?:boxmark|base\/dist\/cli\/main\.js) ((?:run|compare|report|export|setup)\b.*)$/.exec(line) ?? [];
    return words === undefined || line.trim().startsWith('#') ? [] : [words.split(/\s+/)];
  });

  it('is YAML, and runs the gate, the report and an export', () => {
    expect(z.record(z.string(), z.unknown()).safeParse(parse(text)).success).toBe(true);
    expect(lines.map(([name]) => name)).toEqual(
      expect.arrayContaining(['run', 'compare', 'report', 'export', 'setup']),
    );
  });

  it('uses commands, flags, plans and formats that there are', async () => {
    for (const [name = '', ...words] of lines) {
      const help = await boxmark(name, '--help');
      expect(help.code, name).toBe(0);
      for (const word of words.filter((one) => one.startsWith('-'))) {
        expect(help.stdout, `${name} ${word}`).toMatch(new RegExp(`(^|[ ,])${word}([ ,]|$)`, 'm'));
      }
      const flagValue = (flag: string) => (words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined);
      const plan = flagValue('--plan')?.replace(/^head\//, '');
      if (plan !== undefined) expect(plans.map(([file]) => join('examples/plans', file))).toContain(plan);
      for (const format of flagValue('--format')?.split(',') ?? []) expect(help.stdout).toContain(format);
      if (name === 'export') expect(formatsFor('tool').map((one) => one.name)).toContain(flagValue('--as'));
    }
  });
});
