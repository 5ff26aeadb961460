/** How a payload receives the number of its copies, and a copy which one it is. */

/** Argument on a payload's command line: so many copies run at once, `--threads=2`. */
export const THREADS_ARGUMENT = '--threads=';
/** Argument of a copy: which one it is, from 1. */
export const COPY_ARGUMENT = '--copy=';

/** Copies that a payload leads; 1 where it measures by itself. Throws on an invalid number. */
export function threadsOf(argv: readonly string[]): number {
  return numberOf(argv, THREADS_ARGUMENT) ?? 1;
}

/** Which copy this payload is; undefined for one that is no copy. */
export function copyOf(argv: readonly string[]): number | undefined {
  return numberOf(argv, COPY_ARGUMENT);
}

function numberOf(argv: readonly string[], name: string): number | undefined {
  const text = argv.find((argument) => argument.startsWith(name))?.slice(name.length);
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new Error(`${name} takes a whole number from 1 on, not ${text}`);
}
