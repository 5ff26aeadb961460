/** `boxmark fleet image`: the node image, for nodes that have no registry to pull it from. */

import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { EXIT, messageOf, usageError } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import type { Image } from '../../bench/types.ts';
import { nodeImage, nodeKit } from '../../fleet/kit.ts';
import type { DockerArchive } from '../../runners/image/forms.ts';
import { ensureImage } from '../../runners/image/image.ts';
import { programFiles } from '../fleet/program-files.ts';
import { payloadFile } from '../paths.ts';
import { stdout } from '../terminal/streams.ts';

export async function fleetImage(_: FlagValues<'fleet image'>, file = ''): Promise<number> {
  const image = await ownNodeImage();
  try {
    await pipeline(createReadStream(image.file), createWriteStream(file));
  } catch (error) {
    throw usageError(`The node image can't be written: ${messageOf(error)}.`, file, 'a file in a folder that is there');
  }
  if (file !== '/dev/stdout') stdout.write(`${image.id}  ${image.tag}  ${file}\n`);
  return EXIT.ok;
}

export async function ownNodeImage(): Promise<DockerArchive> {
  return nodeImage(await ownKit());
}

/** Of this program and this host's Node.js. */
export async function ownKit(): Promise<Image> {
  return nodeKit(await ensureImage(payloadFile()), programFiles());
}
