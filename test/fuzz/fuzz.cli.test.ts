/**
 * Files of strangers, changed at random: whatever reads them takes them or refuses them with a reason, soon and in bounded
 * memory. What once failed lies in `corpus` and is read first. `npm run fuzz` reads a hundred thousand inputs.
 */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { BoxmarkError, EXIT } from '../../bench/errors.ts';
import { randomStream } from '../../bench/random.ts';
import type { Target } from './target.ts';
import { targetsIn } from './targets.ts';

const CORPUS = join(import.meta.dirname, 'corpus');
const READERS = [
  ...[
    'session.json',
    'manifest.json',
    'events.jsonl',
    'samples.csv',
    'samples.csv.gz',
    'starts.csv',
    'contrasts.csv',
    'plan',
    'claims',
  ],
  ...['footprint.csv', 'scale.csv', 'density.csv', 'storm.csv', 'load.csv', 'neighbour.csv'],
  ...['hello', 'answer', 'elf', 'image', 'aci', 'environment', 'signature', 'public keys', 'private key', 'pack'],
  ...['fleet: fleet.json', 'fleet: contrasts', 'fleet: log', 'fleet: pods', 'inventory'],
];
const INPUTS = Math.ceil(Number(process.env.BOXMARK_FUZZ_INPUTS ?? 560) / READERS.length);
const SEED = Number(process.env.BOXMARK_FUZZ_SEED ?? 20151124);
/** On a machine that does nothing else an input takes some milliseconds. */
const SLOW_MS = 20_000;
const MOST_GROWTH_BYTES = 400 << 20;

let dir: string;
let targets: readonly Target[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  vi.stubEnv('BOXMARK_CACHE', join(dir, 'store'));
  targets = await targetsIn(dir);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

function isUsage(error: unknown): boolean {
  return error instanceof BoxmarkError && error.exitCode === EXIT.usage;
}

/** What went wrong with an input, in a line each; none when all was well. */
async function faultsOf(target: Target, input: Buffer): Promise<string[]> {
  const faults: string[] = [];
  await target.read(input, async (reader, act) => {
    const begun = performance.now();
    try {
      await act();
    } catch (error) {
      const { refusal = isUsage } = target;
      if (!refusal(error)) faults.push(`${reader}: ${(error as Error).stack ?? error}`);
    }
    if (performance.now() - begun > SLOW_MS) faults.push(`${reader}: took more than ${SLOW_MS} ms`);
  });
  return faults;
}

/** Keeps the input, so that the failure can be looked at, and then stay as a test. */
function keep(name: string, input: Buffer, label: string): string {
  const folder = join(tmpdir(), 'boxmark-fuzz', name);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, label);
  writeFileSync(file, input);
  return file;
}

it('reads with all that there is', () => {
  expect(targets.map(({ name }) => name).sort()).toEqual([...READERS].sort());
});

it.each(READERS)('%s is taken or refused, whatever is in it', { timeout: 3_600_000 }, async (name) => {
  const target = targets.find((one) => one.name === name)!;
  const faults: string[] = [];
  // A reader that refuses the unchanged file would refuse the others for the same reason.
  expect(await faultsOf({ ...target, refusal: () => false }, target.seed), 'the unchanged file').toEqual([]);
  const known = join(CORPUS, target.name);
  for (const name of existsSync(known) ? readdirSync(known) : []) {
    for (const fault of await faultsOf(target, readFileSync(join(known, name)))) faults.push(`${name}: ${fault}`);
  }
  const before = process.memoryUsage().rss;
  for (let count = 0; count < INPUTS && faults.length < 10; count++) {
    const stream = randomStream(SEED, count, target.name);
    const mutate = target.mutations[count % target.mutations.length]!;
    const input = mutate(target.seed, stream);
    const found = await faultsOf(target, input);
    if (found.length > 0) faults.push(`${keep(target.name, input, `${SEED}-${count}`)}: ${found.join('\n')}`);
  }
  expect(faults.join('\n')).toBe('');
  expect(process.memoryUsage().rss - before).toBeLessThan(MOST_GROWTH_BYTES);
});
