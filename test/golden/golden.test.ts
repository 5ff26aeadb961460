/**
 * What Boxmark prints and writes of the committed sessions, byte for byte: whoever moves code sees here what else moved.
 * `npx vitest run test/golden -u` rewrites the copies after a change on purpose; the diff is then part of the change.
 */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { program } from '../../cli/program.ts';
import { chosenFormats, renderReports, sessionReport } from '../../cli/session/write-report.ts';
import { sessionDocument } from '../../reports/documents/session.ts';
import type { ReportFile } from '../../reports/formats/format.ts';
import { formatsFor } from '../../reports/formats/index.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { writeFleet } from '../fleet/synthetic.ts';

const EXAMPLES = 'results/example';
const KERNELS = '20261126T070159Z-b39def';
const SYSTEM = '20261126T071959Z-de71a6';
const EVERY_BOX = '20261126T072949Z-062870';
const SESSIONS = [KERNELS, SYSTEM, EVERY_BOX];
const folderOf = (session: string) => `${EXAMPLES}/${session}`;

/** An environment that a copy must not depend on. */
beforeAll(() => {
  vi.stubEnv('NO_COLOR', '1');
  vi.stubEnv('FORCE_COLOR', undefined);
  vi.stubEnv('GITHUB_STEP_SUMMARY', undefined);
  vi.stubEnv('COLUMNS', '333');
  vi.stubEnv('TZ', 'Asia/Kathmandu');
  vi.stubEnv('LC_ALL', 'de_DE.UTF-8');
});
afterAll(() => vi.unstubAllEnvs());

/** `boxmark ARGS` in this process: what it prints to either stream, and its exit code. */
async function boxmark(...args: readonly string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  const printed = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += text;
      return true;
    }),
  );
  try {
    await program().parseAsync(args, { from: 'user' });
    return { ...printed, code: Number(process.exitCode ?? 0) };
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
  }
}

const COPIES = join(import.meta.dirname, 'copies');
const compared: string[] = [];

/** Compares with the copy at this path below `copies`. */
async function golden(text: string, ...path: readonly string[]): Promise<void> {
  compared.push(join(...path));
  await expect(text.replaceAll(process.cwd(), '<root>')).toMatchFileSnapshot(join(COPIES, ...path));
}

/** The page without what the build puts into it: only their kind is named, and their hashes go with them. */
function withoutBlobs(page: string): string {
  return page
    .replace(/<style>.*?<\/style>/s, '<style>[style and fonts of the build]</style>')
    .replace(/<script>.*?<\/script>/s, '<script>[script of the build]</script>')
    .replaceAll(/sha256-[\w+/]{43}=/g, 'sha256-[hash]');
}

describe.each(SESSIONS)('the committed session %s', (session) => {
  const dir = folderOf(session);

  it('gives the same reports', async () => {
    const files = await renderReports([{ dir }], `${dir}/report`, chosenFormats(['json', 'md', 'csv', 'html']));
    expect(files.map(({ name }) => name)).toEqual(['summary.json', 'report.md', 'report.csv', 'report.html']);
    for (const { name, content } of files) {
      const text = String(content);
      await golden(name.endsWith('.html') ? withoutBlobs(text) : text, session, name);
    }
  });

  it('gives the same text on a terminal, and the same exports', async () => {
    const report = await sessionReport({ dir }, `${dir}/report`);
    expect(report.model.integrity.faults).toEqual([]);
    const document = sessionDocument(report.model);
    await golden(terminalText(document, { width: 80 }), session, 'terminal.txt');
    await golden(terminalText(document, { width: 80, verbose: true }), session, 'terminal-verbose.txt');
    for (const { name, files, remarks } of formatsFor('tool')) {
      const remarked = (remarks?.([report]) ?? []).map((remark) => `remark: ${remark}\n`);
      const [first, ...others] = await files([report]);
      const texts = others.length === 0 ? [String(first?.content)] : [first, ...others].map(listed);
      await golden([...texts, ...remarked].join(''), session, `${name}.txt`);
    }
  });
});

/** Of a folder of files their names and the beginning of what is in them. */
function listed(file: ReportFile | undefined): string {
  return `== ${file?.name}\n${String(file?.content).slice(0, 600)}\n`;
}

