import { expect, it, vi } from 'vitest';
import { createProgress } from '../../cli/terminal/progress.ts';

function screen(isTTY: boolean, columns?: number) {
  const written: string[] = [];
  return { written, isTTY, ...(columns === undefined ? {} : { columns }), write: (text: string) => written.push(text) };
}

it('repaints one line on a terminal, never wider than it, and takes it away at the end', () => {
  const terminal = screen(true, 40);
  const progress = createProgress(terminal, { quiet: false });
  progress.phase('preparing docker');
  for (const fraction of [0.1, 0.5, 1]) progress.round({ block: 1, round: 3, fraction });
  progress.done();
  const text = terminal.written.join('');
  expect(text).not.toContain('\n');
  expect(text.endsWith('\r\u001b[K')).toBe(true);
  for (const line of text.split('\r\u001b[K')) expect(line.length).toBeLessThan(40);
  expect(text).toContain('50 %');
});

it('shows on a terminal how long it has taken, from the first second on, while nothing is measured', () => {
  vi.useFakeTimers();
  try {
    const terminal = screen(true);
    const progress = createProgress(terminal, { quiet: false });
    const shown = () => terminal.written.filter((text) => !text.startsWith('\r')).splice(0);
    const since = () => shown().slice(-2);
    progress.phase('preparing docker');
    vi.advanceTimersByTime(2000);
    expect(since()).toEqual(['preparing docker  1 s elapsed', 'preparing docker  2 s elapsed']);
    progress.phase('calibrating', true);
    const before = shown().length;
    vi.advanceTimersByTime(5000);
    expect(shown()).toHaveLength(before);
    progress.block(1, 'block 1 of 3');
    vi.advanceTimersByTime(10_000);
    expect(since()[1]).toBe('block 1 of 3  17 s elapsed');
    progress.round({ block: 1, round: 1, fraction: 1 / 30, blocks: 3 });
    vi.advanceTimersByTime(9000);
    expect(since()[1]).toMatch(/block 1 round 1 {2}17 s elapsed$/);
    progress.round({ block: 1, round: 10, fraction: 10 / 30, blocks: 3 });
    // Twenty rounds at a second each, and ten seconds before the first round of two further blocks.
    expect(since()[1]).toMatch(/26 s elapsed, 40 s left$/);
    for (const [round, fraction, end] of [
      [9, 29 / 30, /, \d+ s left$/],
      [10, 1, / elapsed$/],
    ] as const) {
      vi.advanceTimersByTime(10_000);
      progress.round({ block: 3, round, fraction, blocks: 3 });
      expect(since()[1]).toMatch(end);
    }
  } finally {
    vi.useRealTimers();
  }
});

it('repaints nothing in a block that measures from its beginning', () => {
  vi.useFakeTimers();
  try {
    const terminal = screen(true);
    const progress = createProgress(terminal, { quiet: false });
    progress.phase('preparing docker');
    progress.block(1, 'block 1 of 3', true);
    const before = terminal.written.length;
    vi.advanceTimersByTime(10_000);
    expect(terminal.written).toHaveLength(before);
    progress.done();
  } finally {
    vi.useRealTimers();
  }
});

it('takes 80 columns where the terminal does not report its width', () => {
  const terminal = screen(true, 0);
  createProgress(terminal, { quiet: false }).round({ block: 2, round: 3, fraction: 0.5 });
  expect(terminal.written.join('')).toMatch(/50 % {2}block 2 round 3/);
});

it('prints a plain line for each block elsewhere, and nothing when quiet', () => {
  const pipe = screen(false);
  const progress = createProgress(pipe, { quiet: false });
  progress.phase('blocks are coming');
  for (const block of [1, 1, 2]) {
    progress.block(block, `block ${block} of 2`);
    progress.round({ block, round: 1, fraction: block / 4 });
  }
  const lines = ['blocks are coming', 'block 1 is running: 0 s elapsed', 'block 2 is running: 0 s elapsed'];
  expect(pipe.written).toEqual(lines.map((line) => `${line}\n`));
  expect(pipe.written.join('')).not.toContain('\u001b');
  const silent = screen(true);
  const quiet = createProgress(silent, { quiet: true });
  quiet.phase('calibrating');
  quiet.round({ block: 1, round: 1, fraction: 0.5 });
  quiet.say('plan');
  expect(silent.written).toEqual([]);
});
