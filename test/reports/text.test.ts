/** Text from outside can't move the cursor, turn a line round, or run over it. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean, cut, displayWidth, padEnd, padStart, wrap } from '../../reports/text.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 200 });
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u;

describe('clean', () => {
  it.each([
    ['\u001b[31mred\u001b[0m', 'red'],
    ['a\u001b]0;title\u0007b', 'ab'],
    ['one\r\ntwo\tthree', 'one two three'],
    ['\u009b2Jcleared', 'cleared'],
    ['bell\u0007 and \u0000nul', 'bell and nul'],
    ['user\u202egnp.exe', 'usergnp.exe'],
    ['zero\u200bwidth\ufeff', 'zerowidth'],
    ['half a pair \ud800', 'half a pair \ufffd'],
    ['Grüße, 測試', 'Grüße, 測試'],
    ['', ''],
  ])('turns %j into %j', (text, expected) => {
    expect(clean(text)).toBe(expected);
  });

  it('cuts ten thousand characters with an ellipsis, and stacked marks to two', () => {
    const long = clean('x'.repeat(10_000), 60);
    expect(displayWidth(long)).toBe(60);
    expect(long.endsWith('…')).toBe(true);
    expect(clean(`e${'\u0301'.repeat(500)}!`)).toBe('e\u0301\u0301!');
  });

  it('leaves nothing that a terminal acts on, whatever comes in, and is done after one pass', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 80 }), (text, limit) => {
        const cleaned = clean(text, limit);
        expect(cleaned).not.toMatch(UNSAFE);
        expect(displayWidth(cleaned)).toBeLessThanOrEqual(limit);
        expect(clean(cleaned, limit)).toBe(cleaned);
      }),
    );
  });
});

describe('displayWidth', () => {
  it.each([
    ['abc', 3],
    ['µs ±−…', 6],
    ['測試', 4],
    ['e\u0301', 1],
    ['🙂', 2],
    ['', 0],
  ])('of %j is %i', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it('is what padding fills up and cutting keeps to', () => {
    expect(padEnd('測', 4)).toBe('測  ');
    expect(padStart('測', 4)).toBe('  測');
    expect(padEnd('long', 2)).toBe('long');
    expect(cut('測試測試', 4)).toBe('測…');
    expect(cut('abc', 3)).toBe('abc');
    expect(cut('abc', 0)).toBe('');
  });
});

describe('wrap', () => {
  it('breaks at spaces and after slashes, and indents what follows', () => {
    expect(wrap('one two three four', 9, '  ')).toEqual(['one two', '  three', '  four']);
    expect(wrap('docker:memory=1g/docker/docker', 20, '  ')).toEqual(['docker:memory=1g/', '  docker/docker']);
    expect(wrap('down by 17.2 %. So', 13)).toEqual(['down by', '17.2 %. So']);
    expect(wrap('', 10)).toEqual(['']);
  });

  it('breaks inside a word only when it must', () => {
    expect(wrap('abcdefghij klm', 6)).toEqual(['abcdef', 'ghij', 'klm']);
  });

  it('keeps to the width and loses nothing but spaces', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 8, max: 40 }), (text, width) => {
        const cleaned = clean(text);
        const lines = wrap(cleaned, width, '  ');
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(cleaned.replaceAll(' ', ''));
      }),
    );
  });
});
