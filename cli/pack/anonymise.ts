/** Copies the files of a session without what names its host, its users, their files and devices. */

import { hostname } from 'node:os';
import { join } from 'node:path';
import { controlOf } from '../../bench/plan/schedule.ts';
import { readTable } from '../../bench/session/compressed.ts';
import { createFile, readRegular } from '../../bench/session/files.ts';
import type { SessionInfo } from '../../bench/session/info.ts';
import { readSessionInfo } from '../../bench/session/load.ts';
import { scanTable } from '../../bench/session/scan.ts';
import { sealOf } from '../../bench/session/seal.ts';
import { sealedFiles, writeManifest } from '../../bench/session/store.ts';
import { userName } from '../../runners/host/ownership.ts';
import { RUNNERS } from '../../runners/index.ts';
import { HIDDEN, homesIn, withoutIdentifiers } from './identifiers.ts';

/** Many hosts have them, and texts are about them: a home folder is hidden as a path all the same. */
const NO_NAMES: readonly string[] = [
  ...['root', 'nobody', 'localhost', '', 'node', 'user', 'users', 'docker', 'podman', 'lxc', 'linux', 'boxmark'],
];
/** A word that may name a file: with a slash, or with an ending; paths in the image are everybody's. */
const FILE_WORD = /(?<![\w./@%+-])(?!@image\/)(?:[\w.@%+-]*\/[\w./@%+-]*|[\w-]+(?:\.[A-Za-z]\w*)+)(?![\w./@%+-])/g;
/** Facts that list devices, and what repeats a command line. */
const HIDDEN_KEYS: readonly string[] = ['devices', 'command', 'root_filesystem'];

/** Words that the program reads: a host may be called like one of them. */
const KEPT_KEYS: readonly string[] = [
  ...['schema', 'session', 'program', 'at', 'startedAt', 'finishedAt', 'stopReason', 'stoppedBy', 'kind', 'workload'],
  ...['image', 'fingerprint', 'kernels', 'class', 'fact', 'traits', 'work'],
];
/** What a plan says of a user's program that may name files, users or hosts. */
const PROGRAM_KEYS: readonly string[] = [
  ...['command', 'argv', 'env', 'workdir', 'stdin', 'files', 'with', 'root', 'setup', 'prepare', 'cleanup'],
];
/** The only cells with names or texts in them. */
const TEXT_COLUMNS: readonly string[] = ['env', 'baseline', 'start_id', 'reason'];

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Writes the session in `from`, anonymised, to the empty folder `to`, with a manifest of its own. */
export function anonymise(from: string, to: string): void {
  const info = readSessionInfo(from);
  const raw = JSON.parse(readRegular(join(from, 'session.json'))) as { readonly [key: string]: Json };
  const names = new Names(info, { text: textOf(from, raw), starts: startsOf(from), envs: eventEnvs(from) });
  for (const file of sealedFiles(from)) {
    const content = contentOf(from, file, { raw, names });
    createFile(join(to, file), content);
  }
  writeManifest(to);
}

interface Known {
  readonly raw: { readonly [key: string]: Json };
  readonly names: Names;
}

function contentOf(from: string, file: string, { raw, names }: Known): string {
  if (file === 'session.json') return `${JSON.stringify(anonymousInfo(raw, sealOf(from), names), null, 2)}\n`;
  if (file !== 'events.jsonl') return anonymousTable(join(from, file), names);
  const lines = readRegular(join(from, file)).split('\n');
  return lines.map((line) => (line === '' ? '' : JSON.stringify(names.hiddenIn(JSON.parse(line) as Json)))).join('\n');
}

function anonymousInfo(raw: { readonly [key: string]: Json }, seal: string | null, names: Names): object {
  const hidden = names.hiddenIn(raw) as { readonly host: object; readonly [key: string]: unknown };
  return {
    ...hidden,
    host: { ...hidden.host, name: 'anonymous' },
    command: 'boxmark run --plan plan.yaml',
    anonymised: { seal },
  };
}

/** Cells are copied as they are written; only names and texts are others. */
function anonymousTable(file: string, names: Names): string {
  const rows: string[] = [];
  let head: readonly string[] | null = null;
  for (const cells of scanTable(file)) {
    head ??= cells;
    const isHead = head === cells;
    const hidden = (cell: string, index: number) =>
      !isHead && TEXT_COLUMNS.includes(head?.[index] ?? '') ? names.hidden(cell) : cell;
    rows.push(cells.map((cell, index) => quoted(hidden(cell, index))).join(','));
  }
  return `${rows.join('\n')}\n`;
}

