/** Text for a terminal: neutralised, measured by display width, padded, cut and wrapped. */

import { stripVTControlCharacters } from 'node:util';

/** No name or message is worth more than this on a screen. */
const CLEAN_LIMIT = 400;
/** Longer than any sentence of the program; what comes from outside is cut before. */
export const LONGEST_SENTENCE = 2000;

/** Zero-width and direction-changing characters, soft hyphens, tags: invisible, or able to reorder a line. */
const INVISIBLE = /\p{Cf}/gu;
const UNPRINTABLE = /[\p{Cs}\p{Co}\p{Cn}]/gu;
const STACKED_MARKS = /(\p{M}{2})\p{M}+/gu;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}/u;
const MARK = /^\p{M}/u;
let segmenter: Intl.Segmenter | undefined;

/** Made when a text is first measured: that takes as long as printing a help. */
function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/**
 * Text that came from outside, made safe to print on one line: escape sequences and invisible characters removed,
 * control characters and line ends turned into spaces, cut at `limit` columns with an ellipsis.
 */
export function clean(text: string, limit = CLEAN_LIMIT): string {
  const raw = text.length > 4 * CLEAN_LIMIT ? `${text.slice(0, 4 * CLEAN_LIMIT)}…` : text;
  return cut(neutral(raw), limit);
}

/** The same at its full length: for files, in which two names must not become one. */
export function neutral(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\p{Z}]+/gu, ' ')
    .replace(INVISIBLE, '')
    .replace(UNPRINTABLE, '\ufffd')
    .replace(STACKED_MARKS, '$1')
    .trim();
}

/** Text of several lines with names from outside in it: what a terminal would act on is taken out, the layout stays. */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[^\P{Cc}\n\t]/gu, ' ')
    .replace(INVISIBLE, '')
    .replace(UNPRINTABLE, '\ufffd');
}

/** Columns that the text takes up: 2 for East Asian wide characters and emoji, 0 for combining marks. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += segmentWidth(segment);
  return width;
}

/** The text in at most `width` columns, the last of them an ellipsis when something is missing. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width < 1) return '';
  return `${headOf(text, width - 1)}…`;
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** Lines of at most `width` columns, the ones after the first indented. Breaks at spaces (not before %) and after `/`, within a word only if it must. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  const room = () => width - (lines.length === 0 ? 0 : displayWidth(indent));
  const flush = () => {
    lines.push((lines.length === 0 ? '' : indent) + line.trimEnd());
    line = '';
  };
  for (let piece of text.match(/[^ /]*\/+|[^ /]+(?: %[^ ]*)* *| +/g) ?? []) {
    if (displayWidth(line) + displayWidth(piece.trimEnd()) > room() && line !== '') flush();
    while (displayWidth(piece.trimEnd()) > room()) {
      const head = headOf(piece, Math.max(2, room()));
      line = head;
      piece = piece.slice(head.length);
      flush();
    }
    line += line === '' ? piece.trimStart() : piece;
  }
  if (line !== '' || lines.length === 0) flush();
  return lines;
}

function headOf(text: string, width: number): string {
  let head = '';
  let used = 0;
  for (const { segment } of graphemes(text)) {
    used += segmentWidth(segment);
    if (used > width) break;
    head += segment;
  }
  return head;
}

function segmentWidth(segment: string): number {
  if (WIDE.test(segment)) return 2;
  return MARK.test(segment) ? 0 : 1;
}
