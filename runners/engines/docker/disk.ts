/** Where a Docker daemon keeps images and containers, and the size of an image by its account. */

import type { Box, DiskHoldings } from '../../../bench/types.ts';
import { type DockerClient, tryDocker } from './client.ts';

/** Folders of the host only: those of a daemon in a box lie in that box's scratch folder. Never throws. */
export async function dockerDisk(box: Box, client: DockerClient, image: string): Promise<DiskHoldings> {
  const shown = await tryDocker(box, client, ['image', 'inspect', '-f', '{{.Size}}', image]);
  const bytes = Number.parseInt(shown.stdout, 10);
  const size = shown.exitCode === 0 && Number.isSafeInteger(bytes) ? { imageBytes: bytes } : {};
  if (box.path !== 'host') return { folders: [], ...size };
  const root = await tryDocker(box, client, ['info', '-f', '{{.DockerRootDir}}']);
  const folder = root.stdout.trim();
  return { folders: root.exitCode === 0 && folder.startsWith('/') ? [folder] : [], ...size };
}
