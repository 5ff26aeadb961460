/** What sessions take up on disk: the committed ones, as they are written and with their bursts compressed. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Recorder } from './record/figure.ts';

const EXAMPLES = 'results/example';
const SESSIONS = 10_000;

export async function benchDisk(print: (line: string) => void, _: object, record: Recorder): Promise<void> {
  const dirs = readdirSync(EXAMPLES).map((name) => join(EXAMPLES, name));
  let plain = 0;
  let compressed = 0;
  print('session                     written KiB   samples.csv   gzip -9   then KiB');
  for (const dir of dirs) {
    const files = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isFile());
    const all = files.reduce((sum, { name }) => sum + statSync(join(dir, name)).size, 0);
    const samples = readFileSync(join(dir, 'samples.csv'));
    const packed = gzipSync(samples, { level: 9 }).length;
    const then = all - samples.length + packed;
    plain += all;
    compressed += then;
    const cells = [kib(all, 14), kib(samples.length, 13), kib(packed, 9), kib(then, 10)];
    print(`${(dir.split('/').at(-1) ?? '').padEnd(25)}${cells.join(' ')}`);
  }
  const inGigabytes = (bytes: number) => (bytes / dirs.length) * (SESSIONS / 1e9);
  print(
    `${SESSIONS} like them: ${inGigabytes(plain).toFixed(2)} GB as they are written, ${inGigabytes(compressed).toFixed(2)} GB compressed`,
  );
  record('disk.ten-thousand', 'GB', [inGigabytes(compressed)]);
}

function kib(bytes: number, width: number): string {
  return (bytes / 2 ** 10).toFixed(0).padStart(width);
}
