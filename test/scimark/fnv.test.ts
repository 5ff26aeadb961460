/** Tests of the checksum against published values, a plain implementation, and of the encodings of the vectors. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksumF64, fnv1a64 } from '../../scimark/fnv.ts';
import { allocateHeap } from '../../scimark/heap.ts';
import { bytesOf, crcOf, hexOf } from './vectors.ts';

const encoder = new TextEncoder();

/** FNV-1a 64 word for word. */
function plain(bytes: Uint8Array): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}

test.each([
  ['', 'cbf29ce484222325'],
  ['a', 'af63dc4c8601ec8c'],
  ['foobar', '85944171f73967e8'],
])('FNV-1a 64 of "%s" is the published value', (text, hash) => {
  expect(fnv1a64([encoder.encode(text)])).toBe(hash);
});

test('agrees with 64-bit integers on any bytes, in one part or several', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 300 }), (bytes, cut) => {
      expect(fnv1a64([bytes])).toBe(plain(bytes));
      expect(fnv1a64([bytes.subarray(0, cut), bytes.subarray(cut)])).toBe(plain(bytes));
    }),
  );
});

test('doubles are hashed as little-endian bytes in index order', () => {
  allocateHeap(64, 64);
  heapF64.set([1, -2.5], 3);
  const bytes = Uint8Array.of(0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0x04, 0xc0);
  expect(checksumF64(3, 2)).toBe(plain(bytes));
  expect([...bytesOf(heapF64.slice(3, 5))]).toEqual([...bytes]);
});

test('CRC-32 and bit patterns are those of the vectors', () => {
  expect(crcOf(encoder.encode('123456789'))).toBe('cbf43926');
  expect(hexOf(1)).toBe('3ff0000000000000');
  expect(hexOf(-0)).toBe('8000000000000000');
});
