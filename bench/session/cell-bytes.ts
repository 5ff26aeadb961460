/** Reads a cell from its bytes: numbers digit by digit, words by comparing them with those before. A text is made of what is left. */

import { textOf } from './table-record.ts';

/** Up to this many digits a number is exact, and so is its quotient by such a power of ten: both have the same rounding as `Number`. */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power);
const POINT = 46;

/** What the bytes can't be without a doubt: the text of the cell decides. */
export const UNDECIDED = Symbol('undecided');

/** A whole number without a sign, in digits alone. */
export function wholeOf(bytes: Uint8Array, from: number, to: number): number | typeof UNDECIDED {
  if (to - from > EXACT_DIGITS || from === to) return UNDECIDED;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return UNDECIDED;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * A number without a sign or an exponent, to the last bit what `Number` makes of it: digits and quotient are exact, so
 * there is one rounding (Clinger, "How to read floating point numbers accurately", PLDI 1990).
 */
export function decimalOf(bytes: Uint8Array, from: number, to: number): number | typeof UNDECIDED {
  if (to - from > EXACT_DIGITS + 1) return UNDECIDED;
  let value = 0;
  let point = -1;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte === POINT && point < 0) {
      point = at;
      continue;
    }
    const digit = byte - 48;
    if (digit < 0 || digit > 9) return UNDECIDED;
    value = value * 10 + digit;
  }
  const digits = to - from - (point < 0 ? 0 : 1);
  if (digits === 0 || digits > EXACT_DIGITS) return UNDECIDED;
  return point < 0 ? value : value / (POWERS_OF_TEN[to - point - 1] as number);
}

/** 16 hex digits in lower case, or nothing. */
export function isHex16(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from !== 16) return from === to;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (!((byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102))) return false;
  }
  return true;
}

/** `2026-11-23T17:00:00.000Z`, with these three decimals. */
export function isInstant(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from !== INSTANT.length) return false;
  for (let at = 0; at < INSTANT.length; at++) {
    const byte = bytes[from + at] as number;
    const expected = INSTANT[at] as number;
    if (expected === 48 ? byte < 48 || byte > 57 : byte !== expected) return false;
  }
  return true;
}

const INSTANT = Buffer.from('0000-00-00T00:00:00.000Z');

/** Words of a column that are kept; more make it one of ever new texts. */
const MOST_WORDS = 1024;
const SLOTS = 4096;
/** Places that are looked at for a word: those of a file that was made to be slow fill up near each other. */
const MOST_PROBES = 8;
/** Longer ones are not kept. */
const LONGEST_WORD = 64;

interface Word<V> {
  readonly bytes: Uint8Array;
  readonly value: V;
}

/** What a column's cells are read to, each word once. */
export function newWords<V>(read: (cell: string) => V): (bytes: Buffer, from: number, to: number) => V {
  const slots: (Word<V> | undefined)[] = new Array(SLOTS);
  let kept = 0;
  return (bytes, from, to) => {
    const length = to - from;
    if (length > LONGEST_WORD) return read(textOf(bytes, from, to));
    let hash = length;
    for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    let slot = (hash ^ (hash >>> 12)) & (SLOTS - 1);
    let probes = 0;
    for (let word = slots[slot]; word !== undefined && probes < MOST_PROBES; word = slots[slot]) {
      if (isSame(word.bytes, bytes, from, length)) return word.value;
      slot = (slot + 1) & (SLOTS - 1);
      probes += 1;
    }
    const value = read(textOf(bytes, from, to));
    if (kept < MOST_WORDS && probes < MOST_PROBES) {
      slots[slot] = { bytes: Uint8Array.prototype.slice.call(bytes, from, to), value };
      kept += 1;
    }
    return value;
  };
}

function isSame(word: Uint8Array, bytes: Uint8Array, from: number, length: number): boolean {
  if (word.length !== length) return false;
  for (let at = 0; at < length; at++) if (word[at] !== bytes[from + at]) return false;
  return true;
}
