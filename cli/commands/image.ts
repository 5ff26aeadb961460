/** `boxmark image`: the content-addressed image as a file, so that another host runs the same bytes. */

import { EXIT } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { ensureImage, exportImage, importImage, verifyImage } from '../../runners/image/image.ts';
import { payloadFile } from '../paths.ts';
import { stdout } from '../terminal/streams.ts';

export async function imageExport(_: FlagValues<'image export'>, file = ''): Promise<number> {
  const made = await ensureImage(payloadFile());
  await verifyImage(made);
  await exportImage(made, file);
  stdout.write(`${made.digest}  ${file}\n`);
  return EXIT.ok;
}

export async function imageImport(_: FlagValues<'image import'>, file = ''): Promise<number> {
  const made = await importImage(file);
  stdout.write(`${made.digest}  ${made.root}\n`);
  return EXIT.ok;
}
