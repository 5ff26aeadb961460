/**
 * What a host of a fleet needs to measure: one content-addressed root with Node.js, its libraries and loader, this program,
 * and the image that every box of the fleet runs. As a Docker image it is the node image; over ssh it is a folder.
 */

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { NODE_PATH } from '../bench/payload/image-files.ts';
import type { Image } from '../bench/types.ts';
import { buildLayout } from '../runners/image/build.ts';
import { type DockerArchive, dockerArchive } from '../runners/image/forms.ts';
import { exportImage, loadImage } from '../runners/image/image.ts';
import { addCommand, addFile, layoutOf } from '../runners/image/layout.ts';
import { readManifest } from '../runners/image/manifest.ts';
import { findCommand } from '../runners/kit/commands.ts';
import { removeTree } from '../runners/kit/remove.ts';

/** Where this program is in the root. */
export const KIT_PROGRAM = 'usr/lib/boxmark';
/** The image of the boxes, as `boxmark image export` writes it. */
export const KIT_IMAGE = 'boxmark/image.tar';
export const NODE_REPOSITORY = 'boxmark-node';

/** What opens and limits boxes where the root is all there is; a host's own programs are used where there is a host. */
const COMMANDS = [
  ...['docker', 'sh', 'taskset', 'mount', 'umount', 'unshare', 'nsenter', 'chroot', 'setpriv'],
  ...[
    'cat',
    'chmod',
    'chown',
    'cp',
    'cut',
    'dd',
    'df',
    'env',
    'expr',
    'find',
    'grep',
    'head',
    'id',
    'kill',
    'ln',
    'ls',
  ],
  ...['mkdir', 'mktemp', 'mv', 'nproc', 'ps', 'readlink', 'rm', 'rmdir', 'sed', 'sleep', 'stat', 'sync', 'tail', 'tar'],
  ...['test', 'touch', 'tr', 'true', 'uname', 'wc'],
];

/** The program's own files, by their paths below its root. */
export interface ProgramFiles {
  readonly root: string;
  readonly files: readonly string[];
}

/** The root of a kit for hosts like this one: same architecture, any distribution. Built once for the same inputs. */
export async function nodeKit(image: Image, program: ProgramFiles): Promise<Image> {
  const layout = layoutOf(image.root, await readManifest(image.root));
  for (const command of COMMANDS)
    if (command === 'docker' || findCommand(command) !== undefined) addCommand(layout, command);
  for (const file of program.files) addFile(layout, posix.join(KIT_PROGRAM, file), join(program.root, file), 0o644);
  const folder = await mkdtemp(join(tmpdir(), 'boxmark-kit-'));
  try {
    const exported = join(folder, 'image.tar');
    await exportImage(image, exported);
    addFile(layout, KIT_IMAGE, exported, 0o644);
    return await loadImage(await buildLayout(layout));
  } finally {
    await removeTree(folder);
  }
}

/** The kit as an image for Docker: the arguments of its container say what it does. */
export function nodeImage(kit: Image): Promise<DockerArchive> {
  const program = posix.join('/', KIT_PROGRAM, 'dist/cli/main.js');
  return dockerArchive(kit, {
    repository: NODE_REPOSITORY,
    entrypoint: [posix.join('/', NODE_PATH), program],
    command: ['fleet', 'node'],
  });
}
