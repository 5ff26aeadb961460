/** What a pack says of itself to programs: a Frictionless data package of its tables, and an RO-Crate of its files. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../bench/session/files.ts';
import type { SessionInfo } from '../../bench/session/info.ts';
import { scanTable } from '../../bench/session/scan.ts';
import type { Column } from '../../bench/session/table.ts';
import { TABLES } from '../../bench/session/tables.ts';
import { jsonText } from '../../reports/formats/json-text.ts';

const MEDIA: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  html: 'text/html',
  json: 'application/json',
  jsonl: 'application/jsonl',
  md: 'text/markdown',
  sig: 'text/plain',
  tar: 'application/x-tar',
  txt: 'text/plain',
  yaml: 'application/yaml',
};

/** https://specs.frictionlessdata.io: every CSV file of the session with its fields, in the order of its header. */
export function dataPackage(dir: string, { session, startedAt }: SessionInfo, files: readonly string[]): string {
  const resources = TABLES.filter(({ file }) => files.includes(file)).map(({ file, columns }) => ({
    profile: 'tabular-data-resource',
    name: file.replace(/\.csv$/, ''),
    path: file,
    format: 'csv',
    mediatype: MEDIA.csv,
    encoding: 'utf-8',
    bytes: statSync(join(dir, file)).size,
    hash: `sha256:${digestOf(join(dir, file))}`,
    schema: { fields: headerOf(join(dir, file)).map((name) => fieldOf(name, columns)), missingValues: [''] },
  }));
  return jsonText({
    profile: 'tabular-data-package',
    name: session.toLowerCase(),
    title: `Boxmark session ${session}`,
    created: startedAt,
    resources,
  });
}

function headerOf(file: string): readonly string[] {
  for (const header of scanTable(file)) return header;
  return [];
}

/** A column of a later version is a text as far as is known. */
function fieldOf(name: string, columns: readonly Column<never>[]): object {
  const column = columns.find((one) => one.name === name);
  if (column === undefined) return { name, type: 'string' };
  const { type, meaning, unit } = column;
  return {
    name,
    type: type.form,
    description: unit === undefined ? meaning : `${meaning} (${unit})`,
    constraints: {
      required: type.read('') === undefined,
      ...(type.values === undefined || type.form === 'boolean' ? {} : { enum: type.values }),
    },
  };
}

/** https://w3id.org/ro/crate/1.1: the least that is valid, and how the data were made. */
export function roCrate(dir: string, info: SessionInfo, files: readonly string[]): string {
  const entities = files.map((name) => ({
    '@id': name,
    '@type': 'File',
    name,
    encodingFormat: MEDIA[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
    contentSize: String(statSync(join(dir, name)).size),
    sha256: digestOf(join(dir, name)),
  }));
  const { session, program, startedAt, finishedAt } = info;
  const root = {
    '@id': './',
    '@type': 'Dataset',
    name: `Boxmark session ${session}`,
    description:
      'The same workloads in several environments of one host: every burst, every start, and the ratios of their times.',
    datePublished: (finishedAt ?? startedAt).slice(0, 10),
    license: { '@id': '#license' },
    hasPart: files.map((name) => ({ '@id': name })),
    mentions: { '@id': '#measurement' },
  };
  return jsonText({
    '@context': 'https://w3id.org/ro/crate/1.1/context',
    '@graph': [
      {
        '@id': 'ro-crate-metadata.json',
        '@type': 'CreativeWork',
        conformsTo: { '@id': 'https://w3id.org/ro/crate/1.1' },
        about: { '@id': './' },
      },
      root,
      {
        '@id': '#license',
        '@type': 'CreativeWork',
        name: 'No licence stated',
        description: 'Ask whoever published this session.',
      },
      {
        '@id': '#measurement',
        '@type': 'CreateAction',
        name: 'Measurement',
        instrument: { '@id': '#boxmark' },
        startTime: startedAt,
        endTime: finishedAt ?? startedAt,
        result: { '@id': './' },
      },
      { '@id': '#boxmark', '@type': 'SoftwareApplication', name: 'Boxmark', softwareVersion: program },
      ...entities,
    ],
  });
}
