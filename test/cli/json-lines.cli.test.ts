/** `--json-lines`: every line keeps to its schema, and the last one is the document of `--json`. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type * as z from 'zod';
import { lineSchema, linesJsonSchema } from '../../reports/formats/lines-schema.ts';
import { summarySchema } from '../../reports/formats/summary-schema.ts';
import { consume, pythonWith, withFile } from '../reports/exports/consumer.ts';
import { type Ended, rehearse, sessions } from './program.ts';

type Line = z.infer<typeof lineSchema>;

const TINY = ['--size', 'tiny', '--burst', '1ms', '--rounds', '4', '-w', 'fft,sor', '-q'];

let out: string;
let ran: Ended;
let dir: string;
beforeAll(async () => {
  out = mkdtempSync('/var/tmp/boxmark-test-out-');
  ran = await rehearse('run', '-e', 'native,unshare', '--blocks', '2', ...TINY, '-o', out, '--json-lines');
  [dir = ''] = sessions(out);
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** Each line by the strict schema. */
function linesOf({ stdout }: Ended): Line[] {
  expect(stdout.endsWith('\n')).toBe(true);
  return stdout
    .trimEnd()
    .split('\n')
    .map((text) => lineSchema.parse(JSON.parse(text)));
}

const typesOf = (lines: readonly Line[]) => lines.map(({ type }) => type).filter((type) => type !== 'event');
const eventsOf = (lines: readonly Line[]) => lines.flatMap((line) => (line.type === 'event' ? [line.event] : []));

function answerOf(lines: readonly Line[]): Readonly<Record<string, unknown>> {
  const last = lines.at(-1);
  if (last?.type !== 'answer') throw new Error('the last line is no answer');
  return last.document;
}

it('a run prints its plan, blocks with every ratio, the events of its folder, and its summary', () => {
  expect(ran.stderr).toBe('');
  expect(ran.code).toBe(0);
  const lines = linesOf(ran);
  expect(typesOf(lines)).toEqual(['plan', 'block-begun', 'block-ended', 'block-begun', 'block-ended', 'answer']);
  const [plan] = lines;
  if (plan?.type !== 'plan') throw new Error('the first line is no plan');
  expect(plan.dir).toBe(dir);
  const document = summarySchema.parse(answerOf(lines));
  expect(document.plan).toEqual(plan.plan);
  const ends = lines.flatMap((line) => (line.type === 'block-ended' ? [line.standings ?? []] : []));
  const figures = document.contrasts.map(
    ({ env, baseline, workload, timeRatio: ratio, interval, blocks, verdict }) => ({
      ...{ env, baseline, workload, ratio, low: interval?.low, high: interval?.high, blocks, verdict },
    }),
  );
  expect(ends[1]).toEqual(figures);
  expect(ends[0]?.map(({ low, blocks }) => [low, blocks])).toEqual(figures.map(() => [null, 1]));
  const noted = readFileSync(join(dir, 'events.jsonl'), 'utf8').trimEnd().split('\n');
  expect(eventsOf(lines)).toEqual(noted.map((line) => JSON.parse(line)));
});

it('the last line is the document of --json', async () => {
  const calls = [
    ['run', '-e', 'native,unshare', '--dry-run', '--seed', '5', '-o', out],
    ['explain', 'unshare', '--dry-run', '--seed', '5', '-o', out],
  ];
  for (const call of calls) await expectSameDocument(call);
});

async function expectSameDocument(call: readonly string[]): Promise<void> {
  const [document, lines] = await Promise.all([rehearse(...call, '--json'), rehearse(...call, '--json-lines')]);
  expect(answerOf(linesOf(lines))).toEqual(JSON.parse(document.stdout));
  expect(lines.code).toBe(document.code);
}

it('resume and reproduce print the same lines about their blocks', async () => {
  const [resumed, reproduced] = [
    await rehearse('resume', dir, '--max-blocks', '3', '-q', '--json-lines'),
    await rehearse('reproduce', dir, '-o', join(out, 'again'), '--blocks', '1', '-q', '--json-lines'),
  ];
  expect(resumed.stderr + reproduced.stderr).toBe('');
  const lines = linesOf(resumed);
  expect(typesOf(lines)).toEqual(['plan', 'block-begun', 'block-ended', 'answer']);
  expect(lines[0]).toMatchObject({ type: 'plan', blocksKept: 2 });
  expect(lines.filter(({ type }) => type === 'block-ended')).toMatchObject([{ block: 3 }]);
  expect(eventsOf(lines)[0]).toMatchObject({ kind: 'resumed' });
  const again = linesOf(reproduced);
  expect(typesOf(again)).toEqual(['plan', 'block-begun', 'block-ended', 'answer']);
  expect(answerOf(again)).toHaveProperty('rows');
  const [second = ''] = sessions(join(out, 'again'));
  await expectSameDocument(['compare', '--stored', dir, second]);
});

it('is refused together with --json, before anything is done', async () => {
  const ended = await rehearse('run', '-e', 'native', '--json', '--json-lines', '-o', join(out, 'none'));
  expect(ended.code).toBe(2);
  expect(ended.stdout).toBe('');
  expect(ended.stderr).toMatch(/--json-lines and --json can't be given together/);
  expect(sessions(join(out, 'none'))).toEqual([]);
});

it('has a schema that is shipped, and by which another validator finds every line valid', async (ctx) => {
  await expect(`${JSON.stringify(linesJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../schemas/lines.schema.json',
  );
  const python = pythonWith('jsonschema');
  if (python === null) return ctx.skip('the Python module jsonschema is not installed');
  const lines: unknown[] = linesOf(ran);
  const cases = [...lines, { ...(lines[0] as object), type: 'other' }, { ...(lines[0] as object), session: 1 }];
  const script =
    'import json, sys, jsonschema\nschema, cases = json.load(sys.stdin)\njsonschema.Draft202012Validator.check_schema(schema)\n' +
    'print(json.dumps([jsonschema.Draft202012Validator(schema).is_valid(case) for case in cases]))';
  const ended = withFile('check.py', script, (file) =>
    consume([python, file], JSON.stringify([linesJsonSchema(), cases])),
  );
  expect(JSON.parse(ended?.stdout ?? '')).toEqual([...lines.map(() => true), false, false]);
});
