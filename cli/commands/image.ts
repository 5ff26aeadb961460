/** `boxmark image`: the content-addressed image as a file, so that another host runs the same bytes. */

import { Command } from 'commander';
import { ensureImage, exportImage, importImage, verifyImage } from '../../runners/image/image.ts';
import { payloadFile } from '../paths.ts';
import { stdout } from '../streams.ts';

export function imageCommand(): Command {
  const image = new Command('image').description('export or import the content-addressed image');
  image
    .command('export')
    .description('write the image to a file')
    .argument('<file>', 'a tar archive that is made or replaced')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', '\nExample:\n  boxmark image export boxmark-image.tar')
    .action(async (file: string) => {
      const made = await ensureImage(payloadFile());
      await verifyImage(made);
      await exportImage(made, file);
      stdout.write(`${made.digest}  ${file}\n`);
    });
  image
    .command('import')
    .description('verify an exported image and keep it')
    .argument('<file>', 'what boxmark image export wrote')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', '\nExample:\n  boxmark image import boxmark-image.tar')
    .action(async (file: string) => {
      const made = await importImage(file);
      stdout.write(`${made.digest}  ${made.root}\n`);
    });
  return image;
}
