/** Sessions that were put together, cut or changed: what does not add up is named with its file and row. */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recheck } from '../../bench/kinds/recheck.ts';
import { checkSession } from '../../bench/session/check.ts';
import { loadSession } from '../../bench/session/load.ts';
import { writeSession } from '../cli/stored-session.ts';

const EXAMPLES = ['20261126T070159Z-b39def', '20261126T071959Z-de71a6', '20261126T072949Z-062870'];
const [EXAMPLE = ''] = EXAMPLES;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  cpSync(join('results/example', EXAMPLE), dir, { recursive: true });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Its header first. */
function change(file: string, edit: (lines: string[]) => string[]): void {
  const lines = readFileSync(join(dir, file), 'utf8').trimEnd().split('\n');
  writeFileSync(join(dir, file), `${edit(lines).join('\n')}\n`);
}

async function findings(): Promise<string[]> {
  return recheck(await loadSession(dir)).map(({ file, problem }) => `${file}: ${problem}`);
}

function column(lines: readonly string[], name: string): number {
  return lines[0]!.split(',').indexOf(name);
}

/** Rows of a file with one cell replaced where `which` says so. */
function withCells(name: string, which: (cells: readonly string[]) => boolean, next: (cell: string) => string) {
  return (lines: string[]) => {
    const at = column(lines, name);
    return lines.map((line, index) => {
      const cells = line.split(',');
      if (index === 0 || !which(cells)) return line;
      return cells.with(at, next(cells[at]!)).join(',');
    });
  };
}

it.each(EXAMPLES)('%s adds up', async (name) => {
  expect(recheck(await loadSession(join('results/example', name)))).toEqual([]);
});

it('finds every figure of an environment whose samples were multiplied', async () => {
  change(
    'samples.csv',
    withCells(
      'wall_ns',
      (cells) => cells[4] === 'docker',
      (cell) => String(Math.round(Number(cell) * 1.18)),
    ),
  );
  const found = await findings();
  expect(found.length).toBeGreaterThan(4);
  expect(found[0]).toMatch(
    /^contrasts\.csv: row 1: time_ratio is 0\.998918585, and the rows give 1\.17\d+ \(docker, native, fft\)$/,
  );
});

it('finds a figure that was changed', async () => {
  const own = writeSession({ out: dir, name: '20261123T170000Z-000001' });
  const isRow = (cells: readonly string[]) => cells[1] === 'docker' && cells[3] === 'fft';
  const found = async () => recheck(await loadSession(own)).map(({ problem }) => problem);
  expect(await found()).toEqual([]);
  change(
    join('20261123T170000Z-000001', 'contrasts.csv'),
    withCells('verdict', isRow, () => 'slower'),
  );
  expect(await found()).toEqual([
    expect.stringMatching(/^row 1: verdict is slower, and the rows give \w+ \(docker, native, fft\)$/),
  ]);
});

it('of figures by earlier rules, compares those that have not changed since', async () => {
  const isRow = (cells: readonly string[]) => cells[1] === 'docker' && cells[3] === 'fft';
  change(
    'contrasts.csv',
    withCells('verdict', isRow, () => 'slower'),
  );
  expect(await findings()).toEqual([]);
  change(
    'contrasts.csv',
    withCells('ratio_high', isRow, () => '1.5'),
  );
  expect(await findings()).toEqual([expect.stringContaining('ratio_high is 1.5')]);
});

it('finds a row of figures that is missing, and one too many', async () => {
  change('contrasts.csv', ([head, first, ...rest]) => [
    head!,
    ...rest,
    rest[0]!,
    first!.replace(',docker,', ',podman,'),
  ]);
  expect(await findings()).toEqual([
    expect.stringMatching(/^contrasts\.csv: row \d+: is a second row of docker, native, sor$/),
    'contrasts.csv: the row of docker, native, fft is missing',
    expect.stringMatching(/^contrasts\.csv: row \d+: no row of the session gives podman, native, fft$/),
  ]);
});

it('finds a burst that is there twice', async () => {
  change('samples.csv', (lines) => {
    const again = lines.findLastIndex((line) => line.includes(',measure,'));
    return [...lines, lines[again]!];
  });
  expect(await findings()).toContainEqual(
    expect.stringMatching(/^samples\.csv: row 9841: repeats a row \(block 6, round 20, measure, /),
  );
});

it('finds bursts that are missing', async () => {
  change('samples.csv', (lines) => {
    const first = lines.findIndex((line) => line.includes(',docker,') && line.includes(',measure,'));
    return lines.toSpliced(first, 1);
  });
  expect(await findings()).toContain('samples.csv: 1 measured bursts of docker in block 1 are missing');
});

it('finds rows that the plan does not have', async () => {
  change('samples.csv', (lines) => {
    const cells = lines.at(-1)!.split(',');
    const row = (name: string, value: string) => cells.with(column(lines, name), value).join(',');
    const strange = [
      ['env', 'podman'],
      ['workload', 'quick-sort'],
      ['block', '99'],
      ['start_id', 'b1-none'],
      ['size', 'large'],
    ] as const;
    return [...lines, ...strange.map(([name, value]) => row(name, value))];
  });
  const found = await findings();
  for (const [index, problem] of [
    /the plan has no environment podman/,
    /the plan has no workload quick-sort/,
    /block 99 of 6/,
    /starts\.csv has no start b1-none of it/,
    /size large, planned was small/,
  ].entries()) {
    expect(found).toContainEqual(
      expect.stringMatching(new RegExp(`^samples\\.csv: row ${9841 + index}: .*${problem.source}`)),
    );
  }
});

it('lists twenty findings at most', async () => {
  change(
    'samples.csv',
    withCells(
      'size',
      () => true,
      () => 'large',
    ),
  );
  expect(await findings()).toHaveLength(20);
});

it('a row of another session is found when the folder is checked', async () => {
  change('starts.csv', (lines) =>
    lines.map((line, index) => (index === 3 ? line.replace(EXAMPLE, EXAMPLES[1]!) : line)),
  );
  const { findings: found } = await checkSession(dir);
  expect(found).toContainEqual({ file: 'starts.csv', problem: `row 3: is of the session ${EXAMPLES[1]}` });
});

it('takes no longer for a plan that claims more than there is', async () => {
  const session = await loadSession(dir);
  const rounds = 100_000;
  const workloads = Array.from({ length: 64 }, (_, index) => `w${index}`);
  const [start] = session.starts.filter(({ status }) => status === 'completed');
  const starts = Array.from({ length: 20_000 }, (_, index) => ({ ...start!, startId: `s${index}` }));
  const info = { ...session.info, plan: { ...session.info.plan, rounds, workloads } };
  expect(recheck({ ...session, info, starts })).toHaveLength(20);
});
