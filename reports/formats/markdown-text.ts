/** Text for Markdown on a forge: escaped, so that names and messages from outside stay text and call nobody. */

import { clean, printable } from '../text.ts';

/** GitHub's limit for a comment is 65,536 characters; some room is left for what a workflow puts around it. */
export const MARKDOWN_LIMIT = 65_000;

/** What Markdown, HTML or a table acts on. Entities, because a backslash does not help inside HTML. */
const SPECIAL = /[&<>"'`*_{}[\]|~\\:$^!]/g;

/**
 * Text that came from outside as a part of a sentence. `@` and `#` get an invisible neighbour: forges look for people and
 * issues after Markdown is done, when an entity is a sign like any other.
 */
export function prose(text: string, limit?: number): string {
  return clean(text, limit)
    .split(/([@#])/)
    .map((part) => (part === '@' || part === '#' ? `${part}&#8203;` : escaped(part)))
    .join('');
}

/** The same as code, where forges don't look for people and issues. */
export function code(text: string, limit?: number): string {
  return `<code>${escaped(clean(text, limit))}</code>`;
}

/** Lines with their spaces. */
export function preformatted(lines: readonly string[]): string {
  return `<pre>${lines.map((line) => escaped(printable(line))).join('\n')}</pre>`;
}

function escaped(text: string): string {
  return text
    .replace(SPECIAL, (sign) => `&#${sign.charCodeAt(0)};`)
    .replace(/www\./gi, (word) => `${word.slice(0, 3)}&#46;`);
}

/** A table; cells are Markdown already. Columns that `left` does not name are aligned to the right. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly boolean[] = [true],
): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map((_, column) => (left[column] ? '---' : '--:')).join('|')}|`, ...rows.map(line)];
}

export interface Fold {
  readonly title: string;
  /** Lines of Markdown; nothing is shown without any. */
  readonly body: readonly string[];
}

/** `head` and what is folded below it, in `limit` characters: a fold that does not fit is named and left out. */
export function folded(head: readonly string[], folds: readonly Fold[], limit = MARKDOWN_LIMIT): string {
  const note = (titles: readonly string[]) =>
    titles.length === 0 ? '' : `\n_Left out for length: ${titles.join(', ')}. The other formats have all of it._\n`;
  const all = folds.filter(({ body }) => body.length > 0);
  const longestNote = note(all.map(({ title }) => title)).length;
  let text = `${cutLines(head, limit - longestNote).join('\n')}\n`;
  const left: string[] = [];
  for (const { title, body } of all) {
    const fold = `\n<details><summary>${title}</summary>\n\n${body.join('\n')}\n\n</details>\n`;
    if (text.length + fold.length + longestNote <= limit) text += fold;
    else left.push(title);
  }
  return text + note(left);
}

/** Whole lines, as many as fit; the last one says that there were more. */
function cutLines(lines: readonly string[], limit: number): string[] {
  const kept: string[] = [];
  let length = 100;
  for (const line of lines) {
    length += line.length + 1;
    if (length > limit) return [...kept, '', '_The rest is left out for length._'];
    kept.push(line);
  }
  return kept;
}
