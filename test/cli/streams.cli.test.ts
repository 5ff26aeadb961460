import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boxmark, eventually, MAIN, REHEARSAL, sessions, start, tracesOf, workspaceOf } from './program.ts';
import { noTerminal, onTerminal } from './terminal.ts';

const ENVS = process.getuid?.() === 0 ? 'native,unshare' : 'native';
const CLI = join(import.meta.dirname, '..', '..', 'cli');

let out: string;
beforeEach(() => {
  out = mkdtempSync('/var/tmp/boxmark-test-out-');
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

/** With progress: it is what is written while boxes are open. */
function runArgs(blocks: number, rounds: number): string[] {
  const size = ['--blocks', `${blocks}`, '--rounds', `${rounds}`, '-w', 'fft', '--size', 'tiny', '--burst', '1ms'];
  return ['run', '-e', ENVS, ...size, '-o', out];
}

function redirected(redirections: string): string[] {
  return ['bash', '-c', `exec "$@" ${redirections}`, 'bash'];
}

function onlySession(): string {
  const [dir = '', ...more] = sessions(out);
  expect(more).toEqual([]);
  return dir;
}

function stopReason(dir: string): string {
  return JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8')).stopReason;
}

function idOf(pid: number | undefined): string | undefined {
  return workspaceOf(pid)?.replace('/var/tmp/boxmark-', '');
}

/** Rows in the file, by its lines. */
function hasRows(dir: string): boolean {
  try {
    return readFileSync(join(dir, 'samples.csv'), 'utf8').split('\n').length > 50;
  } catch {
    return false;
  }
}

describe('a run whose output goes nowhere measures to its end, cleans up, and ends with', () => {
  it.each([
    [0, 'a reader of both streams that leaves after a line', '> >(head -1) 2>&1'],
    [0, 'a reader of the result that leaves after a line', '> >(head -1)'],
    [0, 'a reader of the messages that leaves after a byte', '2> >(head -c1)'],
    [0, 'messages that go to a full disk', '2>/dev/full'],
    [1, 'a result that goes to a full disk', '>/dev/full'],
    [1, 'everything on a full disk', '>/dev/full 2>&1'],
  ])('code %i for %s', async (code, _, redirections) => {
    // Boxes that have to be removed, where nobody hears of anything; what a command writes does not depend on them.
    const main = redirections === '>/dev/full 2>&1' ? MAIN : REHEARSAL;
    const running = start(runArgs(1, 4), redirected(redirections), { main });
    const id = await eventually(() => idOf(running.child.pid));
    const ended = await running.ended;
    expect(ended).toMatchObject({ code, signal: null });
    if (redirections === '>/dev/full') expect(ended.stderr).toMatch(/could not be written: ENOSPC.*\n {2}try: /);
    if (redirections === '2>/dev/full') expect(ended.stdout).toContain('Report: ');
    const dir = onlySession();
    expect(stopReason(dir)).toBe('blocks');
    expect((await boxmark('check', dir)).code).toBe(0);
    expect(tracesOf(id)).toEqual([]);
  });
});

describe('a command whose output is lost', () => {
  it.each([['--help'], ['list environments'], ['list claims --json'], ['clean --dry-run']])(
    'ends with code 1 and says so: %s',
    async (command) => {
      const ended = await start(command.split(' '), redirected('>/dev/full')).ended;
      expect(ended.stderr).toMatch(/^boxmark: the output could not be written: ENOSPC/);
      expect(ended.code).toBe(1);
    },
  );

  it('ends with code 1 also when the disk takes the first part of a text', async () => {
    const file = join(out, 'list.json');
    const wrap = ['bash', '-c', `ulimit -f 1; exec "$@" > ${file}`, 'bash'];
    const ended = await start(['list', 'environments', '--json'], wrap).ended;
    expect(statSync(file).size).toBeGreaterThan(0);
    expect(ended.stderr).toMatch(/could not be written: EFBIG/);
    expect(ended.code).toBe(1);
  });

  it('keeps the code of a failure', async () => {
    expect((await start(['lst'], redirected('>/dev/full 2>&1')).ended).code).toBe(2);
  });

  it('is noticed wherever it is written: nothing in cli/ goes around the two outlets', () => {
    const sources = readdirSync(CLI, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    expect(sources).toContain('main.ts');
    // On a runtime that the outlets may not load on, one message and the end.
    const allowed = ['streams.ts', 'terminal/node-version.ts'];
    const around = sources.filter(
      (name) =>
        !allowed.includes(name) &&
        /process\.(stdout|stderr)\.|console\.\w+\(/.test(readFileSync(join(CLI, name), 'utf8')),
    );
    expect(around).toEqual([]);
  });
});

describe('a terminal that hangs up', () => {
  it('ends the run as an interrupt does: code 130, whole blocks kept, nothing left, and it can be resumed', async (context) => {
    if (noTerminal !== '') return context.skip(noTerminal);
    const { pid, hangUp } = await onTerminal([process.execPath, MAIN, ...runArgs(2, 60)]);
    const dir = await eventually(() => sessions(out).find(hasRows));
    const id = idOf(pid) ?? '';
    expect(tracesOf(id)).not.toEqual([]);
    expect(await hangUp()).toBe('code 130');
    expect(tracesOf(id)).toEqual([]);
    expect(stopReason(dir)).toBe('interrupted');
    expect((await boxmark('check', dir)).code).toBe(0);
    const resumed = await boxmark('resume', dir, '-q');
    expect(resumed.code).toBe(0);
    expect(stopReason(dir)).toBe('blocks');
    expect((await boxmark('check', dir)).code).toBe(0);
  });

  it('ends no run that is in another session of processes, which gets no signal', async (context) => {
    if (noTerminal !== '') return context.skip(noTerminal);
    const file = join(out, 'code');
    const shell = `trap '' HUP; setsid -w "$@"; echo $? > ${file}`;
    const terminal = await onTerminal(['sh', '-c', shell, 'sh', process.execPath, MAIN, ...runArgs(1, 30)]);
    const dir = await eventually(() => sessions(out).find(hasRows));
    await terminal.hangUp();
    expect(readFileSync(file, 'utf8')).toBe('0\n');
    expect(stopReason(dir)).toBe('blocks');
  });
});
