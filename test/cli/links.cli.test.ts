import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boxmark, start } from './program.ts';
import { writeSession } from './stored-session.ts';

const PRECIOUS = 'precious\n';
/** A second bound is on memory, in bytes: a file without an end would take up all of it. */
const BOUNDED = ['timeout', '100', 'prlimit', '--data=1500000000'];

let dir: string;
let session: string;
let outside: string;
beforeEach(() => {
  dir = mkdtempSync('/var/tmp/boxmark-test-');
  outside = join(dir, 'precious');
  mkdirSync(join(dir, 'elsewhere'));
  writeFileSync(outside, PRECIOUS);
  session = writeSession({ out: join(dir, 'results'), name: '20261101T000000Z-theirs' });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Every command that takes a session, with the code by which it refuses one. `history` names what it leaves out. */
const COMMANDS: readonly (readonly [string, () => readonly string[], number])[] = [
  ['report', () => ['report', session, '--format', 'md'], 2],
  ['resume', () => ['resume', session, '--max-blocks', '9', '--allow-different-hosts', '-q'], 2],
  ['reproduce', () => ['reproduce', session, '-q', '-o', join(dir, 'ours')], 2],
  ['check', () => ['check', session], 2],
  ['verify', () => ['verify', session], 2],
  ['compare', () => ['compare', '--stored', other(), session], 2],
  ['history', () => ['history', session], 0],
  ['export', () => ['export', session, '--as', 'junit', '-o', join(session, 'junit.xml')], 2],
];

const other = () => writeSession({ out: join(dir, 'others'), name: '20261102T000000Z-other' });

/** What a stranger's archive may hold in place of a file. */
const PLANTED: Readonly<Record<string, () => void>> = {
  'a report folder that is a link': () => symlinkSync(join(dir, 'elsewhere'), join(session, 'report')),
  'a table that is a link': () => replaced('samples.csv', outside),
  'a manifest that is a link': () => replaced('manifest.json', outside),
  'a session.json without an end': () => replaced('session.json', '/dev/zero'),
  'a link under another name': () => symlinkSync(outside, join(session, 'junit.xml')),
};

function replaced(name: string, target: string): void {
  renameSync(join(session, name), join(dir, name));
  symlinkSync(target, join(session, name));
}

describe.each(Object.entries(PLANTED))('%s', (what, plant) => {
  // Every command opens a session by the same functions: one kind is enough for most of them.
  const commands = what === 'a session.json without an end' ? COMMANDS : COMMANDS.slice(0, 2);
  it.each(commands)('is refused by %s, and nothing is written', async (name, args, code) => {
    plant();
    const before = readdirSync(session).sort();
    const ended = await start(args(), BOUNDED).ended;
    expect(`${ended.code}: ${ended.stderr}`).toMatch(new RegExp(`^${code}: `));
    expect((name === 'history' ? ended.stdout : ended.stderr).replace(/\s+/g, ' ')).toMatch(/and this is a link/);
    expect(readFileSync(outside, 'utf8')).toBe(PRECIOUS);
    expect(readdirSync(join(dir, 'elsewhere'))).toEqual([]);
    expect(readdirSync(session).sort()).toEqual(before);
  });
});

describe('a FIFO in place of', () => {
  it.each(['session.json', 'samples.csv', 'events.jsonl', 'manifest.json'])('%s is not waited for', async (name) => {
    rmSync(join(session, name), { force: true });
    execFileSync('mkfifo', [join(session, name)]);
    const ends = await Promise.all(['check', 'report'].map((command) => start([command, session], BOUNDED).ended));
    expect(ends.map(({ code }) => code)).toEqual([2, 2]);
  });
});

it('links within the report are replaced by files, and what they point at stays', async () => {
  mkdirSync(join(session, 'report'));
  symlinkSync(outside, join(session, 'report', 'report.md'));
  symlinkSync(outside, join(session, 'report', 'report.md.tmp'));
  const ended = await boxmark('report', session, '--format', 'md');
  expect(ended.stderr).toBe('');
  expect(ended.code).toBe(0);
  expect(readFileSync(outside, 'utf8')).toBe(PRECIOUS);
  expect(readFileSync(join(session, 'report', 'report.md'), 'utf8')).toMatch(/^### /);
});

it('a name that leads out of the folder of a report is refused', async () => {
  const file = join(session, 'session.json');
  const info = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...info, session: '../../elsewhere/x' }));
  const ended = await boxmark('report', session, other(), '--format', 'svg', '-o', join(dir, 'a', 'b'));
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(/is no name of a session/);
  expect(readdirSync(join(dir, 'elsewhere'))).toEqual([]);
});

it('a table of one endless line is a finding', async () => {
  truncateSync(join(session, 'samples.csv'), 2 ** 26);
  const ended = await start(['check', session], BOUNDED).ended;
  expect(ended.code).toBe(1);
  expect(ended.stdout).toMatch(/samples\.csv: .*record/i);
});
