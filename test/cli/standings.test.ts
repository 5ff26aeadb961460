/** The standings on a terminal: a small one that knows what Boxmark sends to it. */

import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { RatioRow } from '../../bench/analysis/reproduction.ts';
import { Standings } from '../../bench/run/watch/standings.ts';
import { createProgress } from '../../cli/terminal/progress.ts';
import { standingLines } from '../../cli/terminal/standing-lines.ts';
import { displayWidth } from '../../reports/text.ts';

function row(env: string, more: Partial<RatioRow> = {}): RatioRow {
  const interval = { low: 1.004, high: 1.022 };
  const figure = { timeRatio: 1.013, interval, blocks: 3, verdict: 'slower' as const };
  return { env, baseline: 'native', workload: 'suite', ...figure, ...more };
}

/** Lines below the first are empty until written to; what scrolls off its top is kept. */
class Terminal {
  readonly isTTY = true;
  columns: number;
  rows: number;
  readonly gone: string[] = [];
  #lines = [''];
  #at = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  get lines(): string[] {
    return this.#lines.map((line) => line.trimEnd());
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal acts on
    for (const part of text.match(/\u001b\[\d*[AJK]|[\r\n]|[^\u001b\r\n]/gu) ?? []) this.#take(part);
  }

  #take(part: string): void {
    const line = this.#lines[this.#at] ?? '';
    if (part === '\r') this.#column = 0;
    else if (part === '\n') this.#down();
    else if (part.endsWith('A')) this.#at = Math.max(0, this.#at - Number(part.slice(2, -1)));
    else if (part.endsWith('K')) this.#lines[this.#at] = line.slice(0, this.#column);
    else if (part.endsWith('J')) this.#lines.splice(this.#at, this.#lines.length, line.slice(0, this.#column));
    else {
      if (this.#column >= this.columns) this.#down();
      const here = this.#lines[this.#at] ?? '';
      this.#lines[this.#at] = here.slice(0, this.#column).padEnd(this.#column) + part + here.slice(this.#column + 1);
      this.#column += 1;
    }
  }

