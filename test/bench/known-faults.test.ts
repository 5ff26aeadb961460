/** Faults whose remedy is known. */

import { expect, it } from 'vitest';
import { knownRemedy } from '../../bench/box/known-faults.ts';

it.each([
  ["ENOSPC: no space left on device, copyfile '/store/inputs/p/big' -> '/dev/shm/boxmark-1-2/big'", /df \/dev\/shm/],
  ["ENOSPC: no space left on device, copyfile '/store/inputs/p/big' -> '/tmp/boxmark-1-2/big'", /absolute paths/],
])('%s', (message, remedy) => expect(knownRemedy(message)).toMatch(remedy));

it.each(['ENOSPC: no space left on device, write', 'the box ended with code 1', ''])('%j has none', (message) =>
  expect(knownRemedy(message)).toBeUndefined(),
);
