/** Programs of the user's, measured by the built program in real processes: what is found, what is refused, what is left. */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startText } from '../../bench/plan/commands.ts';
import { loadSession } from '../../bench/session/load.ts';
import { boxmark, type Ended, MAIN, sessions } from './program.ts';

/** Bounded in time whatever the default of a profile is. */
const SHORT = ['--blocks', '1', '--rounds', '1', '--quiet'];
const MEMORY_FOLDERS = ['/tmp', '/dev/shm'];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxmark-programs-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, ...lines: readonly string[]): string {
  const file = join(folder, name);
  writeFileSync(file, ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(file, 0o755);
  return file;
}

const outOf = (name: string): string => {
  const out = join(folder, 'out', name);
  mkdirSync(out, { recursive: true });
  return out;
};

async function measured(name: string, ...args: readonly string[]) {
  const out = outOf(name);
  const ended = await boxmark('run', '-e', 'native', '--keep-going', '--out', out, ...SHORT, ...args);
  const [dir = ''] = sessions(out);
  return { ended, dir };
}

/** Folders of starts whose run is over. */
function memoryLeft(): string[] {
  return MEMORY_FOLDERS.flatMap((parent) => readdirSync(parent)).filter((name) => {
    const [, run] = /^boxmark-([0-9a-f]{8})-.*-\d+-\w{6}$/.exec(name) ?? [];
    return run !== undefined && !existsSync(join('/var/tmp', `boxmark-${run}`));
  });
}

describe('a program', () => {
  it('gets no file that Boxmark was started with open', () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'read by root alone');
    const descriptor = openSync(secret, 'r');
    const found = script('find', 'for fd in /proc/$$/fd/*; do readlink "$fd"; done | grep secret && exit 1', 'exit 0');
    const argv = ['run', '-e', 'native', '--out', outOf('inherited'), ...SHORT, '--', found];
    const stdio = ['ignore', 'pipe', 'pipe', 'ignore', 'ignore', ...new Array(15).fill('ignore'), descriptor] as const;
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...argv], { stdio: [...stdio], encoding: 'utf8' });
    closeSync(descriptor);
    expect([stderr.includes('/secret'), status]).toEqual([false, 0]);
  });

  it('is measured as it is typed after --, with a figure that it prints', async () => {
    const file = script('count', 'echo "$1 things: 12.5 k/s"');
    const { ended, dir } = await measured('typed', '--metric', 'rate:k/s:higher=([0-9.]+) k/s', '--', file, 'a b');
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    const { info, samples } = await loadSession(dir);
    expect(info.plan).toMatchObject({ workloads: ['count', 'count.rate'], suite: [] });
    expect(info.plan.commands?.[0]).toMatchObject({ command: [file, 'a b'], expect: 'same-output' });
    const { runNs = 0, startNs = 0 } = info.plan.commands?.[0] ?? {};
    expect(startNs).toBeGreaterThan(0);
    expect(ended.stdout).toContain(`count: on native, ${startText({ runNs, startNs })}`);
    const printed = samples.filter(({ workload }) => workload === 'count.rate');
    expect(new Set(printed.map(({ rate, unit, better }) => `${rate} ${unit} ${better}`))).toEqual(
      new Set(['12.5 k/s higher']),
    );
    const own = samples.filter(({ workload, phase }) => workload === 'count' && phase === 'measure');
    expect(own.length).toBeGreaterThan(0);
    expect(own.every(({ wallNs, work, better }) => wallNs > 0 && work >= 1 && better === null)).toBe(true);
    const checked = await boxmark('check', dir);
    expect(checked).toMatchObject({ code: 0 });
  });

  it('is one of several in a plan file, with its input, environment, steps and exit codes', async () => {
    const plan = join(folder, 'plan.yaml');
    writeFileSync(join(folder, 'words.txt'), 'one two three\n');
    writeFileSync(
      plan,
      `env: native
workloads:
  - {id: words, command: [wc, -w], stdin: words.txt, files: ['${join(folder, 'words.txt')}:words.txt']}
  - {id: greets, shell: 'echo "$GREETING $(cat made)"; exit 3', env: {GREETING: hello}, exit: [3], setup: echo early > made, expect: same-output}
  - {id: dates, shell: date +%N, prepare: 'echo again >> made', cleanup: 'rm made'}
with: [${['cat', 'date', 'rm'].map((name) => `/usr/bin/${name}`).join(', ')}]
`,
    );
    const { ended, dir } = await measured('plan', '--plan', plan);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const { commands = [] } = (await loadSession(dir)).info.plan;
    expect(commands.map(({ id, expect }) => [id, expect])).toEqual([
      ['words', 'same-output'],
      ['greets', 'same-output'],
      ['dates', 'any'],
    ]);
  });

  const refused = async (args: readonly string[]): Promise<Ended & { out: string }> => {
    const out = outOf(`refused-${Math.random().toString(36).slice(2)}`);
    return { ...(await boxmark('run', '-e', 'native', '--keep-going', '--out', out, ...SHORT, ...args)), out };
  };

  it.each([
    ['that does not exist', ['--', './nothing-here'], 2, /does not exist/],
    ['without its --', ['ls'], 2, /after --/],
    ['with a word before its --', ['docker', '--', 'ls'], 2, /received: docker/],
    ['with what only a shell does', ['-w', 'exec:ls | wc'], 2, /sh:ls \| wc/],
    ['with a file that is missing', ['--with', './no-file', '--', 'true'], 2, /no-file/],
    ['that is said something of and not given', ['--expect', 'any'], 2, /none is given/],
    ['that ends with another exit code', ['-w', 'sh:echo "no luck" >&2; exit 7'], 1, /exit code 7: "no luck"/],
    ['that crashes', ['-w', 'sh:kill -SEGV $$'], 1, /signal 11/],
    ['whose figure is not there', ['--metric', 'a:s:lower=took ([0-9]+)', '--', 'true'], 1, /matches nothing/],
    ['that needs a terminal', ['--', 'stty', '-a'], 1, /Inappropriate ioctl[\s\S]*try: .* without a terminal/],
    ['that ends without a word', ['-w', 'sh:exit 1'], 1, /exit code 1\.[\s\S]*without a terminal \(<\/dev\/null/],
    ['that prints without an end', ['--expect', 'same-output', '--', 'yes'], 1, /more than 64 MiB/],
    [
      'that leaves a process behind',
      ['--with', '/usr/bin/sleep', '-w', 'sh:sleep 60 & true'],
      1,
      /leaves processes behind/,
    ],
    [
      'that takes longer than it may',
      ['--timeout', '2s', '--', 'sleep', '60'],
      1,
      /longer than 2 s.*\n.*\n.*--timeout/,
    ],
    [
      'whose output should be the same and is not',
      ['--expect', 'same-output', '--with', '/usr/bin/date', '-w', 'sh:date +%N'],
      1,
      /prints something else/,
    ],
  ])('%s is refused, and nothing is left', async (_, args, code, message) => {
    const before = memoryLeft();
    const ended = await refused(args);
    expect(ended.stderr).toMatch(message);
    expect(ended.code).toBe(code);
    expect(memoryLeft().filter((name) => !before.includes(name))).toEqual([]);
  });

  it('that hangs is ended after its own timeout', async () => {
    const plan = join(folder, 'hangs.yaml');
    writeFileSync(plan, 'workloads: [{ id: hangs, command: sleep 600, timeout: 300ms, expect: any }]\n');
    const before = memoryLeft();
    const ended = await refused(['--plan', plan]);
    expect(ended.stderr).toMatch(/runs for longer than its timeout of 0\.3 s/);
    expect([ended.code, sessions(ended.out), memoryLeft()]).toEqual([1, [], before]);
  });

  it('that runs long is visited by single runs, with a warm-up by its first one, and compared in whole sessions', async () => {
    const out = outOf('long');
    const args = [
      '--keep-going',
      '--out',
      out,
      '--blocks',
      '2',
      '--rounds',
      '3',
      '--quiet',
      '--',
      script('long', 'sleep 0.35'),
    ];
    const { code, stderr } = await boxmark('run', '-e', 'native', ...args);
    expect(code, stderr).toBe(0);
    const { info, samples } = await loadSession(sessions(out)[0] ?? '');
    expect(info.plan).toMatchObject({ singleBursts: true, pilotBursts: 0, longVisits: 0, rounds: 3 });
    expect(info.work).toEqual({ long: 1 });
    expect(new Set(samples.map(({ phase }) => phase))).toEqual(new Set(['measure']));
    expect(samples).toHaveLength(2 * 2 * 3);
    expect((await boxmark('check', sessions(out)[0] ?? '')).code).toBe(0);
  });

  it('reads an empty standard input, and has an environment of its own', async () => {
    const file = script('surroundings', 'cat; echo "$PATH $HOME_OF_USER $LANG"; pwd | sed "s/[0-9].*//"');
    process.env.HOME_OF_USER = 'secret';
    const { ended, dir } = await measured(
      'surroundings',
      '--with',
      '/usr/bin/sed',
      '--metric',
      'a:x:lower=(1)',
      '--',
      file,
    );
    delete process.env.HOME_OF_USER;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/what it prints: "\/usr\/local\/sbin:[^ ]+ C.UTF-8 \/(tmp|dev\/shm)\/boxmark-/);
    expect(dir).toBe('');
  });
});