function quoted(cell: string): string {
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Everything in which a home folder may be named. */
function textOf(dir: string, raw: Json): string {
  return [
    JSON.stringify(raw),
    readRegular(join(dir, 'events.jsonl')),
    readTable(join(dir, 'starts.csv')).toString(),
  ].join('\n');
}

/** Environments that events are about; some are in no plan. */
function eventEnvs(dir: string): string[] {
  const lines = readRegular(join(dir, 'events.jsonl')).split('\n');
  return lines.flatMap((line) => {
    if (line === '') return [];
    const { env } = JSON.parse(line) as { readonly env?: unknown };
    return typeof env === 'string' ? [env] : [];
  });
}

/** Start → environment, of every row. */
function startsOf(dir: string): [string, string][] {
  const starts: [string, string][] = [];
  let at: { env: number; start: number } | undefined;
  for (const cells of scanTable(join(dir, 'starts.csv'))) {
    if (at === undefined) at = { env: cells.indexOf('env'), start: cells.indexOf('start_id') };
    else starts.push([cells[at.start] ?? '', cells[at.env] ?? '']);
  }
  return starts;
}

/** Where names are found. */
interface Mentioned {
  readonly text: string;
  readonly starts: readonly (readonly [start: string, env: string])[];
  readonly envs: readonly string[];
}

/** What stays, and what takes the place of what does not: the same everywhere, so that rows still belong together. */
class Names {
  readonly #kept: ReadonlySet<string>;
  readonly #renamed = new Map<string, string>();
  readonly #secrets: readonly RegExp[];
  readonly #values = new Map<string, string>();

  constructor({ plan, host, session, unavailable = [] }: SessionInfo, { text, starts, envs }: Mentioned) {
    const homes = homesIn(text);
    const { USER, LOGNAME, SUDO_USER } = process.env;
    const words = [host.name, hostname(), userName(), USER, LOGNAME, SUDO_USER, ...homes];
    const secrets = [...new Set(words.filter((word) => word !== undefined && !NO_NAMES.includes(word)))] as string[];
    this.#secrets = secrets
      .flatMap((word) => (word.includes('.') ? [word, word.split('.')[0] ?? ''] : [word]))
      .filter((word) => word.length > 1)
      .sort((a, b) => b.length - a.length)
      .map((word) => new RegExp(`(?<![\\w])${word.replaceAll(/[^\w]/g, '\\$&')}(?![\\w])`, 'gi'));
    this.#kept = new Set([
      session,
      plan.baseline,
      ...plan.workloads,
      ...this.#rename(plan, [...unavailable.map(({ path }) => path), ...envs]),
    ]);
    let count = 0;
    for (const [start, env] of starts) {
      if (!this.#renamed.has(env) || this.#renamed.has(start)) continue;
      count += 1;
      this.#renamed.set(start, `${start.split('-')[0]}-${HIDDEN}-${count}`);
    }
  }

  /** Each environment, under the name that it gets. Returns those that keep theirs. */
  #rename({ environments, baseline }: SessionInfo['plan'], others: readonly string[]): string[] {
    const paths = [...new Set([baseline, ...environments.map(({ path }) => path), ...others])];
    for (const path of paths) {
      const other = path
        .split('/')
        .map((layer) => this.#layer(layer))
        .join('/');
      if (other === path || this.#renamed.has(path)) continue;
      this.#renamed.set(path, other);
      if (!path.endsWith(controlOf(''))) this.#renamed.set(controlOf(path), controlOf(other));
    }
    const aliases = environments.flatMap(({ alias }) => (alias === undefined ? [] : [alias]));
    return [...paths, ...paths.map(controlOf), ...aliases].filter((name) => !this.#renamed.has(name));
  }

  /** `uml:kernel=%2Fhome%2Fada%2Flinux` → `uml:kernel=hidden1`; whatever reaches another host has no settings left. */
  #layer(layer: string): string {
    const [name = '', ...settings] = layer.split(':');
    const runner = RUNNERS.find((one) => one.name === name);
    const isPublic = (value: string) =>
      runner !== undefined && runner.remote !== true && !/\/|%2F/i.test(value) && this.#scrubbed(value) === value;
    const shown = settings.map((setting) => {
      const equals = setting.indexOf('=');
      const value = setting.slice(equals + 1);
      return isPublic(value) ? setting : setting.slice(0, equals + 1) + this.#numbered(value);
    });
    return [name, ...shown].join(':');
  }

  #numbered(value: string): string {
    const known = this.#values.get(value) ?? `${HIDDEN}${this.#values.size + 1}`;
    this.#values.set(value, known);
    return known;
  }

  hidden(text: string): string {
    const other = this.#renamed.get(text);
    if (other !== undefined) return other;
    return this.#kept.has(text) ? text : this.#scrubbed(text);
  }

  /** Of a plan: its environments, and what users' programs are given; everything else is words of the program. */
  renamedIn(value: Json): Json {
    if (typeof value === 'string') return this.#renamed.get(value) ?? value;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((one: Json) => this.renamedIn(one));
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        key,
        PROGRAM_KEYS.includes(key) ? this.#given(one) : this.renamedIn(one),
      ]),
    );
  }

  /** Texts that a user has written, word by word. */
  #given(value: Json): Json {
    if (typeof value === 'string') return this.#scrubbed(value.replaceAll(FILE_WORD, HIDDEN));
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((one: Json) => this.#given(one));
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.#given(one)]));
  }

  /** Every text in a document. */
  hiddenIn(value: Json): Json {
    if (typeof value === 'string') return this.hidden(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((one: Json) => this.hiddenIn(one));
    const { fact } = value as { readonly fact?: Json };
    const listsDevices = typeof fact === 'string' && HIDDEN_KEYS.includes(fact);
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => {
        if (KEPT_KEYS.includes(key) || typeof one === 'boolean') return [key, one];
        if (key === 'plan') return [key, this.renamedIn(one)];
        if (HIDDEN_KEYS.includes(key) || listsDevices) return [key, HIDDEN];
        return [this.#renamed.get(key) ?? key, this.hiddenIn(one)];
      }),
    );
  }

  /** Names of environments within a text first: a part of one may look like a path. */
  #scrubbed(text: string): string {
    let scrubbed = text;
    const longestFirst = [...this.#renamed].sort(([a], [b]) => b.length - a.length);
    for (const [name, other] of longestFirst) scrubbed = scrubbed.replaceAll(name, other);
    // Paths before names: a part of a path may be one.
    scrubbed = withoutIdentifiers(scrubbed);
    for (const secret of this.#secrets) scrubbed = scrubbed.replaceAll(secret, HIDDEN);
    return scrubbed;
  }
}
