/** JSON that is safe to print on a terminal. */

/** Characters that JSON allows inside strings but that a terminal would act on, or that reorder a line. */
const UNSAFE = /[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A document as text that is safe to print, indented, with a line end. */
export function jsonText(document: object): string {
  return `${escaped(JSON.stringify(document, null, 2))}\n`;
}

/** The same in one line. */
export function jsonLine(document: object): string {
  return `${escaped(JSON.stringify(document))}\n`;
}

function escaped(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
