/** `summary.json`: what it promises is what is written, and the shipped schema says the same. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSessionModel } from '../../cli/session-model.ts';
import { summaryText as render } from '../../reports/formats/json.ts';
import { summaryJsonSchema, summarySchema } from '../../reports/formats/summary-schema.ts';
import { buildModel } from '../../reports/model/model.ts';
import { consume, pythonWith, withFile } from './exports/consumer.ts';
import { emptyModel, hostileModel, plainModel } from './exports/fixture.ts';
import { fixtureInput } from './fixture.ts';

const EXAMPLE = fileURLToPath(new URL('../../results/example', import.meta.url));

const MODELS = {
  'a session with everything': () => buildModel(fixtureInput()),
  ...Object.fromEntries(
    readdirSync(EXAMPLE).map((name) => [`the example ${name}`, () => readSessionModel(join(EXAMPLE, name)).model]),
  ),
  'hostile text': hostileModel,
  'nothing measured': emptyModel,
  'a slower environment': () => plainModel(1.1),
};

describe('the summary', () => {
  it.each(Object.entries(MODELS))('keeps to its schema: %s', (_, model) => {
    const result = summarySchema.safeParse(JSON.parse(render(model())));
    expect(result.error?.issues ?? []).toEqual([]);
  });

  it('has a schema that is shipped', async () => {
    await expect(`${JSON.stringify(summaryJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      '../../schemas/summary.schema.json',
    );
  });

  it('is found valid by a validator of another make, which refuses a wrong type and a missing field', (ctx) => {
    const python = pythonWith('jsonschema');
    if (python === null) return ctx.skip('the Python module jsonschema is not installed');
    const good = JSON.parse(render(buildModel(fixtureInput())));
    const [first, ...rows] = good.contrasts;
    const cases = [
      ...Object.values(MODELS).map((model) => JSON.parse(render(model()))),
      { ...good, contrasts: [{ ...first, timeRatio: '1.18' }, ...rows] },
      { ...good, contrasts: undefined },
      { ...good, schema: 2 },
    ];
    const script =
      'import json, sys, jsonschema\nschema, cases = json.load(sys.stdin)\njsonschema.Draft202012Validator.check_schema(schema)\n' +
      'print(json.dumps([jsonschema.Draft202012Validator(schema).is_valid(case) for case in cases]))';
    const ended = withFile('check.py', script, (file) =>
      consume([python, file], JSON.stringify([summaryJsonSchema(), cases])),
    );
    expect(JSON.parse(ended?.stdout ?? '')).toEqual([...Object.keys(MODELS).map(() => true), false, false, false]);
  });
});