/** What the command line says of them: file → arguments, and the exit code where it is not 0. */
const COMMANDS: Readonly<Record<string, readonly [args: readonly string[], code?: number]>> = {
  'verify.txt': [['verify', folderOf(KERNELS)]],
  'verify.json': [['verify', folderOf(KERNELS), '--json']],
  'verify-system.txt': [['verify', folderOf(SYSTEM)]],
  'check.txt': [['check', folderOf(KERNELS)]],
  'check.json': [['check', folderOf(KERNELS), '--json']],
  'history.txt': [['history', EXAMPLES]],
  'history.json': [['history', EXAMPLES, '--json']],
  'history.html': [['history', EXAMPLES, '--format', 'html']],
  'compare.txt': [['compare', '--stored', folderOf(KERNELS), folderOf(EVERY_BOX)], 4],
  'compare.json': [['compare', '--stored', folderOf(KERNELS), folderOf(EVERY_BOX), '--json'], 4],
  'compare-nothing-in-common.txt': [['compare', '--stored', folderOf(KERNELS), folderOf(SYSTEM)], 4],
};

describe('commands on committed sessions', () => {
  it.each(Object.entries(COMMANDS))('print the same %s', async (file, [args, expected = 0]) => {
    const { stdout, stderr, code } = await boxmark(...args);
    expect({ stderr, code }).toEqual({ stderr: '', code: expected });
    await golden(file.endsWith('.html') ? withoutBlobs(stdout) : stdout, 'commands', file);
  });

  it('put several sessions side by side in one page, each as it is alone', async () => {
    const [file] = await renderReports(
      SESSIONS.map((session) => ({ dir: folderOf(session) })),
      `${EXAMPLES}/together`,
      chosenFormats(['html']),
    );
    const page = withoutBlobs(String(file?.content)).replaceAll(
      /(<article [^>]*>).*?(<\/article>)/gs,
      '$1[the page of the session]$2',
    );
    await golden(page, 'commands', 'side-by-side.html');
  });
});

describe('a fleet of five hosts, one of which stands out, and two without figures', () => {
  const out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  const [before, after] = ['before', 'after'].map((name) => join(out, name)) as [string, string];
  beforeAll(() => {
    const others = [
      { name: 'lost-1', state: 'lost', reason: 'no line for an hour', lastSeenAt: '2026-11-26T07:30:00.000Z' },
      { name: 'arm-1', architecture: 'arm64', state: 'refused', reason: 'no image for arm64' },
    ] as const;
    writeFleet(before, { hosts: 5, odd: { 3: 0.2 }, tau: 0.002 }, others);
    writeFleet(after, {
      hosts: 5,
      seed: 2,
      odd: { 3: 0.2 },
      change: (info) => ({ ...info, session: `${info.session}x` }),
    });
  });
  afterAll(() => rmSync(out, { recursive: true, force: true }));

  it.each([
    ['report.txt', ['fleet', 'report', before, '--by', 'cpu']],
    ['report.json', ['fleet', 'report', before, '--json']],
    ['report.md', ['fleet', 'report', before, '--format', 'md', '-o', '-']],
    ['report.html', ['fleet', 'report', before, '--format', 'html', '-o', '-']],
    ['report.csv', ['fleet', 'report', before, '--format', 'csv', '-o', '-']],
    ['compare.txt', ['fleet', 'compare', before, after]],
    ['compare.json', ['fleet', 'compare', before, after, '--json']],
  ] as const)('gives the same %s', async (file, args) => {
    const { stdout, stderr } = await boxmark(...args);
    expect(stderr).toBe('');
    const text = stdout.replaceAll(out, '<fleets>');
    await golden(file.endsWith('.html') ? withoutBlobs(text) : text, 'fleet', file);
  });
});

function* helpsOf(command: Command, path = command.name()): Generator<readonly [string, Command]> {
  yield [path, command];
  for (const child of command.commands) yield* helpsOf(child, `${path}-${child.name()}`);
}

describe('the program', () => {
  it.each([...helpsOf(program())])('says the same of %s --help', async (path, command) => {
    let text = '';
    const write = (part: string) => {
      text += part;
    };
    command.configureOutput({ writeOut: write, getOutHelpWidth: () => 80 }).outputHelp();
    await golden(text, 'help', `${path}.txt`);
  });

  it.each(['environments', 'workloads', 'reports', 'exports', 'claims'])('lists the same %s', async (kind) => {
    await golden((await boxmark('list', kind, '-v')).stdout, 'list', `${kind}.txt`);
    await golden((await boxmark('list', kind, '--json')).stdout, 'list', `${kind}.json`);
  });
});

it('has no copy that nothing is compared with', () => {
  const files = readdirSync(COPIES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(COPIES, join(entry.parentPath, entry.name)));
  expect(compared.sort()).toEqual(files.sort());
});
