/** The examples of users' own programs: each plan is built as it says, and measured in two environments. */

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { planJsonSchema } from '../bench/plan/json-schema.ts';
import { checkPlanInput } from '../bench/plan/plan.ts';
import { findCommand } from '../runners/kit/commands.ts';
import { start } from './cli/program.ts';

const FOLDER = fileURLToPath(new URL('../examples/own-workloads', import.meta.url));
const PLANS = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

interface Example {
  /** What has to be on the host beside the commands that build it. */
  readonly program?: string;
  /** Workloads that the session has data of. */
  readonly workloads: readonly string[];
  /** A run takes a second, so only the baseline and its control run. */
  readonly isLong?: boolean;
}

const KERNELS = ['fft', 'sor', 'monte-carlo', 'sparse', 'lu'];

const EXAMPLES: Readonly<Record<string, Example>> = {
  'lu.yaml': { workloads: ['lu-c', 'lu-c.rate'] },
  'openssl.yaml': { program: 'openssl', workloads: ['sha256', 'sha256.rate'], isLong: true },
  'primes.yaml': { program: 'java', workloads: ['primes'] },
  'queens.yaml': { program: '/usr/bin/python3', workloads: ['queens'] },
  'root.yaml': { workloads: ['lu-static', 'lu-static.rate'] },
  'scimark.yaml': { workloads: [...KERNELS, 'c', ...[...KERNELS, 'composite'].map((name) => `c.${name}`)] },
  'sqlite.yaml': { program: 'sqlite3', workloads: ['sqlite'] },
  'sysbench.yaml': { program: 'sysbench', workloads: ['sysbench', 'sysbench.rate'], isLong: true },
};

const summarySchema = z.object({
  environments: z.array(
    z.object({
      env: z.string(),
      workloads: z.array(z.object({ workload: z.string(), bursts: z.number(), wrongAnswers: z.number() })),
    }),
  ),
  failures: z.array(z.unknown()),
});

let top: string;
let folder: string;

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  folder = join(top, 'examples/own-workloads');
  cpSync(FOLDER, folder, { recursive: true });
  // The kernels in C, which one of them builds.
  cpSync(join(import.meta.dirname, 'speed/c'), join(top, 'test/speed/c'), { recursive: true });
});

afterAll(() => rmSync(top, { recursive: true, force: true }));

/** Commands that a file says come first. */
const buildOf = (name: string): string[][] =>
  [...readFileSync(join(FOLDER, name), 'utf8').matchAll(/^#.* First: (.+)$/gm)].map(([, text = '']) => text.split(' '));

const isHere = (word: string) => (word.includes('/') ? existsSync(word) : findCommand(word) !== undefined);

const other = () => (process.getuid?.() === 0 ? 'unshare' : 'bwrap');

it('every plan has a test', () => {
  expect(PLANS.toSorted()).toEqual(Object.keys(EXAMPLES));
});

describe.each(PLANS)('the plan %s', (name) => {
  const { program, workloads, isLong = false } = EXAMPLES[name] as Example;

  it('names its schema in the first line, and keeps to it', () => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    expect(JSON.parse(readFileSync(join(FOLDER, schema), 'utf8'))).toEqual(planJsonSchema());
    expect(checkPlanInput(parse(text), name)).not.toEqual({});
  });

  it('is built as it says, and measured with every figure', { timeout: 300_000 }, async (ctx) => {
    const needed = [...buildOf(name).map(([word = '']) => word), ...(program === undefined ? [] : [program])];
    const missing = [...needed, ...(isLong ? [] : [other()])].find((word) => !isHere(word));
    if (missing !== undefined) return ctx.skip(`${missing} is not installed`);
    for (const [file = '', ...args] of buildOf(name)) {
      expect(spawnSync(file, args, { cwd: folder, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    }
    const environments = isLong ? ['native', '--keep-going'] : [`native,${other()}`];
    const little = ['--blocks', '1', '--rounds', '1', '--json', '-q', '-o', folder];
    const { ended } = start(['run', '--plan', name, '-e', ...environments, ...little], ['env', '-C', folder]);
    const { code, stdout, stderr } = await ended;
    expect(code, stderr).toBe(0);
    const summary = summarySchema.parse(JSON.parse(stdout));
    expect(summary.failures).toEqual([]);
    const boxes = ['native', ...(isLong ? [] : [other()]), 'native@control'];
    expect(summary.environments.map(({ env }) => env).toSorted()).toEqual(boxes.toSorted());
    for (const { workloads: measured } of summary.environments) {
      expect(measured.map(({ workload }) => workload)).toEqual(workloads);
      for (const { bursts, wrongAnswers } of measured) {
        expect(bursts).toBeGreaterThan(0);
        expect(wrongAnswers).toBe(0);
      }
    }
  });
});
