import { appendFileSync, chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { boxmark } from './program.ts';

let dir: string;
const before = process.env.BOXMARK_CACHE;
beforeEach(() => {
  dir = mkdtempSync('/var/tmp/boxmark-test-');
  process.env.BOXMARK_CACHE = join(dir, 'store');
});
afterEach(() => {
  process.env.BOXMARK_CACHE = before;
  rmSync(dir, { recursive: true, force: true });
});

const run = () =>
  boxmark(
    'run',
    '-e',
    'native,unshare',
    '--blocks',
    '1',
    '--rounds',
    '2',
    '-w',
    'fft',
    '--size',
    'tiny',
    '--burst',
    '1ms',
    '-q',
    '-o',
    join(dir, 'results'),
  );

it('a payload that was changed after its image was made is not measured, in no box', async () => {
  expect((await run()).code).toBe(0);
  const store = join(dir, 'store');
  const [root] = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('boxmark/payload.cjs'),
  );
  const payload = join(store, root ?? '');
  chmodSync(payload, 0o644);
  appendFileSync(payload, '\n// changed\n');
  const ended = await run();
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/another payload than the image's/);
});
