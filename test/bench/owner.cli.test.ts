/** The mark of the process that writes to a session's folder, taken by processes that come at the same time. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, expect, it } from 'vitest';

const CLAIMANTS = 8;
const ROUNDS = 4;

let dir: string;
let program: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync('/var/tmp/boxmark-test-');
  program = join(dir, 'claim.mjs');
  const stdin = {
    contents: `import { claimFolder } from './bench/session/owner.ts';
      process.stdin.once('data', () => {
        try {
          const release = claimFolder(process.argv[2]);
          console.log('mine');
          process.stdin.once('data', () => { release(); process.exit(0); });
        } catch (error) {
          console.log(error.what ?? error.message);
          process.exit(error.exitCode ?? 1);
        }
      });
      console.log('ready');`,
    resolveDir: join(import.meta.dirname, '..', '..'),
    loader: 'ts' as const,
  };
  buildSync({ stdin, bundle: true, platform: 'node', format: 'esm', outfile: program });
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

async function claimant(): Promise<{ child: ChildProcess; next: () => Promise<string> }> {
  const child = spawn(process.execPath, [program, dir], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  expect(await next()).toBe('ready');
  return { child, next };
}

it('belongs to one of many that come at once, whether or not a dead process left its mark', async () => {
  const dead = await claimant();
  dead.child.kill('SIGKILL');
  await once(dead.child, 'close');
  const mark = join(dir, '.owner.json');
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 1) writeFileSync(mark, JSON.stringify({ pid: dead.child.pid, startTicks: '1' }));
    const claimants = await Promise.all(Array.from({ length: CLAIMANTS }, claimant));
    for (const { child } of claimants) child.stdin?.write('\n');
    const answers = await Promise.all(claimants.map(({ next }) => next()));
    const owner = claimants[answers.indexOf('mine')];
    const expected = Array<string>(CLAIMANTS - 1).fill('This session is still being measured.');
    expect(answers.toSorted()).toEqual([...expected, 'mine']);
    expect(JSON.parse(readFileSync(mark, 'utf8'))).toMatchObject({ pid: owner?.child.pid });
    owner?.child.stdin?.write('\n');
    await Promise.all(claimants.map(({ child }) => (child.exitCode === null ? once(child, 'close') : undefined)));
    expect(readdirSync(dir)).toEqual(['claim.mjs']);
  }
});
