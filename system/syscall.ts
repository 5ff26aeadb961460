/** `syscall`: the cheapest system call, over and over. */

import type { Size } from '../bench/types.ts';
import { fold, type Opened, type SystemWorkload } from './system.ts';

const CALLS: Readonly<Record<Size, number>> = { tiny: 20, small: 100, large: 1000 };

/** Mask between passes, so that files of other workloads have the modes that they ask for. */
const USUAL_MASK = 0o022;

/**
 * umask(2) is as short as getpid(2): it exchanges one field of the process. Every `process.umask(mask)` is one such call
 * (test/system/calls.cli.test.ts counts them with strace), and its answer is the mask of the call before, so that a call that
 * was not made is noticed. Node.js adds some time to each call: 370 ns against 220 from C, measured on one virtual machine.
 */
export const syscall: SystemWorkload = {
  id: 'syscall',
  title: 'System calls',
  summary: 'umask(2), a call that does almost nothing; each answer verifies the call before it',
  unit: 'calls/s',
  sizes: { tiny: sizeOf('tiny'), small: sizeOf('small'), large: sizeOf('large') },
  open: (size): Opened => {
    process.umask(USUAL_MASK);
    const calls = CALLS[size];
    return { act: (pass) => chain(pass, calls, (mask) => process.umask(mask)) };
  },
  answer: (size, pass) => {
    let mask = USUAL_MASK;
    return chain(pass, CALLS[size], (next) => {
      const before = mask;
      mask = next;
      return before;
    });
  },
};

/** `calls` exchanges, the last of which puts the usual mask back. */
function chain(pass: number, calls: number, exchange: (mask: number) => number): number {
  let answer = pass;
  for (let call = 1; call < calls; call++) answer = fold(answer, exchange((Math.imul(pass, 31) + call * 7) & 0o777));
  return fold(answer, exchange(USUAL_MASK));
}

function sizeOf(size: Size) {
  return { parameters: { calls: CALLS[size] }, perPass: CALLS[size] };
}
