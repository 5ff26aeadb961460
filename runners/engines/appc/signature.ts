/** Detached signatures of App Container Images (Ed25519): made when an image is built, verified before each launch. */

import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { aciId, checkAci } from './archive.ts';
import type { ImageManifest } from './manifest.ts';
import { refuse } from './refusal.ts';

const schema = z.object({
  kind: z.literal('aci-signature'),
  algorithm: z.literal('ed25519'),
  /** Which key, by the SHA-256 of its public part. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  image: z.string().regex(/^sha512-[0-9a-f]{128}$/),
  signature: z.base64(),
});

export interface Signer {
  /** Whoever trusts the signer has this. */
  readonly publicKey: KeyObject;
  /** Writes the signature of the image with this id. */
  sign(id: string, signatureFile: string): Promise<void>;
}

/** A signer with a fresh key, whose private part never leaves this process. */
export function createSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey,
    sign: async (id, file) => {
      const signature = sign(null, statement(id), privateKey).toString('base64');
      const content = { kind: 'aci-signature', algorithm: 'ed25519', key: keyId(publicKey), image: id, signature };
      await writeFile(file, `${JSON.stringify(content)}\n`);
    },
  };
}

export interface Signed {
  readonly file: string;
  readonly signatureFile: string;
  /** The one key whose signatures count. */
  readonly trusted: KeyObject;
}

/** The signature first, then the archive, then its manifest. Throws `BoxmarkError` with what is wrong. */
export async function verifyAci({
  file,
  signatureFile,
  trusted,
}: Signed): Promise<{ id: string; manifest: ImageManifest }> {
  const signed = await signedId(signatureFile, trusted);
  const id = await aciId(file).catch((error: NodeJS.ErrnoException) => {
    throw refuse(error.code === 'ENOENT' ? 'is missing' : `can't be read (${error.code})`, file);
  });
  if (id !== signed)
    throw refuse(`was changed after it was signed (${short(signed)} signed, ${short(id)} found)`, file);
  return { id, manifest: await checkAci(file) };
}

async function signedId(file: string, trusted: KeyObject): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw refuse(
      error.code === 'ENOENT' ? 'is not signed' : `has a signature that can't be read (${error.code})`,
      file,
    );
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw refuse('has a signature that is damaged', file);
  const { key, image, signature } = parsed.data;
  if (key !== keyId(trusted)) throw refuse(`is signed by a key that is not trusted (${key.slice(0, 16)})`, file);
  if (!verify(null, statement(image), trusted, Buffer.from(signature, 'base64'))) {
    throw refuse('has a signature that its key did not make', file);
  }
  return image;
}

/** Names its purpose, so that a signature can't be taken for one of something else. */
function statement(id: string): Buffer {
  return Buffer.from(`boxmark app container image\n${id}\n`);
}

function keyId(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function short(id: string): string {
  return id.slice(0, 'sha512-'.length + 12);
}
