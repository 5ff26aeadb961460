import { expect, it } from 'vitest';
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
    progress.block(`block ${block} of 2`);
    progress.round({ block, round: 1, fraction: block / 4 });
  }
  expect(pipe.written.map((line) => line.slice(0, 8))).toEqual(['blocks a', 'block 1:', 'block 2:']);
  expect(pipe.written.join('')).not.toContain('\u001b');
  const silent = screen(true);
  const quiet = createProgress(silent, { quiet: true });
  quiet.phase('calibrating');
  quiet.round({ block: 1, round: 1, fraction: 0.5 });
  quiet.say('plan');
  expect(silent.written).toEqual([]);
});
