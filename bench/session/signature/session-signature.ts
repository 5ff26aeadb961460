/** The signature of a session: `manifest.sig` beside the manifest, which it signs. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { INFO_LIMIT_BYTES, readRegular, readRegularBytes, replaceFile } from '../files.ts';
import { fingerprintOf } from './ed25519.ts';
import type { SigningKey } from './private-key.ts';
import type { AllowedKey } from './public-keys.ts';
import { NAMESPACE, parseSignature, type Signature, signMessage, signs } from './sshsig.ts';

export const SIGNATURE_FILE = 'manifest.sig';
const LIMIT_BYTES = 16 << 10;

/** What a signature shows. Without keys to compare with, nobody knows whose it is. */
export interface SignatureState {
  /** Fingerprint of the key that signed; null where there is no signature, or none that can be read. */
  readonly key: string | null;
  /** Who has this key, by the file of keys. */
  readonly signer: string | null;
  /** True: signed by one of the keys, for this purpose, over this manifest. */
  readonly verified: boolean;
  /** Why it is not as it should be; null also where there is neither a signature nor keys. */
  readonly problem: string | null;
}

const NONE: SignatureState = { key: null, signer: null, verified: false, problem: null };

/** Signs the manifest, which must be there. Returns the fingerprint of the key. */
export function signSession(dir: string, key: SigningKey): string {
  replaceFile(join(dir, SIGNATURE_FILE), signMessage(manifestOf(dir), key));
  return fingerprintOf(key.publicKey);
}

/** `keys`: null when none were given. A signature that does not fit the manifest is a problem in any case. */
export function signatureOf(dir: string, keys: readonly AllowedKey[] | null): SignatureState {
  if (!existsSync(join(dir, SIGNATURE_FILE))) {
    return keys === null ? NONE : { ...NONE, problem: 'is missing: the session is not signed' };
  }
  let signature: Signature;
  let message: Buffer;
  try {
    signature = parseSignature(readRegular(join(dir, SIGNATURE_FILE), LIMIT_BYTES));
    message = manifestOf(dir);
  } catch (error) {
    return { ...NONE, problem: `is no signature that can be read: ${messageOf(error).slice(0, 200)}` };
  }
  const key = fingerprintOf(signature.key);
  const known = keys?.find((one) => one.key.equals(signature.key));
  const problem = problemOf(signature, { message, key, isKnown: keys === null || known !== undefined });
  return { key, signer: known?.who || null, verified: known !== undefined && problem === null, problem };
}

function manifestOf(dir: string): Buffer {
  return readRegularBytes(join(dir, 'manifest.json'), INFO_LIMIT_BYTES);
}

function problemOf(
  signature: Signature,
  { message, key, isKnown }: { readonly message: Buffer; readonly key: string; readonly isKnown: boolean },
): string | null {
  const { namespace } = signature;
  if (namespace !== NAMESPACE)
    return `is for the namespace ${JSON.stringify(namespace.slice(0, 60))}, not "${NAMESPACE}"`;
  if (!isKnown) return `is by the key ${key}, which is none of those given`;
  return signs(signature, message) ? null : `does not fit the manifest, which is not what ${key} signed`;
}
