/** Ed25519 keys as SSH writes them, for node:crypto. */

import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { BadWire, WireReader, wireBytes } from './wire.ts';

export const KEY_TYPE = 'ssh-ed25519';
export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** The 32 bytes of a public key as SSH encodes it. Throws a BadWire for a key of another type. */
export function keyIn(blob: Buffer): Buffer {
  const reader = new WireReader(blob);
  const type = reader.text();
  if (type !== KEY_TYPE) throw new BadWire(`its key is of the type ${type.slice(0, 60)}, not ${KEY_TYPE}`);
  const key = reader.bytes();
  reader.end();
  if (key.length !== KEY_BYTES) throw new BadWire(`its key has ${key.length} bytes, not ${KEY_BYTES}`);
  return key;
}

export function blobOf(key: Buffer): Buffer {
  return Buffer.concat([wireBytes(KEY_TYPE), wireBytes(key)]);
}

export function publicKeyOf(key: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url') }, format: 'jwk' });
}

/** The 32 bytes of a key that node:crypto has read: the public part of either kind. */
export function bytesOf(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(blobOf(key)).digest('base64').replace(/=+$/, '')}`;
}