  #down(): void {
    this.#at += 1;
    this.#column = 0;
    if (this.#at >= this.#lines.length) this.#lines.push('');
    while (this.#lines.length > this.rows) {
      this.gone.push(this.#lines.shift() as string);
      this.#at -= 1;
    }
  }
}

it('has a line for each environment, with ratio, interval, baseline and verdict', () => {
  const rows = [row('docker'), row('docker', { workload: 'fft' }), row('qemu', { timeRatio: 14.2 })];
  expect(standingLines(rows, { columns: 80, most: 10 })).toEqual([
    'docker   1.013 [1.004, 1.022] × native: slower',
    'qemu     14.20 [1.00, 1.02] × native: slower',
  ]);
});

it('says after one block that an interval needs two', () => {
  expect(standingLines([row('docker', { interval: null, blocks: 1 })], { columns: 80, most: 10 })).toEqual([
    'docker   1.013 × native; an interval needs two blocks',
  ]);
});

it('shows a pair that was asked for, and without a suite the workload with the largest difference', () => {
  const rows = [
    row('docker', { workload: 'syscall' }),
    row('docker', { workload: 'fork', timeRatio: 0.5, verdict: null }),
    row('docker', { workload: 'proc', timeRatio: 1.2 }),
    row('uml', { workload: 'syscall' }),
    row('uml', { workload: 'syscall', baseline: 'docker' }),
  ];
  expect(standingLines(rows, { columns: 80, most: 10 })).toEqual([
    'docker   0.500 [1.004, 1.022] × native on fork',
    'uml      1.013 [1.004, 1.022] × docker on syscall: slower',
  ]);
});

it('shows first instructions of warm starts where starts are measured', () => {
  const rows = ['ready, warm', 'first-instruction, warm', 'teardown, warm'].map((workload, index) =>
    row('docker', { workload, timeRatio: 2 + index, verdict: null }),
  );
  expect(standingLines(rows, { columns: 80, most: 10 })).toEqual([
    'docker   3.000 [1.004, 1.022] × native on first-instruction, warm',
  ]);
});

it('says how many environments have no room', () => {
  const rows = ['a', 'b', 'c', 'd'].map((env) => row(env));
  expect(standingLines(rows, { columns: 80, most: 3 }).at(-1)).toBe('… and 2 more');
  expect(standingLines(rows, { columns: 80, most: 4 })).toHaveLength(4);
  expect(standingLines(rows, { columns: 80, most: 0 })).toEqual([]);
});

it('names from outside can do nothing to the terminal', () => {
  const [line = ''] = standingLines([row('\u001b[2Jdocker\u202e\n')], { columns: 80, most: 3 });
  expect(line).toMatch(/^docker {3}1\.013/);
});

it('stand above the progress from the end of a block on, and go with the answer', () => {
  const terminal = new Terminal(80, 24);
  const progress = createProgress(terminal, { quiet: false });
  progress.say('plan');
  progress.block(1, 'block 1 of 3');
  progress.standings?.(1, () => [row('docker', { interval: null })]);
  progress.block(2, 'block 2 of 3');
  expect(terminal.lines).toEqual(['plan', 'docker   1.013 × native; an interval needs two blocks', 'block 2 of 3']);
  progress.round({ block: 2, round: 1, fraction: 0.5 });
  expect(terminal.lines[2]).toMatch(/50 % {2}block 2 round 1/);
  progress.standings?.(2, () => [row('docker'), row('uml')]);
  progress.round({ block: 2, round: 2, fraction: 0.6 });
  expect(terminal.lines.map((line) => line.slice(0, 9))).toEqual(['plan', 'docker   ', 'uml      ', '█████████']);
  progress.say('a remark');
  progress.standings?.(3, () => null);
  progress.round({ block: 3, round: 1, fraction: 0.7 });
  expect(terminal.lines.map((line) => line.slice(0, 8))).toEqual([
    'plan',
    'a remark',
    'docker  ',
    'uml     ',
    '████████',
  ]);
  progress.done();
  expect(terminal.lines).toEqual(['plan', 'a remark', '']);
  progress.phase('confirming');
  expect(terminal.lines).toEqual(['plan', 'a remark', 'confirming']);
  progress.done();
});

it('fit on any terminal, also one that grows and shrinks, and leave nothing on it', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('round' as const) }),
    fc.record({ kind: fc.constant('standings' as const), count: fc.integer({ min: 0, max: 30 }) }),
    fc.record({ kind: fc.constant('height' as const), rows: fc.integer({ min: 1, max: 40 }) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 22, max: 100 }), fc.array(step, { maxLength: 30 }), (columns, steps) => {
      const terminal = new Terminal(columns, 40);
      const progress = createProgress(terminal, { quiet: false });
      for (const [index, one] of steps.entries()) {
        if (one.kind === 'height') {
          terminal.rows = Math.max(one.rows, terminal.lines.length);
          continue;
        }
        if (one.kind === 'round') progress.round({ block: 1, round: index, fraction: index / 30 });
        else progress.standings?.(index, () => Array.from({ length: one.count }, (_, at) => row(`env${at}`)));
        expect(terminal.lines.length).toBeLessThanOrEqual(Math.max(1, terminal.rows - 1));
        for (const line of terminal.lines) expect(displayWidth(line)).toBeLessThan(columns);
      }
      progress.done();
      expect(terminal.lines.join('')).toBe('');
      expect(terminal.gone).toEqual([]);
    }),
  );
});

it('are not computed where nobody sees them', () => {
  for (const [isTTY, quiet] of [
    [false, false],
    [true, true],
  ] as const) {
    const written: string[] = [];
    const progress = createProgress({ isTTY, write: (text) => written.push(text) }, { quiet });
    progress.standings?.(1, () => {
      throw new Error('computed');
    });
    expect(written).toEqual([]);
  }
});

it('are computed once for each block, and less often where that takes long', () => {
  vi.useFakeTimers();
  try {
    let tookMs = 0;
    let calls = 0;
    const standings = new Standings(() => {
      calls += 1;
      vi.advanceTimersByTime(tookMs);
      return [row('docker')];
    });
    expect([standings.after(1), standings.after(1), standings.after(2)].map((rows) => rows?.length)).toEqual([1, 1, 1]);
    expect(calls).toBe(2);
    tookMs = 450;
    const known = [3, 4, 5, 6].map((blocks) => {
      const rows = standings.after(blocks);
      tookMs = 0;
      return rows !== null;
    });
    expect(known).toEqual([true, false, false, true]);
  } finally {
    vi.useRealTimers();
  }
});
