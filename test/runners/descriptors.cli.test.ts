/** Descriptors that a program was started with are covered in what it starts; a missing program is called missing all the same. */

import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
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

it('none is taken where too few would be left', () => {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  const limit = (most: number | string | undefined) =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${most}:`]);
  limit(LAST + 60);
  try {
    expect(fillUpTo(LAST)).toEqual([]);
    const next = openSync('/dev/null', 'r');
    closeSync(next);
    expect(next).toBeLessThan(LAST);
  } finally {
    limit(soft);
  }
});
