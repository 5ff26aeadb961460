/** The private key that a session is signed with: PEM (PKCS #8), or as `ssh-keygen -t ed25519` writes it. */

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { type BoxmarkError, messageOf, usageError } from '../../errors.ts';
import { bytesOf, KEY_BYTES, KEY_TYPE, keyIn } from './ed25519.ts';
import { BadWire, unarmored, WireReader } from './wire.ts';

export interface SigningKey {
  readonly key: KeyObject;
  /** Its 32 public bytes. */
  readonly publicKey: Buffer;
}

const ARMOR = 'OPENSSH PRIVATE KEY';
const MAGIC = 'openssh-key-v1\0';
/** An RSA key of 16384 bits has 13 KB. */
const LIMIT_BYTES = 64 << 10;
const OTHERS = 0o077;
const MAKE = 'ssh-keygen -t ed25519';

/** Read before anything is measured: a key that can't be used is found then. */
export function signingKey(file: string | undefined): SigningKey | undefined {
  return file === undefined ? undefined : readSigningKey(file);
}

/** Throws a usage error for whatever is no such key, is encrypted, or can be read by others, as ssh does. */
function readSigningKey(file: string): SigningKey {
  const text = readPrivate(file);
  try {
    const opened = unarmored(text, ARMOR);
    return opened === null ? fromPem(text, file) : fromOpenSsh(opened, file);
  } catch (error) {
    if (!(error instanceof BadWire)) throw error;
    throw usageError(`The private key can't be read: ${error.message}.`, file, `a key made by ${MAKE}`);
  }
}

function readPrivate(file: string): string {
  let handle: number;
  try {
    if (!statSync(file).isFile()) throw new Error('it is no regular file');
    handle = openSync(file, 'r');
  } catch (error) {
    throw usageError(`The private key can't be read: ${messageOf(error)}.`, file, `a key made by ${MAKE}`);
  }
  try {
    const { mode, size } = fstatSync(handle);
    if ((mode & OTHERS) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, '0');
      throw usageError('Other users can read the private key.', `${file}, mode ${shown}`, `chmod 600 ${file}`);
    }
    if (size > LIMIT_BYTES) throw usageError('The file is too large for a private key.', file, `a key made by ${MAKE}`);
    return readFileSync(handle, 'utf8');
  } finally {
    closeSync(handle);
  }
}

function fromPem(text: string, file: string): SigningKey {
  if (text.includes('-----BEGIN ENCRYPTED') || text.includes('Proc-Type: 4,ENCRYPTED')) throw encrypted(file);
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    throw new BadWire('it is neither PEM (PKCS #8) nor an OpenSSH private key');
  }
  const type = key.asymmetricKeyType;
  if (type !== 'ed25519') throw new BadWire(`it is of the type ${type}, not ed25519`);
  return { key, publicKey: bytesOf(createPublicKey(key)) };
}

/** `PROTOCOL.key` of OpenSSH. */
function fromOpenSsh(content: Buffer, file: string): SigningKey {
  const reader = new WireReader(content);
  if (reader.take(MAGIC.length).toString('latin1') !== MAGIC) throw new BadWire('it does not begin as OpenSSH keys do');
  const [cipher, derivation] = [reader.text(), reader.text()];
  reader.bytes(); // Options of the derivation.
  if (cipher !== 'none' || derivation !== 'none') throw encrypted(file);
  if (reader.number() !== 1) throw new BadWire('it has more than one key');
  const publicKey = keyIn(reader.bytes());
  const inner = new WireReader(reader.bytes());
  reader.end();
  const check = inner.number();
  if (inner.number() !== check) throw new BadWire('its check numbers differ');
  if (inner.text() !== KEY_TYPE || !inner.bytes().equals(publicKey)) throw new BadWire('its two parts differ');
  const both = inner.bytes();
  const seed = both.subarray(0, KEY_BYTES);
  if (both.length !== 2 * KEY_BYTES || !both.subarray(KEY_BYTES).equals(publicKey)) {
    throw new BadWire('its two parts differ');
  }
  inner.bytes(); // Comment.
  if (inner.rest().some((byte, index) => byte !== index + 1)) throw new BadWire('its padding is wrong');
  const parts = { kty: 'OKP', crv: 'Ed25519', d: seed.toString('base64url'), x: publicKey.toString('base64url') };
  const key = createPrivateKey({ key: parts, format: 'jwk' });
  if (!bytesOf(createPublicKey(key)).equals(publicKey)) throw new BadWire('its two parts differ');
  return { key, publicKey };
}

function encrypted(file: string): BoxmarkError {
  return usageError(
    'The private key is encrypted, and Boxmark asks for no passphrase.',
    file,
    `ssh-keygen -Y sign -n boxmark -f ${file} < SESSION/manifest.json > SESSION/manifest.sig`,
  );
}
