/** Markup from templates that escape whatever is put into them. */

import { clean } from '../../text.ts';

/** Markup that was made here; everything else is text. */
export interface Markup {
  readonly markup: string;
}

type Part = Markup | string | number | null | undefined | false | readonly Part[];

/** `html`<td>${name}</td>``: texts are escaped, markup is not, lists are joined, what is missing is left out. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { markup: texts.map((text, index) => (index === 0 ? '' : rendered(parts[index - 1])) + text).join('') };
}

/** Text of the program's own making that must not be escaped: a script, a style. */
export function unescaped(markup: string): Markup {
  return { markup };
}

/** A name or message from outside: on one line, cut, and unable to turn what follows it around. */
export function name(text: string, limit = 160): Markup {
  return html`<bdi>${clean(text, limit)}</bdi>`;
}

/** A sentence in which a figure and its sign, and the two ends of an interval, stay on one line. */
export function tied(text: string): string {
  return text
    .replace(/(\d) (?=%|ms\b|s\b|min\b|h\b|MiB\b)/g, '$1\u00a0')
    .replace(/× (?=\d)/g, '×\u00a0')
    .replace(/\[[^\]\s]+ [^\]\s]+\]/g, (range) => range.replace(' ', '\u00a0'))
    .replace(/ (?=\[)/g, '\u00a0');
}

/** JSON for a script element: no character that could end it. */
export function scriptJson(value: unknown): Markup {
  const text = JSON.stringify(value);
  return unescaped(
    text.replace(/[<>&\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    }),
  );
}

function rendered(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  if ('markup' in part) return part.markup;
  return part.map(rendered).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
