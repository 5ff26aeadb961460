import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { archiveLines, NodeStream, type StreamLine, streamText } from '../../bench/fleet/stream.ts';

const ARCHIVE = randomBytes(20_000);
const BEGIN: StreamLine = {
  ...{ boxmark: 'begin', program: '0.1.0', architecture: 'x64', footing: 'host', why: null },
  planDigest: 'a'.repeat(64),
};
const END: StreamLine = { boxmark: 'end', exitCode: 0, reason: null };

/** What a reader was told, in order. */
function told(lines: readonly (StreamLine | string)[]) {
  const calls: string[] = [];
  const pieces: Buffer[] = [];
  const stream = new NodeStream({
    begin: ({ footing }) => calls.push(`begin ${footing}`),
    progress: ({ block, blocks }) => calls.push(`block ${block} of ${blocks}`),
    note: (text) => calls.push(`note ${text}`),
    archive: ({ session }) => calls.push(`archive ${session}`),
    bytes: (piece) => pieces.push(piece),
    complete: ({ session }) => calls.push(`complete ${session}`),
    end: ({ exitCode }) => calls.push(`end ${exitCode}`),
    broken: (reason) => calls.push(`broken: ${reason}`),
  });
  for (const line of lines) stream.push(typeof line === 'string' ? line : streamText(line).trimEnd());
  return { calls, bytes: Buffer.concat(pieces), tail: stream.tail };
}

const parts = () => [...archiveLines('20261129T000000Z-ab12cd', ARCHIVE)];

describe('the stream of a host', () => {
  it('carries an archive through lines that every log takes', () => {
    const lines = [BEGIN, { boxmark: 'progress', block: 1, blocks: 4, text: '' } as const, ...parts(), END];
    for (const line of lines) expect(streamText(line).length).toBeLessThan(16_000);
    const { calls, bytes } = told(lines);
    expect(calls).toEqual([
      ...['begin host', 'block 1 of 4', 'archive 20261129T000000Z-ab12cd', 'complete 20261129T000000Z-ab12cd', 'end 0'],
    ]);
    expect(bytes.equals(ARCHIVE)).toBe(true);
  });

  it.each([
    ['a part is missing', (lines: StreamLine[]) => lines.filter((_, index) => index !== 2), /part 3 .* as part 2/],
    [
      'a part is there twice',
      (lines: StreamLine[]) => lines.flatMap((line, at) => (at === 2 ? [line, line] : [line])),
      /part 2 .* as part 3/,
    ],
    ['the end comes early', (lines: StreamLine[]) => lines.slice(0, 3), /is cut/],
    [
      'a byte is changed',
      (lines: StreamLine[]) =>
        lines.map((line) =>
          line.boxmark === 'part' && line.part === 2 ? { ...line, base64: `A${line.base64.slice(1)}` } : line,
        ),
      /digest/,
    ],
    [
      'there is more than it says',
      (lines: StreamLine[]) => lines.map((line) => (line.boxmark === 'archive' ? { ...line, bytes: 10_000 } : line)),
      /too long/,
    ],
  ])('is not believed when %s', (_, change, reason) => {
    // A first byte of zeros would be what the changed one is.
    ARCHIVE[6144] = 255;
    const { calls } = told([BEGIN, ...change(parts()), END]);
    expect(calls.filter((call) => call.startsWith('broken'))).toEqual([expect.stringMatching(reason)]);
    expect(calls.join()).not.toContain('complete');
    expect(calls.at(-1)).toBe('end 0');
  });

  it('keeps the last words of a program that is none of ours', () => {
    const noise = Array.from({ length: 100 }, (_, index) => `line ${index}`);
    const { calls, tail } = told([...noise, '{"boxmark":"begin"}', `{"boxmark":"${'x'.repeat(1 << 20)}"}`]);
    expect(calls).toEqual([]);
    expect(tail.split('\n')).toHaveLength(8);
    expect(tail.length).toBeLessThan(4000);
  });
});
