/** Signatures in OpenSSH's format (PROTOCOL.sshsig), so that `ssh-keygen -Y verify -n boxmark` reads them as well. */

import { createHash, sign, verify } from 'node:crypto';
import { blobOf, KEY_TYPE, keyIn, publicKeyOf, SIGNATURE_BYTES } from './ed25519.ts';
import type { SigningKey } from './private-key.ts';
import { armored, BadWire, unarmored, WireReader, wireBytes, wireNumber } from './wire.ts';

/** What a signature is for: one that was made for another purpose is none of a session. */
export const NAMESPACE = 'boxmark';

const MAGIC = Buffer.from('SSHSIG');
const ARMOR = 'SSH SIGNATURE';
const VERSION = 1;
const HASHES: readonly string[] = ['sha256', 'sha512'];
/** ssh-keygen's own choice. */
const HASH = 'sha512';

export interface Signature {
  /** The 32 bytes of the public key. */
  readonly key: Buffer;
  readonly namespace: string;
  readonly hash: string;
  readonly signature: Buffer;
}

/** The signature of `message`, as a text file. */
export function signMessage(message: Buffer, { key, publicKey }: SigningKey): string {
  const signature = sign(null, signedBytes(message, NAMESPACE, HASH), key);
  const parts = [
    MAGIC,
    wireNumber(VERSION),
    wireBytes(blobOf(publicKey)),
    ...[NAMESPACE, '', HASH].map(wireBytes),
    wireBytes(Buffer.concat([wireBytes(KEY_TYPE), wireBytes(signature)])),
  ];
  return armored(Buffer.concat(parts), ARMOR);
}

/** Throws a BadWire for whatever is no such signature of an Ed25519 key. */
export function parseSignature(text: string): Signature {
  const content = unarmored(text, ARMOR);
  if (content === null) throw new BadWire(`it does not begin and end as an ${ARMOR} does`);
  const reader = new WireReader(content);
  if (!reader.take(MAGIC.length).equals(MAGIC)) throw new BadWire('it does not begin with SSHSIG');
  const version = reader.number();
  if (version !== VERSION) throw new BadWire(`its version is ${version}, not ${VERSION}`);
  const key = keyIn(reader.bytes());
  const namespace = reader.text();
  reader.bytes(); // Reserved.
  const hash = reader.text();
  if (!HASHES.includes(hash)) throw new BadWire(`its hash is ${hash.slice(0, 60)}, not ${HASHES.join(' or ')}`);
  const inner = new WireReader(reader.bytes());
  reader.end();
  if (inner.text() !== KEY_TYPE) throw new BadWire('key and signature are of different types');
  const signature = inner.bytes();
  inner.end();
  if (signature.length !== SIGNATURE_BYTES) {
    throw new BadWire(`its signature has ${signature.length} bytes, not ${SIGNATURE_BYTES}`);
  }
  return { key, namespace, hash, signature };
}

/** Did the key of the signature sign this message, for the signature's namespace? */
export function signs({ key, namespace, hash, signature }: Signature, message: Buffer): boolean {
  return verify(null, signedBytes(message, namespace, hash), publicKeyOf(key), signature);
}

function signedBytes(message: Buffer, namespace: string, hash: string): Buffer {
  const digest = createHash(hash).update(message).digest();
  return Buffer.concat([
    MAGIC,
    wireBytes(Buffer.from(namespace, 'latin1')),
    ...['', hash].map(wireBytes),
    wireBytes(digest),
  ]);
}
