/** FNV-1a 64 over bytes: the checksum by which states of a kernel are compared. */

/** 64-bit offset basis, as four 16-bit limbs, least significant first. */
const BASIS = [0x2325, 0x8422, 0x9ce4, 0xcbf2] as const;

/** The prime is 2^40 + 0x1b3. */
const PRIME_LOW = 0x1b3;

/**
 * FNV-1a 64 (Fowler, Noll, Vo) over the parts in order, as 16 hex digits.
 * In 16-bit limbs: products stay below 2^31, so that no BigInt and no rounding is involved.
 */
export function fnv1a64(parts: readonly Uint8Array[]): string {
  let [h0, h1, h2, h3]: [number, number, number, number] = [...BASIS];
  for (const part of parts) {
    for (let at = 0; at < part.length; at = (at + 1) | 0) {
      const low = h0 ^ part[at]!;
      const t0 = Math.imul(low, PRIME_LOW);
      const t1 = (Math.imul(h1, PRIME_LOW) + (t0 >>> 16)) | 0;
      const t2 = (Math.imul(h2, PRIME_LOW) + (low << 8) + (t1 >>> 16)) | 0;
      const t3 = (Math.imul(h3, PRIME_LOW) + (h1 << 8) + (t2 >>> 16)) | 0;
      h0 = t0 & 0xffff;
      h1 = t1 & 0xffff;
      h2 = t2 & 0xffff;
      h3 = t3 & 0xffff;
    }
  }
  return [h3, h2, h1, h0].map((limb) => limb.toString(16).padStart(4, '0')).join('');
}

/** The bytes of `count` doubles of the heap from offset `at`; little-endian, as on every platform on which Boxmark runs. */
export function bytesOfF64(at: number, count: number): Uint8Array {
  return new Uint8Array(heapF64.buffer, heapF64.byteOffset + at * 8, count * 8);
}

/** FNV-1a 64 over `count` doubles of the heap from offset `at`. */
export function checksumF64(at: number, count: number): string {
  return fnv1a64([bytesOfF64(at, count)]);
}
