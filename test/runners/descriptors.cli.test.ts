/** Descriptors that a program was started with are covered in what it starts; a missing program is called missing all the same. */

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fillUpTo } from '../../runners/kit/process.ts';

const LAST = 251;

it('a failed start is heard of once no descriptor below the last covered one is free', async () => {
  const taken = fillUpTo(LAST);
  const next = openSync('/dev/null', 'r');
  try {
    expect(next).toBeGreaterThan(LAST);
    const covers = new Array<number>(LAST - 2).fill(next);
    const child = spawn('/no/such/program', { stdio: ['ignore', 'pipe', 'pipe', ...covers] });
    const failure = await new Promise((resolve) => {
      child.on('error', resolve);
      child.on('exit', resolve);
    });
    expect(failure).toMatchObject({ code: 'ENOENT' });
  } finally {
    for (const descriptor of [...taken, next]) closeSync(descriptor);
  }
});
