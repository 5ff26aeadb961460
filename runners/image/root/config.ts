/** What a container image says of the programs in it: its configuration, read with distrust. */

import { usageError } from '../../../bench/errors.ts';

export interface RootConfig {
  readonly env: Readonly<Record<string, string>>;
  /** Absolute; absent where the image names none but `/`. */
  readonly workdir?: string;
  /** As written: a name or number, and a group after a colon. */
  readonly user?: string;
  /** `ENTRYPOINT` and `CMD`: what runs when no program is named. */
  readonly entrypoint: readonly string[];
  /** SHA-256 of each layer, uncompressed; absent in a folder. */
  readonly layers?: readonly string[];
}

export const NO_CONFIG: RootConfig = { env: {}, entrypoint: [] };

/** Go's names of the processors that Node.js has other names for. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', ia32: '386', arm: 'arm' };

/** This host's processor as images name it. */
export const ARCHITECTURE = ARCHITECTURES[process.arch] ?? process.arch;

/** Descriptions are short; a layer never is read as one. */
const MOST_TEXT_BYTES = 4 << 20;
/** Longer than any word of a command line or environment may be. */
const MOST_CHARS = 1 << 17;
const MOST_WORDS = 1000;
const MOST_SHOWN = 200;

/** A text of the image in a message, which it could fill otherwise. */
export function shown(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

/** Throws a usage error for a description of an image that no image has. */
export function assertText(bytes: number, name: string): void {
  if (bytes > MOST_TEXT_BYTES) throw usageError('A description of the image is too long.', name, 'another image');
}

/** Reads the text of a configuration. Throws a usage error for what is none, or is for another processor or system. */
export function parseConfig(text: string, source: string): RootConfig {
  const value = objectOf(parsed(text, source), source);
  const { architecture, os, config, rootfs } = value;
  if (os !== undefined && os !== 'linux') {
    throw usageError(`The image is for ${shown(String(os))}; this host is linux.`, source, 'an image for linux');
  }
  if (typeof architecture === 'string' && architecture !== '' && architecture !== ARCHITECTURE) {
    throw usageError(
      `The image is for ${shown(architecture)}; this host is ${ARCHITECTURE}.`,
      source,
      `docker pull --platform linux/${ARCHITECTURE}, or build it for this host`,
    );
  }
  const { Env, WorkingDir, User, Entrypoint, Cmd } =
    config === undefined || config === null ? {} : objectOf(config, source);
  const layers = rootfs === undefined ? undefined : wordsOf(objectOf(rootfs, source).diff_ids, source);
  const workdir = wordOf(WorkingDir, source);
  const user = wordOf(User, source);
  return {
    env: variables(wordsOf(Env, source)),
    ...(workdir.startsWith('/') && workdir !== '/' ? { workdir } : {}),
    ...(user === '' ? {} : { user }),
    entrypoint: [...wordsOf(Entrypoint, source), ...wordsOf(Cmd, source)],
    ...(layers === undefined ? {} : { layers: layers.map((id) => digestHex(id, source)) }),
  };
}

/** The hexadecimal digits of `sha256:…`. Throws a usage error for any other digest. */
export function digestHex(digest: unknown, source: string): string {
  const [, hex] = typeof digest === 'string' ? (/^sha256:([0-9a-f]{64})$/.exec(digest) ?? []) : [];
  if (hex !== undefined) return hex;
  throw usageError(
    'The image names a part of it by something else than a SHA-256.',
    `${shown(JSON.stringify(digest) ?? '')} in ${source}`,
    'an image that was built by docker, podman or buildah',
  );
}

export function parsed(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(source);
  }
}

export function objectOf(value: unknown, source: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw damaged(source);
}

export function listOf(value: unknown, source: string): readonly unknown[] {
  if (Array.isArray(value) && value.length <= MOST_WORDS) return value;
  throw damaged(source);
}

function wordsOf(value: unknown, source: string): string[] {
  return value === undefined || value === null ? [] : listOf(value, source).map((word) => wordOf(word, source));
}

function wordOf(value: unknown, source: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string' && value.length <= MOST_CHARS && !value.includes('\0')) return value;
  throw damaged(source);
}

/** What has no name, or one that no shell takes, is left out. */
function variables(words: readonly string[]): Record<string, string> {
  const pairs = words.flatMap((word): [string, string][] => {
    const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word) ?? [];
    return name === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(pairs);
}

function damaged(source: string): Error {
  return usageError(
    'The image is damaged, or is no container image: its description can not be read.',
    source,
    'save or pull it again',
  );
}
