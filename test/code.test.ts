/** The size of the code: how long a function and how full a folder may be, and that an exported name means one thing. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAst } from 'vitest/node';

const ROOT = join(import.meta.dirname, '..');
const ROOMS = ['bench', 'runners', 'fleet', 'reports', 'cli', 'system'];

const LONGEST_FUNCTION = 60;
const MOST_FILES = 10;

interface Function {
  readonly file: string;
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

/** Every function, method and arrow function of a file, with its place and length. */
function functionsOf(file: string): Function[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return functionsIn(file, text);
}

function functionsIn(file: string, text: string): Function[] {
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  const found: Function[] = [];
  const visit = (node: unknown, name: string): void => {
    if (Array.isArray(node)) return void node.forEach((one) => void visit(one, name));
    if (typeof node !== 'object' || node === null) return;
    const { type, start, end, id, key } = node as {
      readonly type?: string;
      readonly start: number;
      readonly end: number;
      readonly id?: { readonly name?: string } | null;
      readonly key?: { readonly name?: string } | null;
    };
    const own = id?.name ?? key?.name ?? name;
    if (type !== undefined && /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type)) {
      const line = lineAt(start);
      found.push({ file, name: own, line, lines: lineAt(end) - line + 1 });
    }
    for (const child of Object.values(node)) visit(child, own);
  };
  visit(parseAst(text, { lang: 'ts' }), '');
  return found;
}

const isLong = ({ lines }: Function) => lines > LONGEST_FUNCTION;

describe('functions', () => {
  const functions = ROOMS.flatMap(sourcesBelow).flatMap(functionsOf);

  it('are found, with their lengths', () => {
    expect(functions.length).toBeGreaterThan(2000);
    const body = '  work();\n'.repeat(LONGEST_FUNCTION);
    const text = `class A {\n method(): void {\n${body}}\n}\nconst short = (): number => 1;\nfunction long() {\n${body}}\n`;
    expect(functionsIn('a.ts', text).filter(isLong)).toEqual([
      { file: 'a.ts', name: 'method', line: 2, lines: LONGEST_FUNCTION + 2 },
      { file: 'a.ts', name: 'long', line: LONGEST_FUNCTION + 6, lines: LONGEST_FUNCTION + 2 },
    ]);
  });

  it(`have at most ${LONGEST_FUNCTION} lines`, () => {
    expect(functions.filter(isLong).map(({ file, name, line, lines }) => `${file}:${line} ${name}: ${lines}`)).toEqual(
      [],
    );
  });
});

describe('the root folder of a room', () => {
  it.each(ROOMS)(`%s/ holds at most ${MOST_FILES} source files`, (room) => {
    const names = readdirSync(join(ROOT, room), { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map(({ name }) => name);
    expect(names.length, names.join(' ')).toBeLessThanOrEqual(MOST_FILES);
  });
});
