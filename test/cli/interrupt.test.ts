import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { interruptSignal } from '../../cli/terminal/interrupt.ts';

let said: string;
let interrupt: ReturnType<typeof interruptSignal>;
const exit = vi.fn();

beforeEach(() => {
  said = '';
  exit.mockReset();
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.spyOn(process, 'exit').mockImplementation(exit as never);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
  interrupt = interruptSignal();
});
afterEach(() => {
  interrupt.release();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function send(signal: NodeJS.Signals, afterMs: number): void {
  vi.advanceTimersByTime(afterMs);
  process.emit(signal, signal);
}

it('a second Ctrl-C stops at once, and says what it leaves behind and what removes it', () => {
  send('SIGINT', 0);
  expect(interrupt.signal.aborted).toBe(true);
  expect(said).toMatch(/boxes are being closed \(again to stop at once\)/);
  send('SIGINT', 1500);
  expect(exit).toHaveBeenCalledWith(130);
  expect(said.trimEnd().split('\n').at(-1)).toMatch(/left behind: boxmark clean removes them$/);
});

it('one request that arrives several times is one: npm and timeout signal what the terminal has signalled', () => {
  for (const afterMs of [0, 5, 300]) send('SIGTERM', afterMs);
  expect(interrupt.signal.aborted).toBe(true);
  expect(exit).not.toHaveBeenCalled();
});

it('hang-ups never stop at once: kernel, shell and systemd each send theirs', () => {
  for (const signal of ['SIGHUP', 'SIGHUP', 'SIGTERM', 'SIGHUP'] as const) send(signal, 2000);
  expect(interrupt.signal.aborted).toBe(true);
  expect(exit).not.toHaveBeenCalled();
});
