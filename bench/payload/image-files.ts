/** Files that every image holds for workloads of the system: their names and contents, on which image and payload agree. */

/** Small files to read, below the root of the image. */
export const FILE_COUNT = 16;
export const FILE_BYTES = 4096;

/** A program that ends with the number of its arguments, its own name counted, as exit code. */
export const PROGRAM_PATH = 'boxmark/argc';

/** Path of a small file, without a leading slash. */
export function filePath(index: number): string {
  return `boxmark/files/${String(index).padStart(2, '0')}`;
}

/** Its content: `FILE_BYTES` characters in lines of 64, no two files alike. */
export function fileText(index: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let state = index + 1;
  let text = '';
  for (let at = 1; at <= FILE_BYTES; at++) {
    // Numerical Recipes' linear congruential generator; its upper bits are the better ones.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += at % 64 === 0 ? '\n' : letters[state >>> 26];
  }
  return text;
}
