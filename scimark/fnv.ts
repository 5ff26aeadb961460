/** FNV-1a 64 over bytes: the checksum by which states of a kernel are compared. */

/** 64-bit offset basis and prime (2^40 + 0x1b3), as 32-bit halves and what the prime adds to its power of two. */
const BASIS_HIGH = 0xcbf29ce4;
const BASIS_LOW = 0x84222325;
const PRIME_LOW = 0x1b3;

/** Bytes of one call: V8 replaces code between calls sooner than inside one long loop. */
const STRETCH = 1024;

/**
 * FNV-1a 64 (Fowler, Noll, Vo) over the parts in order, as 16 hex digits.
 * In 32-bit halves, so that no BigInt and no rounding is involved.
 */
export function fnv1a64(parts: readonly Uint8Array[]): string {
  const hash = Int32Array.of(BASIS_LOW, BASIS_HIGH);
  for (const part of parts) {
    for (let at = 0; at < part.length; at += STRETCH) mix(hash, part, at, Math.min(part.length, at + STRETCH));
  }
  return [hash[1]!, hash[0]!].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}

/** `hash` is the lower half and the higher one. */
function mix(hash: Int32Array, part: Uint8Array, from: number, to: number): void {
  let low = hash[0]!;
  let high = hash[1]!;
  for (let at = from; at < to; at = (at + 1) | 0) {
    low ^= part[at]!;
    // What the lower half carries into the higher one; the next byte waits for one multiplication only.
    const carry = (Math.imul(low >>> 16, PRIME_LOW) + (Math.imul(low & 0xffff, PRIME_LOW) >>> 16)) >>> 16;
    high = (Math.imul(high, PRIME_LOW) + (low << 8) + carry) | 0;
    low = Math.imul(low, PRIME_LOW);
  }
  hash[0] = low;
  hash[1] = high;
}

/** The bytes of `count` doubles of the heap from offset `at`; little-endian, as on every platform on which Boxmark runs. */
export function bytesOfF64(at: number, count: number): Uint8Array {
  return new Uint8Array(heapF64.buffer, heapF64.byteOffset + at * 8, count * 8);
}

/** FNV-1a 64 over `count` doubles of the heap from offset `at`. */
export function checksumF64(at: number, count: number): string {
  return fnv1a64([bytesOfF64(at, count)]);
}
