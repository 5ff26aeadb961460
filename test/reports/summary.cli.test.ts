/** `summary.json`: what it promises is what is written, and the shipped schema says the same. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { CommandWorkload } from '../../bench/types.ts';
import { readSessionModel } from '../../cli/session/write-report.ts';
import { summaryText as render } from '../../reports/formats/json.ts';
import { summaryJsonSchema, summarySchema } from '../../reports/formats/summary-schema.ts';
import { buildModel, type ModelInput, type ReportModel } from '../../reports/model/model.ts';
import { consume, pythonWith, withFile } from './exports/consumer.ts';
import { emptyModel, hostileModel, plainModel } from './exports/fixture.ts';
import { costInput, DENSITY, FOOTPRINT, fixtureInput, LOAD, neighbourInput, STORM, scaleInput } from './fixture.ts';

const EXAMPLE = fileURLToPath(new URL('../../results/example', import.meta.url));

const EXAMPLES: Readonly<Record<string, ReportModel>> = Object.fromEntries(
  await Promise.all(
    readdirSync(EXAMPLE).map(async (name) => [name, await readSessionModel(join(EXAMPLE, name))] as const),
  ),
);

/** Objects whose names are data. */
const RECORDS = new Set(['.unequal', '.environments[].versions', '.plan.commands[].env']);

/** A program of which everything is said that can be. */
const PROGRAM: CommandWorkload = {
  id: 'hash',
  command: ['openssl speed -seconds 1'],
  shell: true,
  argv: ['@image/usr/bin/sh', '-c', 'openssl speed -seconds 1'],
  env: { OPENSSL_CONF: '/dev/null' },
  workdir: '/tmp',
  stdin: '/dev/null',
  files: ['data.csv'],
  setup: 'true',
  prepare: 'true',
  cleanup: 'true',
  exit: [0, 1],
  timeoutMs: 30_000,
  expect: 'same-output',
  output: '0123456789abcdef',
  runNs: 1e9,
  startNs: 8e5,
  metrics: [
    { id: 'hash.rate', pattern: '(\\d+)', unit: 'kB/s', better: 'higher' },
    { id: 'hash.time', json: '.time', unit: 's', better: 'lower' },
  ],
};

const PROGRAMS = { commands: [{ ...PROGRAM, threads: 2 }], with: ['/usr/share/dict'] };

/** Fields that only some sessions have, all at once. */
function richInput(): ModelInput {
  const input = fixtureInput();
  const { session } = input;
  const plan = {
    ...session.plan,
    ...{
      suite: ['fft', 'lu'],
      target: 0.001,
      maxTimeMs: 600_000,
      singleBursts: true as const,
      threads: 2,
      leadIn: 0.25,
    },
    ...PROGRAMS,
  };
  const unequal = { fact: 'cpus', label: 'CPUs 1 against 2', baseline: 2, env: 1, avoidable: true, why: 'a setting' };
  return {
    ...input,
    session: { ...session, plan, folder: 'results/rich', secondsPerBlock: 20, copyOf: 'a'.repeat(64) },
    events: [...input.events, { at: session.startedAt, kind: 'unequal', env: 'docker', inequalities: [unequal] }],
    unavailable: [{ path: 'podman', alias: 'container', reason: 'podman is not installed', remedy: 'boxmark setup' }],
  };
}

function hostInput(): ModelInput {
  const { session, ...input } = scaleInput();
  const plan = { ...session.plan, measure: 'capacity' as const, storms: [2, 4], recoverNs: 6e10 };
  return { ...input, session: { ...session, plan } };
}

/** With more requests than a percentile of one in a thousand needs. */
function loadInput(): ModelInput {
  const input = costInput('load', {
    load: LOAD.flatMap((row) =>
      Array.from({ length: 10 }, (_, copy) => ({ ...row, arrival: 10 * row.arrival + copy })),
    ),
  });
  const plan = { ...input.session.plan, rates: [50, 100, 180], levelNs: 2e9, levelArrivals: 1 };
  return { ...input, session: { ...input.session, plan } };
}

const MODELS = {
  'a session of starts': () => buildModel(costInput('startup')),
  'a session of idle instances': () =>
    buildModel(costInput('footprint', { footprint: FOOTPRINT.map((row) => ({ ...row, cgroupBytes: row.pssBytes })) })),
  'a session of instances that work at once': () => buildModel(scaleInput()),
  'a session of what a host takes': () => buildModel(hostInput()),
  'a session of as many idle instances as fit': () =>
    buildModel(
      costInput('density', {
        density: DENSITY.map((row) => ({
          ...row,
          cgroupBytes: row.pssBytes,
          diskBytes: row.pssBytes,
          ksmBytes: row.slabBytes,
        })),
      }),
    ),
  'a session of storms': () => buildModel(costInput('storm', { storm: STORM })),
  'a session of load': () => buildModel(loadInput()),
  'a session of victims beside neighbours': () => buildModel(neighbourInput()),
  'a session with fields that few have': () => buildModel(richInput()),
  'a session whose check fails': () =>
    buildModel({ ...fixtureInput(), integrity: { seal: null, faults: ['changed'] } }),
  'a session with everything': () => buildModel(fixtureInput()),
  ...Object.fromEntries(
    readdirSync(EXAMPLE).map((name) => [`the example ${name}`, () => EXAMPLES[name] as ReportModel]),
  ),
  'hostile text': () => hostileModel((plan) => plan),
  'nothing measured': emptyModel,
  'a slower environment': () => plainModel(1.1),
};

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** `contrasts[].rounds.low` for every field that a schema names. */
function* promisedBy(
  { properties = {}, additionalProperties, items, anyOf = [] }: JsonSchema,
  at = '',
): Generator<string> {
  for (const [name, field] of Object.entries(properties)) {
    yield `${at}.${name}`;
    yield* promisedBy(field, `${at}.${name}`);
  }
  if (items !== undefined) yield* promisedBy(items, `${at}[]`);
  if (additionalProperties !== undefined) yield* promisedBy(additionalProperties, `${at}.*`);
  for (const one of anyOf) yield* promisedBy(one, at);
}

/** The same for every field that a document has; keys of a record are tried by name and as `*`. */
function* pathsOf(value: unknown, at = ''): Generator<string> {
  if (Array.isArray(value)) for (const one of value) yield* pathsOf(one, `${at}[]`);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, field] of Object.entries(value)) {
      for (const path of [`${at}.${name}`, ...(RECORDS.has(at) ? [`${at}.*`] : [])]) {
        yield path;
        yield* pathsOf(field, path);
      }
    }
  }
}

describe('the summary', () => {
  it.each(Object.entries(MODELS))('keeps to its schema: %s', (_, model) => {
    const result = summarySchema.safeParse(JSON.parse(render(model())));
    expect(result.error?.issues ?? []).toEqual([]);
  });

  it('has no field in its schema that no session writes', () => {
    const written = new Set(Object.values(MODELS).flatMap((model) => [...pathsOf(JSON.parse(render(model())))]));
    const promised = [...promisedBy(summaryJsonSchema() as JsonSchema)];
    expect(promised.length).toBeGreaterThan(150);
    expect(promised.filter((path) => !written.has(path))).toEqual([]);
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
