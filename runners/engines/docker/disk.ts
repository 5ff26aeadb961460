/** Where a Docker daemon keeps images and containers, and how large it says that an image is. */

import type { Box, DiskHoldings } from '../../../bench/types.ts';
import { type DockerClient, tryDocker } from './client.ts';

/** Folders of the host only: those of a daemon in a box lie in that box's scratch folder. Never throws. */
export async function dockerDisk(box: Box, client: DockerClient, image: string): Promise<DiskHoldings> {
  const told = await tryDocker(box, client, ['image', 'inspect', '-f', '{{.Size}}', image]);
  const bytes = Number.parseInt(told.stdout, 10);
  const size = told.exitCode === 0 && Number.isSafeInteger(bytes) ? { imageBytes: bytes } : {};
  if (box.path !== 'host') return { folders: [], ...size };
  const root = await tryDocker(box, client, ['info', '-f', '{{.DockerRootDir}}']);
  const folder = root.stdout.trim();
  return { folders: root.exitCode === 0 && folder.startsWith('/') ? [folder] : [], ...size };
}
