/** How long `boxmark compare` takes over thousands of stored sessions: when they are new to it, and again. */

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeSession } from '../cli/stored-session.ts';
import type { Recorder } from './record/figure.ts';
import { MAIN, node, SETTLED_MS } from './session.ts';

const SESSIONS = 5000;
/** Real sessions have a hundred times the rows: the first reading of such ones takes as much longer. */
const PLAN = { workloads: ['fft', 'sor'], rounds: 4, blocks: 3 };
const TURNS = 3;

export async function benchCompare(
  print: (line: string) => void,
  { sessions = SESSIONS }: { readonly sessions?: number },
  record: Recorder,
): Promise<void> {
  const dir = mkdtempSync('/var/tmp/boxmark-bench-');
  try {
    const name = (index: number) => `20260101T000000Z-${String(index).padStart(6, '0')}`;
    let bytes = 0;
    for (let index = 1; index < sessions; index++) {
      bytes += statSync(
        join(writeSession({ out: join(dir, 'base'), name: name(index), plan: PLAN }), 'samples.csv'),
      ).size;
    }
    const candidate = writeSession({ out: join(dir, 'candidate'), name: name(0), plan: PLAN });
    await new Promise((done) => setTimeout(done, SETTLED_MS));
    const compare = async () => {
      const begun = performance.now();
      const { stdout } = await ended(
        ['compare', '--stored', join(dir, 'base'), candidate, '--json'],
        join(dir, 'store'),
      );
      return { seconds: (performance.now() - begun) / 1000, stdout };
    };
    const first = await compare();
    const again = [];
    while (again.length < TURNS) again.push(await compare());
    if (again.some(({ stdout }) => stdout !== first.stdout)) throw new Error('kept figures give another answer');
    print(`${sessions} sessions, ${(bytes / 2 ** 20).toFixed(0)} MiB of bursts`);
    print(`for the first time ${first.seconds.toFixed(1)} s`);
    print(`again              ${again.map(({ seconds }) => seconds.toFixed(1)).join(', ')} s`);
    record(`compare.${sessions}.first`, 's', [first.seconds]);
    record(
      `compare.${sessions}`,
      's',
      again.map(({ seconds }) => seconds),
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Exit codes tell what was found; only a usage error is none of the answers. */
async function ended(args: readonly string[], store: string): Promise<{ readonly stdout: string }> {
  try {
    return await node([MAIN, ...args], { ...process.env, BOXMARK_CACHE: store });
  } catch (error) {
    const { code, stdout = '' } = error as { code?: number; stdout?: string };
    if ([3, 4, 5].includes(code ?? -1) && stdout !== '') return { stdout };
    throw error;
  }
}
