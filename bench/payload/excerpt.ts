/** A short piece of what a program or a box printed, for a message. */

const MOST_CHARS = 160;

/** On one line. */
export function excerpt(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length > MOST_CHARS ? `${flat.slice(0, MOST_CHARS)}…` : flat;
}
