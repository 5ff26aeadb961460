/** What is kept with a root in the store: how its image wants programs to be run. */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { BoxmarkError } from '../../../bench/errors.ts';
import { ROOT_FACTS_PATH, type RootFacts } from '../../../bench/payload/image-files.ts';

const MOST_BYTES = 4 << 20;
const word = z.string().max(1 << 17);
const id = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32 - 2);

const schema = z.object({
  /** SHA-256 of the image's configuration, by which docker names it; absent for a folder. */
  id: z.exactOptional(z.string().regex(/^[0-9a-f]{64}$/)),
  env: z.record(word, word),
  workdir: z.exactOptional(word.regex(/^\//)),
  uid: id,
  gid: id,
  entrypoint: z.array(word).max(1000),
  /** What of the image is not taken as it is. */
  notices: z.array(word).max(100),
  /** What starts the shell that starts the programs; only where Boxmark's own files are in the root. */
  launcher: z.exactOptional(z.array(word).min(1).max(10)),
}) satisfies z.ZodType<Omit<RootFacts, 'launcher'> & Partial<Pick<RootFacts, 'launcher'>>>;

export type StoredRoot = z.output<typeof schema>;

export function storedRootText(root: StoredRoot): string {
  return `${JSON.stringify(root, null, 1)}\n`;
}

/** Of an image whose root is at this folder, which may be a stranger's. Throws `BoxmarkError` for a damaged one. */
export async function readStoredRoot(root: string): Promise<StoredRoot> {
  const file = join(root, ROOT_FACTS_PATH);
  try {
    if ((await stat(file)).size > MOST_BYTES) throw new Error('it is too long');
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new BoxmarkError({ what: 'What the image says of its programs can not be read.', value: file, cause: error });
  }
}
