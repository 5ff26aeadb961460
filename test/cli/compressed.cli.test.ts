/** Commands take a session whose bursts were compressed with gzip like the session itself. */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boxmark } from './program.ts';

const NAME = '20261126T071959Z-de71a6';
const EXAMPLE = `results/example/${NAME}`;
let out: string;
let packed: string;
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  packed = join(out, 'results', NAME);
  cpSync(EXAMPLE, packed, { recursive: true });
  for (const name of ['samples.csv', 'contrasts.csv']) {
    writeFileSync(join(packed, `${name}.gz`), gzipSync(readFileSync(join(packed, name))));
    rmSync(join(packed, name));
  }
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

const sums = (text: string) => text.replace(/^.*report\/.*$/gm, '');

describe('a session with samples.csv.gz', () => {
  it.each([
    ['report', ['--format', 'md', '-o', '-']],
    ['check', []],
    ['verify', []],
    ['export', ['--as', 'hyperfine', '-o', '-']],
  ])('is to %s the session itself', async (command, flags) => {
    const [own, same] = [await boxmark(command, packed, ...flags), await boxmark(command, EXAMPLE, ...flags)];
    expect(own.stdout.replaceAll(packed, EXAMPLE)).toBe(same.stdout);
    expect([own.code, same.code, same.stdout === '']).toEqual([0, 0, false]);
  });

  it('that is cut off, or too large, is one finding, and nothing is read from it', async () => {
    const damaged = join(out, 'damaged', NAME);
    cpSync(packed, damaged, { recursive: true });
    const file = join(damaged, 'samples.csv.gz');
    const whole = readFileSync(file);
    const bomb = gzipSync(Buffer.alloc(1 << 26));
    const cases = [
      [whole.subarray(0, whole.length / 2), "can't be unpacked: unexpected end of file"],
      [Buffer.concat([whole, ...Array<Buffer>(9).fill(bomb)]), 'is larger than 536870912 bytes when it is unpacked'],
    ] as const;
    for (const [content, why] of cases) {
      writeFileSync(file, content);
      const { code, stdout, stderr } = await boxmark('check', damaged);
      expect([code, `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('samples.csv:'))]).toEqual([
        1,
        [`samples.csv: The compressed table ${why}`],
      ]);
      expect(await boxmark('report', damaged, '--format', 'md', '-o', '-')).toMatchObject({
        ...{ code: 2, stdout: '', stderr: expect.stringContaining(why) },
      });
    }
  });

  it('is in a history', async () => {
    const ended = await boxmark('history', join(out, 'results'), '--json');
    expect(JSON.parse(ended.stdout)).toMatchObject({ leftOut: [], groups: [{ sessions: [{ session: NAME }] }] });
  });

  it('is packed as the session itself', async () => {
    const files = [join(out, 'own.tar.gz'), join(out, 'same.tar.gz')];
    for (const [index, dir] of [packed, EXAMPLE].entries()) {
      expect(await boxmark('pack', dir, '-o', files[index] ?? '')).toMatchObject({ code: 0 });
    }
    const [own, same] = [await boxmark('check', files[0] ?? ''), await boxmark('check', files[1] ?? '')];
    expect(own.code).toBe(0);
    expect(sums(own.stdout).replaceAll('own.tar.gz', 'same.tar.gz')).toBe(sums(same.stdout));
  });
});