describe('a program of a stored session', () => {
  it('runs only if the user names it, who is shown what runs', async () => {
    const file = script('stored', 'echo stored');
    const { dir } = await measured('stored', '--', file);
    const out = outOf('again');
    const refused = await boxmark('reproduce', dir, '--out', out, '--quiet');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/--allow-command[\s\S]*in its image \/usr\/bin\/\S*sh \/boxmark\/bin\/stored/);
    expect(refused.stderr).toMatch(/try: boxmark reproduce .* --allow-command stored/);
    expect(sessions(out)).toEqual([]);
    const stray = await boxmark('reproduce', dir, '--out', out, '--quiet', '--allow-command', 'other');
    expect(stray).toMatchObject({ code: 2 });
    const allowed = await boxmark('reproduce', dir, '--out', out, '--quiet', '--allow-command', 'stored');
    expect(allowed.code).toBe(0);
    expect(sessions(out)).toHaveLength(1);
    const more = await boxmark('resume', dir, '--max-blocks', '2', '--quiet', '--keep-going');
    expect(more.code).toBe(2);
    const resumed = await boxmark(
      'resume',
      dir,
      '--max-blocks',
      '2',
      '--quiet',
      '--keep-going',
      '--allow-command',
      'stored',
    );
    expect(resumed.code).toBe(0);
    expect((await loadSession(dir)).info.blocksCompleted).toBe(2);
  });

  it('is compared with another build of it, both run here', async () => {
    const [before, after] = await Promise.all(
      ['1', '2'].map(async (version) => {
        const file = script(`build-${version}`, `: ${version}`, 'echo built');
        return (await measured(`build-${version}`, '-w', `prog=exec:${file}`)).dir;
      }),
    );
    const out = outOf('compared');
    const args = ['compare', before ?? '', after ?? '', '--out', out, '--blocks', '2', '--quiet'];
    const refused = await boxmark(...args);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toMatch(/--allow-command prog/);
    const { stdout } = await boxmark(...args, '--allow-command', 'prog', '--json');
    const [session = ''] = sessions(out);
    const { info } = await loadSession(session);
    expect(info.plan.environments.map(({ path }) => path)).toEqual(['native', 'native@candidate']);
    expect(JSON.parse(stdout)).toHaveProperty('schema');
    const starts = readFileSync(join(session, 'starts.csv'), 'utf8');
    expect(starts).not.toMatch(/failed/);
  });
});
