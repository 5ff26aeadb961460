/** Faults whose remedy is known. */

import { expect, it } from 'vitest';
import { knownRemedy } from '../../bench/box/known-faults.ts';

it.each([
  ["ENOSPC: no space left on device, copyfile '/store/inputs/p/big' -> '/dev/shm/boxmark-1-2/big'", /df \/dev\/shm/],
  ["ENOSPC: no space left on device, copyfile '/store/inputs/p/big' -> '/tmp/boxmark-1-2/big'", /absolute paths/],
  // stty, sh and top of Debian 12; less, vim and tput of others.
  ['stty ended with exit code 1: "stty: \'standard input\': Inappropriate ioctl for device"', /without a terminal/],
  ['sh ended with exit code 2: "sh: 1: cannot open /dev/tty: No such device or address"', /without a terminal/],
  ['top ended with exit code 1: "top: failed tty get"', /without a terminal/],
  ['tput ended with exit code 2: "tput: No value for $TERM and no -T specified"', /without a terminal/],
])('%s', (message, remedy) => expect(knownRemedy(message)).toMatch(remedy));

it.each(['ENOSPC: no space left on device, write', 'the box ended with code 1', ''])('%j has none', (message) =>
  expect(knownRemedy(message)).toBeUndefined(),
);
