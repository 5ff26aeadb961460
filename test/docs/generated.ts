/** Parts of the documentation that are generated: `-u` writes them, a run without it compares. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

/** The file, whole, is this text. */
export async function expectFile(file: string, text: string): Promise<void> {
  await expect(text).toMatchFileSnapshot(join(ROOT, file));
}

/** Between `<!-- NAME:start -->` and `<!-- NAME:end -->` the file holds this text. */
export function expectPart(file: string, name: string, text: string): Promise<void> {
  return expectParts(file, { [name]: text });
}

/** The same for all the parts of a file, which is written once. */
export async function expectParts(file: string, parts: Readonly<Record<string, string>>): Promise<void> {
  let whole = readFileSync(join(ROOT, file), 'utf8');
  for (const [name, text] of Object.entries(parts)) {
    const [start, end] = [`<!-- ${name}:start -->\n`, `<!-- ${name}:end -->`];
    const [before, rest, ...more] = whole.split(start);
    const after = rest?.split(end)[1];
    if (more.length > 0 || after === undefined) throw new Error(`${file} has no part ${name}, or several`);
    whole = `${before}${start}${text.trimEnd()}\n${end}${after}`;
  }
  await expectFile(file, whole);
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`.replaceAll('|  |', '| |');
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}
