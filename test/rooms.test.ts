/** The layout of the source: which room may import which, packages with one door, and no import circles. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const NOUNS = [
  'bench/types.ts',
  'bench/errors.ts',
  'bench/units.ts',
  'bench/numbers',
  'bench/random.ts',
  'bench/json-schema.ts',
  'bench/folders.ts',
  'bench/grouped.ts',
  'bench/strict-yaml.ts',
];

const REPORT_WORDS = ['reports/text.ts', 'reports/words.ts', 'bench/grouped.ts'];
const RUNNERS_KNOW = [
  'bench/types.ts',
  'bench/errors.ts',
  'bench/folders.ts',
  'bench/box',
  'bench/payload/image-files.ts',
];
/** What engines are made of. */
const MACHINERY = ['kit', 'cgroup', 'image', 'host', 'stack', 'oci', 'guest', 'upkeep'].map(
  (room) => `runners/${room}`,
);

/**
 * What each room may import, the longest matching path counts; a room may always import itself. Types count as well: a
 * room that knows another's types can't be moved without it.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  scimark: ['bench/types.ts'],
  system: ['bench/types.ts', 'bench/payload/image-files.ts', 'scimark/fnv.ts'],
  'bench/types.ts': ['bench/box', 'bench/rows.ts', 'bench/workload.ts'],
  'bench/rows.ts': [],
  'bench/workload.ts': [],
  'bench/errors.ts': [],
  'bench/units.ts': ['bench/errors.ts', 'bench/numbers'],
  'bench/numbers': [],
  'bench/random.ts': [],
  'bench/json-schema.ts': [],
  'bench/folders.ts': [],
  'bench/strict-yaml.ts': [],
  'bench/box': [],
  'bench/payload': [...NOUNS, 'bench/box', 'scimark', 'system', 'dist'],
  'bench/plan': [...NOUNS, 'bench/box'],
  'bench/session': [...NOUNS, 'bench/box', 'bench/payload', 'bench/plan'],
  'bench/fleet': [...NOUNS, 'bench/box', 'bench/plan', 'bench/session'],
  'bench/analysis': [...NOUNS, 'bench/box', 'bench/payload', 'bench/plan', 'bench/session', 'bench/fleet'],
  'bench/run': [...NOUNS, 'bench/box', 'bench/payload', 'bench/plan', 'bench/session', 'bench/analysis'],
  'bench/kinds': [...NOUNS, 'bench/box', 'bench/payload', 'bench/plan', 'bench/session', 'bench/analysis', 'bench/run'],
  'runners/kit': RUNNERS_KNOW,
  'runners/cgroup': [...RUNNERS_KNOW, 'runners/kit'],
  'runners/image': [...RUNNERS_KNOW, 'runners/kit'],
  'runners/host': [...RUNNERS_KNOW, 'runners/kit', 'runners/cgroup'],
  'runners/stack': [...RUNNERS_KNOW, 'runners/kit', 'runners/cgroup', 'runners/host', 'runners/image'],
  'runners/oci': [...RUNNERS_KNOW, 'runners/kit', 'runners/cgroup', 'runners/image', 'runners/stack'],
  'runners/guest': [...RUNNERS_KNOW, 'runners/kit', 'runners/cgroup', 'runners/image', 'runners/stack'],
  'runners/upkeep': [...RUNNERS_KNOW, 'runners/kit', 'runners/host', 'runners/image', 'runners/guest'],
  'runners/engine.ts': [...RUNNERS_KNOW, 'runners/upkeep'],
  'runners/engines': [...RUNNERS_KNOW, ...MACHINERY, 'runners/engine.ts'],
  'runners/index.ts': [...RUNNERS_KNOW, 'runners/engine.ts', 'runners/engines', 'runners/upkeep'],
  'runners/aliases.ts': [...RUNNERS_KNOW, ...MACHINERY, 'runners/index.ts'],
  // Hosts, and what runs on them: never how their figures are told.
  fleet: [...NOUNS, 'bench/payload/image-files.ts', 'bench/fleet', 'bench/plan', 'bench/session', ...MACHINERY],
  reports: ['bench/types.ts', 'bench/units.ts', 'bench/plan', 'bench/analysis'],
  // The one way from a folder of sessions to a model.
  'reports/model': [
    'bench/kinds',
    'bench/errors.ts',
    'bench/types.ts',
    'bench/units.ts',
    'bench/plan',
    'bench/analysis',
    'bench/session',
    'bench/fleet',
    'bench/grouped.ts',
    'reports/text.ts',
  ],
  'reports/charts': [
    'bench/types.ts',
    'bench/units.ts',
    'bench/plan',
    'bench/analysis',
    ...REPORT_WORDS,
    'reports/model',
    'reports/sections/section.ts',
  ],
  // What is said: never how it is written. They explain the facts, tables and events of a session.
  'reports/sections': [
    'bench/types.ts',
    'bench/units.ts',
    'bench/plan',
    'bench/analysis',
    'bench/box/facts.ts',
    'bench/session/tables.ts',
    'bench/session/events.ts',
    ...REPORT_WORDS,
    'reports/model',
  ],
  'reports/documents': [
    'bench/types.ts',
    'bench/units.ts',
    'bench/plan',
    'bench/analysis',
    ...REPORT_WORDS,
    'reports/model',
    'reports/sections',
    'reports/charts',
  ],
  // How it is written: never from the analysis.
  'reports/formats': [
    'bench/json-schema.ts',
    'bench/types.ts',
    'bench/random.ts',
    'bench/units.ts',
    ...REPORT_WORDS,
    'reports/model',
    'reports/sections',
    'reports/charts',
    'reports/documents',
  ],
  cli: ['bench', 'runners', 'fleet', 'reports', 'scimark', 'system'],
};

/** Packages that only these files import, so that what they do is done in one way. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  execa: ['runners/kit/process.ts'],
  tinybench: ['bench/payload/measure.ts'],
  'csv-stringify': ['bench/session/store.ts', 'reports/formats/otava.ts'],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith('reports/page/') && !file.startsWith('scimark/simd/'));
}

const files = ['scimark', 'system', 'bench', 'runners', 'fleet', 'reports', 'cli'].flatMap(filesBelow).sort();
const specifiers = files.flatMap((from) =>
  [...readFileSync(join(ROOT, from), 'utf8').matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map((match) => ({
    from,
    to: match[1] as string,
  })),
);
const imports: Import[] = specifiers
  .filter(({ to }) => to.startsWith('.'))
  .map(({ from, to }) => ({ from, to: normalize(join(dirname(from), to)) }));

const isIn = (file: string, room: string) => file === room || file.startsWith(`${room}/`);

function roomOf(file: string): string | undefined {
  return Object.keys(MAY_IMPORT)
    .filter((room) => isIn(file, room))
    .sort((a, b) => b.length - a.length)[0];
}

/** Import circles, each as the files on it; found by depth-first search. */
function circles(): string[] {
  const edges = new Map<string, string[]>();
  for (const { from, to } of imports) edges.set(from, [...(edges.get(from) ?? []), to]);
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      found.push([...path.slice(path.indexOf(file)), file].join(' → '));
      return;
    }
    state.set(file, 'open');
    for (const to of edges.get(file) ?? []) visit(to, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of files) visit(file, []);
  return found;
}

describe('rooms', () => {
  it('finds the files and what they import', () => {
    expect(files.length).toBeGreaterThan(200);
    expect(imports.length).toBeGreaterThan(1000);
  });

  it('each room imports only what stands before it', () => {
    const wrong = imports.filter(({ from, to }) => {
      const room = roomOf(from);
      return room === undefined || !(isIn(to, room) || (MAY_IMPORT[room] ?? []).some((other) => isIn(to, other)));
    });
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('no file imports itself over others, types included', () => {
    expect(circles()).toEqual([]);
  });

  it('packages that have a door are imported there only', () => {
    const wrong = specifiers.filter(({ from, to }) => {
      const name = to.split('/')[0] ?? '';
      return Object.hasOwn(DOORS, name) && DOORS[name]?.includes(from) === false;
    });
    expect(wrong).toEqual([]);
  });

  it('kernels know no clock and no I/O', () => {
    const wrong = specifiers.filter(
      ({ from, to }) => from.startsWith('scimark/') && to.startsWith('node:') && !from.endsWith('.mjs'),
    );
    expect(wrong).toEqual([]);
  });
});
