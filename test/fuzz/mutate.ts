/** Inputs that are nearly right: seeds with bytes, words, cells and values changed, the same for the same stream. */

import type { Stream } from '../../bench/random.ts';

export type Mutation = (seed: Buffer, stream: Stream) => Buffer;

const VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1,
    2 ** 31,
    2 ** 53,
    -(2 ** 53),
    1e308,
    5e-324,
    0.1,
    '',
    ' ',
    '0',
    'native',
    '__proto__',
  ],
  ...['constructor', '../../etc/passwd', '\u001b[31m', '=1+1', 'x'.repeat(5000), [], {}, [[]], { __proto__: null }],
  ...['1e999', 'NaN', '-0', '9'.repeat(400), '\u0000', '\ud800', '<img src=x onerror=alert(1)>', '|', '`', '\n'],
];

function pick<T>(items: readonly T[], stream: Stream): T {
  return items[stream.nextInt(items.length)] as T;
}

/** Bytes turned, put in, taken out, doubled, cut off. */
export const bytes: Mutation = (seed, stream) => {
  let out = Buffer.from(seed);
  for (let count = 1 + stream.nextInt(4); count > 0; count--) {
    const at = stream.nextInt(out.length + 1);
    const span = 1 + stream.nextInt(16);
    const action = stream.nextInt(6);
    if (action === 0 && at < out.length) out[at] = (out[at] ?? 0) ^ (1 << stream.nextInt(8));
    else if (action === 1) out.fill(stream.nextInt(256), at, Math.min(at + span, out.length));
    else if (action === 2) out = Buffer.concat([out.subarray(0, at), out.subarray(at + span)]);
    else if (action === 3) out = Buffer.concat([out.subarray(0, at + span), out.subarray(at)]);
    else if (action === 4) out = out.subarray(0, at);
    else if (at + 8 <= out.length)
      out.writeBigUInt64LE(pick([0n, 1n, 2n ** 31n, 2n ** 63n, 2n ** 64n - 1n], stream), at);
  }
  return out;
};

/** One number among the text replaced. */
export const numbers: Mutation = (seed, stream) => {
  const text = seed.toString();
  const found = [...text.matchAll(/-?\d+(?:\.\d+)?/g)];
  if (found.length === 0) return bytes(seed, stream);
  const match = pick(found, stream);
  const next = pick(['0', '-1', '1e999', '', '9'.repeat(400), '1.5', '9007199254740993', '0x10', '٣'], stream);
  return Buffer.from(text.slice(0, match.index) + next + text.slice(match.index + match[0].length));
};

/** One value of a JSON document, at any depth, replaced, renamed or removed. */
export const json: Mutation = (seed, stream) => {
  const document: unknown = JSON.parse(seed.toString());
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      places.push({ holder: value as Record<string, unknown>, key });
      visit((value as Record<string, unknown>)[key]);
    }
  };
  visit(document);
  for (let count = 1 + stream.nextInt(3); count > 0; count--) {
    const { holder, key } = pick(places, stream);
    const action = stream.nextInt(8);
    if (action === 0) delete holder[key];
    else if (action === 1)
      Object.defineProperty(holder, pick(['__proto__', 'x', ''], stream), {
        ...{ value: holder[key], enumerable: true, configurable: true, writable: true },
      });
    else holder[key] = pick(VALUES, stream);
  }
  return Buffer.from(`${JSON.stringify(document, null, stream.nextInt(2) * 2)}\n`);
};

/** The same for one line of a file of JSON lines. */
export const jsonLine: Mutation = (seed, stream) => {
  const lines = seed.toString().split('\n');
  const at = stream.nextInt(Math.max(1, lines.length - 1));
  if (lines[at]) lines[at] = json(Buffer.from(lines[at]), stream).toString().replaceAll('\n', '');
  return Buffer.from(lines.join('\n'));
};

/** Cells of a CSV file replaced; rows doubled, taken out, moved. */
export const cells: Mutation = (seed, stream) => {
  const rows = seed.toString().trimEnd().split('\n');
  const at = stream.nextInt(rows.length);
  const action = stream.nextInt(8);
  if (action === 0) rows.splice(at, 1);
  else if (action === 1) rows.splice(at, 0, rows[at] ?? '');
  else if (action === 2) rows.push(...rows.splice(at, 1));
  else {
    const row = (rows[at] ?? '').split(',');
    const value = pick(VALUES, stream);
    row[stream.nextInt(row.length)] = typeof value === 'string' ? value : JSON.stringify(value);
    rows[at] = row.join(',');
  }
  return Buffer.from(`${rows.join('\n')}\n`);
};

/** Words and signs of a text swapped, doubled, or replaced by what means something elsewhere. */
export const words: Mutation = (seed, stream) => {
  const parts = seed.toString('latin1').split(/(\W)/);
  for (let count = 1 + stream.nextInt(4); count > 0; count--) {
    const at = stream.nextInt(parts.length);
    const value = pick(VALUES, stream);
    const strange = ['&a *a', '*a', '<<: *a', '!!js/function x', '{', '}', '[', ':', ',', '/', '%2F', '%00', '=', '..'];
    const action = stream.nextInt(4);
    if (action === 0) parts[at] = parts[stream.nextInt(parts.length)] ?? '';
    else if (action === 1) parts[at] = pick(strange, stream);
    else if (action === 2) parts[at] = typeof value === 'string' ? value : JSON.stringify(value);
    else parts.splice(at, 1);
  }
  return Buffer.from(parts.join(''), 'latin1');
};
