/** The GitHub Action: each of its scripts in bash, as a runner calls it, with commands of the test's own in front. */

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { REHEARSAL } from './cli/program.ts';

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly if?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
  readonly run?: string;
}

const TEXT = readFileSync(fileURLToPath(new URL('../action.yml', import.meta.url)), 'utf8');
const ACTION: {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
} = parse(TEXT);
const SCRIPTS = ACTION.runs.steps.filter(({ run }) => run !== undefined);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  mkdirSync(join(dir, 'bin'));
  mkdirSync(join(dir, 'runner'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A command that comes before that of the same name, and notes how it was called. */
function command(name: string, script = ''): void {
  const file = join(dir, 'bin', name);
  writeFileSync(file, `#!/bin/bash\nprintf '%s\\n' ${name} "$@" >>${dir}/calls\necho . >>${dir}/calls\n${script}\n`);
  chmodSync(file, 0o755);
}

/** Words of every call to `command`. */
function calls(): string[][] {
  const file = join(dir, 'calls');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n.\n')
    .filter((text) => text !== '')
    .map((text) => text.split('\n'));
}

function read(name: string): string {
  const file = join(dir, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** Runs a step's script as GitHub's runner does; `env` are the values of its own variables. */
function runStep(name: string, env: Readonly<Record<string, string>>) {
  const step = SCRIPTS.find((one) => one.name === name);
  if (step?.run === undefined) throw new Error(`no step ${name}`);
  expect(Object.keys(step.env ?? {}).sort()).toEqual(Object.keys(env).sort());
  const file = join(dir, 'step.sh');
  writeFileSync(file, step.run);
  const ended = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', file], {
    cwd: dir,
    encoding: 'utf8',
    env: {
      ...process.env,
      ...env,
      PATH: `${join(dir, 'bin')}:${process.env.PATH}`,
      RUNNER_TEMP: join(dir, 'runner'),
      GITHUB_OUTPUT: join(dir, 'output'),
      GITHUB_STEP_SUMMARY: join(dir, 'summary'),
      NO_COLOR: '1',
    },
  });
  return { code: ended.status, stdout: ended.stdout, stderr: ended.stderr };
}

/** What the step wrote for later ones. */
function outputs(): Record<string, string> {
  const lines = read('output').trimEnd().split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

const NOTHING = { BASELINE: '', WORKLOADS: '', FAIL_IF: '', ARGS: '' };
const QUICK = '--size tiny --burst 1ms --rounds 4 --blocks 2\n -q';

describe('the action', () => {
  it('pastes no input into a script, uses each of them, and only steps that there are', () => {
    expect(ACTION.runs.using).toBe('composite');
    for (const { run, shell } of SCRIPTS) {
      expect(run).not.toContain('${{');
      expect(shell).toBe('bash');
    }
    const used = [...TEXT.matchAll(/inputs\.([\w-]+)/g)].map(([, name]) => name);
    expect(new Set(used)).toEqual(new Set(Object.keys(ACTION.inputs)));
    const ids = ACTION.runs.steps.flatMap(({ id }) => id ?? []);
    const named = [...TEXT.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)];
    for (const [, id = '', output = ''] of named) {
      expect(ids).toContain(id);
      expect(ACTION.runs.steps.find((step) => step.id === id)?.run).toMatch(new RegExp(`^ *echo "${output}=`, 'm'));
    }
  });

  it('has scripts that bash can read', () => {
    for (const { name, run = '' } of SCRIPTS) {
      expect(spawnSync('bash', ['-n'], { input: run, encoding: 'utf8' }).stderr, name).toBe('');
    }
  });

  it('keeps the session also when the run ended with a code, and ends with that code last', () => {
    const steps = ACTION.runs.steps.map(({ name, uses }) => name ?? uses ?? '');
    expect(steps.slice(-3).map((step) => step.replace(/@.*/, ''))).toEqual([
      'Measure',
      'actions/upload-artifact',
      'Outcome',
    ]);
  });
});

describe('the installation', () => {
  it('builds the source of the action', () => {
    command('npm');
    const source = join(dir, 'source');
    mkdirSync(source);
    expect(runStep('Install Boxmark', { SOURCE: source, VERSION: '' })).toMatchObject({ code: 0, stderr: '' });
    expect(calls()).toEqual([
      ['npm', 'ci'],
      ['npm', 'run', 'build'],
    ]);
    expect(outputs()).toEqual({ main: `${source}/dist/cli/main.js` });
  });

  it('takes the npm package of a version, and leads to its program', () => {
    command('npm', `mkdir -p ${dir}/runner/boxmark/lib/node_modules/boxmark/dist/cli`);
    expect(runStep('Install Boxmark', { SOURCE: '/nowhere', VERSION: '1.2.3' })).toMatchObject({ code: 0 });
    expect(calls()).toEqual([['npm', 'install', '--global', '--prefix', `${dir}/runner/boxmark`, 'boxmark@1.2.3']]);
    expect(existsSync(dirname(outputs().main ?? ''))).toBe(true);
  });

  it('ends with the failure of npm', () => {
    command('npm', 'exit 7');
    expect(runStep('Install Boxmark', { SOURCE: dir, VERSION: '' }).code).toBe(7);
  });

  it.each([
    ['root', 0, 0, ['node', 'main.js', 'setup', '--yes', '--for', 'docker,uml']],
    ['a user with sudo', 1000, 0, ['sudo', '-n', 'env']],
    ['a user without', 1000, 1, null],
  ])('installs engines as %s', (_, uid, code, expected) => {
    command('id', `echo ${uid}`);
    command('node');
    command('sudo', `[ "$2" != true ] || exit ${code}`);
    const ended = runStep('Install engines', { MAIN: 'main.js', ENVIRONMENTS: 'docker,uml' });
    expect(ended.code).toBe(0);
    const real = calls().filter(([name, , what]) => name !== 'id' && what !== 'true');
    if (expected === null) {
      expect(real).toEqual([]);
      expect(ended.stdout).toMatch(/^::notice::/);
    } else expect(real[0]?.slice(0, expected.length)).toEqual(expected);
  });
});

describe('the measurement', () => {
  it('leaves a session with its report, the job summary and both outputs', () => {
    const ended = runStep('Measure', {
      ...NOTHING,
      MAIN: REHEARSAL,
      ENVIRONMENTS: 'native,unshare',
      WORKLOADS: 'fft',
      ARGS: QUICK,
    });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const { session = '', ...rest } = outputs();
    expect(rest).toEqual({ 'exit-code': '0' });
    expect(basename(session)).toMatch(/^\d{8}T\d{6}Z-/);
    expect(existsSync(join(session, 'report/report.html'))).toBe(true);
    expect(read('summary')).toMatch(/unshare/);
  });

  it('passes every input on, a threshold a line, and none of them to the shell', () => {
    command('node', 'exit 3');
    const FAIL_IF = 'any > 5%\n\ndocker on fft > 2%\n';
    const ended = runStep('Measure', {
      MAIN: 'main.js',
      ENVIRONMENTS: '$(touch broken)',
      BASELINE: 'docker',
      WORKLOADS: 'system',
      FAIL_IF,
      ARGS: '--blocks 4 * `touch broken`\n--strict',
    });
    expect(ended.code).toBe(0);
    expect(existsSync(join(dir, 'broken'))).toBe(false);
    const [words = []] = calls().filter(([name]) => name === 'node');
    const out = words[words.indexOf('--out') + 1] ?? '';
    expect(dirname(out)).toBe(join(dir, 'runner'));
    expect(words).toEqual([
      ...['node', 'main.js', 'run', '--env', '$(touch broken)', '--out', out],
      ...['--baseline', 'docker', '--workload', 'system'],
      ...['--fail-if', 'any > 5%', '--fail-if', 'docker on fft > 2%'],
      ...['--blocks', '4', '*', '`touch', 'broken`', '--strict'],
    ]);
    expect(outputs()).toEqual({ 'exit-code': '3', session: '' });
  });

  it('measures as root where sudo needs no password, with the job summary', () => {
    command('id', 'echo 1000');
    command('sudo', 'exit 0');
    command('node');
    const given = { ...NOTHING, MAIN: 'main.js', ENVIRONMENTS: 'native' };
    expect(runStep('Measure', given).code).toBe(0);
    expect(calls().at(-1)?.slice(0, 3)).toEqual(['sudo', '-n', '--preserve-env=GITHUB_STEP_SUMMARY']);
    command('sudo', 'exit 1');
    expect(runStep('Measure', given).code).toBe(0);
    expect(calls().at(-1)?.slice(0, 3)).toEqual(['node', 'main.js', 'run']);
  });
});

describe('the outcome', () => {
  it.each([
    ['0', 'fail', 0, ''],
    ['3', 'warn', 3, ''],
    ['4', 'fail', 4, ''],
    ['4', 'warn', 0, '::warning::'],
    ['1', 'warn', 1, ''],
  ])('of code %s is with open: %s code %i', (CODE, OPEN, code, printed) => {
    const ended = runStep('Outcome', { CODE, OPEN });
    expect(ended.code).toBe(code);
    expect(ended.stdout.slice(0, printed.length || 1)).toBe(printed);
  });
});
