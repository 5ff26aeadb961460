/** The public keys that a signature is compared with: PEM, a line of a `.pub` file, or OpenSSH's allowed_signers. */

import { createPublicKey, type KeyObject } from 'node:crypto';
import { messageOf, usageError } from '../../errors.ts';
import { readNamed } from '../files.ts';
import { bytesOf, KEY_TYPE, keyIn } from './ed25519.ts';
import { NAMESPACE } from './sshsig.ts';
import { BadWire, fromBase64 } from './wire.ts';

export interface AllowedKey {
  readonly key: Buffer;
  /** Principals or comment; empty where the file names nobody. */
  readonly who: string;
}

const LIMIT_BYTES = 1 << 20;
const MOST_LINES = 10_000;
const ANY_TYPE = /^(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+$/;
const REMEDY = 'a PEM public key, a .pub file, or an allowed_signers file with an Ed25519 key';

/** Throws a usage error for a file without an Ed25519 key that may sign for the namespace at `now`. */
export function readPublicKeys(file: string, now = Date.now()): AllowedKey[] {
  let text: string;
  try {
    text = readNamed(file, LIMIT_BYTES);
  } catch (error) {
    throw usageError(`--key: the file can't be read (${messageOf(error)}).`, file, REMEDY);
  }
  // Whoever sends it to others by mistake should hear of it.
  if (text.includes('PRIVATE KEY-----')) throw usageError('--key: this is a private key.', file, `${file}.pub`);
  const keys = text.includes('-----BEGIN') ? [fromPem(text, file)] : fromLines(text, file, now);
  if (keys.length > 0) return keys;
  throw usageError(`--key: the file has no Ed25519 key that may sign for ${NAMESPACE} now.`, file, REMEDY);
}

function fromPem(text: string, file: string): AllowedKey {
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch {
    throw usageError('--key: the PEM file has no public key.', file, REMEDY);
  }
  if (key.asymmetricKeyType === 'ed25519') return { key: bytesOf(key), who: '' };
  throw usageError(`--key: the key is of the type ${key.asymmetricKeyType}, not ed25519.`, file, REMEDY);
}

function fromLines(text: string, file: string, now: number): AllowedKey[] {
  const lines = text.split('\n');
  if (lines.length > MOST_LINES) throw usageError('--key: the file has too many lines.', file, `at most ${MOST_LINES}`);
  return lines.flatMap((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    try {
      return keysOf(trimmed, now);
    } catch (error) {
      if (!(error instanceof BadWire)) throw error;
      throw usageError(`--key: line ${index + 1} has no key: ${error.message}.`, file, REMEDY);
    }
  });
}

/** `TYPE KEY [COMMENT]`, or `PRINCIPALS [OPTIONS] TYPE KEY [COMMENT]`. Keys of other types are passed over. */
function keysOf(line: string, now: number): AllowedKey[] {
  const words = line.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  const at = words.findIndex((word) => ANY_TYPE.test(word));
  const [blob, ...comment] = words.slice(at + 1);
  if (at < 0 || at > 2 || blob === undefined) throw new BadWire('it is neither a public key nor an allowed signer');
  if (words[at] !== KEY_TYPE) return [];
  const key = keyIn(fromBase64(blob));
  const options = at === 2 ? optionsOf(words[1] ?? '') : new Map<string, string>();
  if (!isAllowed(options, now)) return [];
  return [{ key, who: at === 0 ? comment.join(' ') : unquoted(words[0] ?? '') }];
}

/** `namespaces="a,b",valid-before="20270101"` by name, in lower case. */
function optionsOf(word: string): Map<string, string> {
  const parts = word.match(/(?:[^,"]|"[^"]*")+/g) ?? [];
  return new Map(
    parts.map((part) => {
      const [name = '', ...value] = part.split('=');
      return [name.toLowerCase(), unquoted(value.join('='))] as const;
    }),
  );
}

/** An option that is not known restricts in a way that is not known. */
function isAllowed(options: ReadonlyMap<string, string>, now: number): boolean {
  for (const [name, value] of options) {
    if (name === 'namespaces') {
      if (!value.split(',').some((pattern) => pattern === NAMESPACE || pattern === '*')) return false;
    } else if (name === 'valid-after') {
      if (now < timeOf(value)) return false;
    } else if (name === 'valid-before') {
      if (now > timeOf(value)) return false;
    } else return false; // Also cert-authority: certificates are not read.
  }
  return true;
}

/** `YYYYMMDD[HHMM[SS]][Z]`, local time without the Z. */
function timeOf(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/.exec(text);
  if (match === null) throw new BadWire(`${text.slice(0, 40)} is no time`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  return match[7] === 'Z'
    ? Date.UTC(year, month - 1, day, hour, minute, second)
    : new Date(year, month - 1, day, hour, minute, second).getTime();
}

function unquoted(text: string): string {
  return text.replaceAll('"', '');
}
