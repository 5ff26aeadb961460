/** The wording of pages, comments and messages: words that are plain in another language and odd in English stay out. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

/** Folders of source whose comments and messages are checked. */
const ROOMS = ['bench', 'runners', 'fleet', 'reports', 'cli', 'system', 'scimark'];

/** Pages that nothing generates; the blocks in them that come from code are the code's to word. */
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'examples/README.md',
  'examples/own-workloads/README.md',
  'packaging/README.md',
  'results/README.md',
  'scimark/README.md',
  ...filesBelow('docs', '.md'),
].filter((page) => page !== 'docs/cli.md' && existsSync(join(ROOT, page)));

/** Each with what to write instead. */
const ODD: readonly (readonly [RegExp, string])[] = [
  [/\bshut(?:s|ting)? (?:(?:it|them|a \w+|the \w+) )?in\b/gi, 'isolate'],
  [/\bgo(?:es|ne|ing)? on with\b/gi, 'resume, continue'],
  [/\bto be had\b/gi, 'available'],
  [/\blikewise\b/gi, 'also'],
  [/\breckon(?:s|ed|ing)?\b/gi, 'compute'],
  [/\b(?:hold|holds|held|holding) (?:[\w’'-]+ ){0,4}against\b/gi, 'check against, compare with'],
  [/\bof ours\b/gi, "Boxmark's"],
  [/\bby what it is\b/gi, 'by design'],
  [/\bmend(?:s|ed|ing)?\b/gi, 'fix'],
  [/\b(?:told|tells|telling)\b/gi, 'report, show, distinguish'],
  [/\bprov(?:e|es|ed|ing)\b/gi, 'verify, show'],
  [/\black(?:s|ed|ing)?\b/gi, 'be missing, not have'],
  [/\banew\b/gi, 'again'],
];

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`)
    .sort();
}

const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** Odd words in prose; code and cited titles are left out. */
function oddIn(prose: string): string[] {
  const plain = prose.replace(/`[^`]*`/g, '').replace(/"[^"\n]*"/g, '');
  return ODD.flatMap(([odd, better]) => [...plain.matchAll(odd)].map(([words]) => `${words} → ${better}`));
}

/** A page without code and without what comes from code, which stands between markers. */
function proseOf(page: string): string {
  return textOf(page)
    .replace(/<!-- ([^>]*?):? start -->[\s\S]*?<!-- \1:? end -->/g, '')
    .replace(/<!-- (?:session|[\w-]+):\S*[^>]*-->[\s\S]*?<!-- [\w-]+:end -->/g, '')
    .replace(/^```[\s\S]*?^```/gm, '');
}

/** Comments, and strings that are more than one word. */
function wordsOf(source: string): string[] {
  const token = /\/\*[\s\S]*?\*\/|(?<![:\\])\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;
  return [...source.matchAll(token)].flatMap(([text]) => {
    if (text.startsWith('/')) return [text.replace(/\s+\*?\s*/g, ' ')];
    const content = text.slice(1, -1).replace(/\$\{[^}]*\}/g, '…');
    return /\S \S/.test(content) ? [content] : [];
  });
}

describe('plain words', () => {
  it.each(PAGES)('are used in %s', (page) => {
    expect(oddIn(proseOf(page))).toEqual([]);
  });

  it.each(ROOMS)('are used in comments and messages of %s', (room) => {
    const found = filesBelow(room, '.ts').flatMap((file) =>
      oddIn(wordsOf(textOf(file)).join('\n')).map((words) => `${file}: ${words}`),
    );
    expect(found).toEqual([]);
  });

  it('leave out code, cited titles and single words', () => {
    expect(oddIn('A box is shut in and held up against the baseline.')).toHaveLength(2);
    expect(oddIn('The claim `lacks` a field; see "Nothing is told".')).toEqual([]);
    const source = ['// it lacks', "const a = 'lacks';", 'const b = `$' + '{told} words`;'].join('\n');
    expect(wordsOf(source)).toEqual(['// it lacks', '… words']);
  });
});
