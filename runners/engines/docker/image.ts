/** The content-addressed image in a Docker daemon: loaded once, verified, and removed by the last run that uses it. */

import { open } from 'node:fs/promises';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, Image, Workspace } from '../../../bench/types.ts';
import { type DockerArchive, dockerArchive } from '../../image/image.ts';
import { readTar } from '../../image/tar.ts';
import { callDocker, type DockerClient, dockerArgv, dockerError, tryDocker } from './client.ts';
import type { HostDaemon } from './host.ts';

const LOAD_LIMIT_MS = 300_000;

/**
 * Makes sure that the daemon has exactly the image of the archive, and gives the id that the daemon knows it by. Throws
 * `BoxmarkError` when what was loaded is something else.
 */
export async function loadArchive(
  box: Box,
  client: DockerClient,
  archive: DockerArchive,
  containerdStore: boolean,
): Promise<string> {
  const present = await tryDocker(box, client, ['image', 'inspect', '-f', '{{.Id}}', archive.id]);
  if (present.exitCode === 0 && present.stdout.trim() === archive.id) return archive.id;
  const file = await box.put(archive.file);
  // The shell opens it: a confined client, such as a snap's, may not read hidden folders.
  const load = ['sh', '-c', 'f=$1; shift; exec "$@" <"$f"', 'sh', file, ...dockerArgv(client, ['load', '-q'])];
  const env = client.env === undefined ? {} : { env: client.env };
  const loaded = await box.exec(load, { timeoutMs: LOAD_LIMIT_MS, ...env });
  if (loaded.exitCode !== 0) throw dockerError('The image could not be loaded', loaded);
  const format = '{{.Id}} {{json .RootFS.Layers}}';
  const shown = await callDocker(
    box,
    client,
    ['image', 'inspect', '-f', format, archive.tag],
    'The image that was loaded is not there',
  );
  const [id = '', layers = ''] = shown.split(' ');
  if (id === archive.id) return id;
  // A daemon that keeps images in containerd names them by another digest; the layers' digests are the same everywhere.
  if (containerdStore && layers === JSON.stringify(await layersOf(archive.file))) return id;
  await tryDocker(box, client, ['image', 'rm', '-f', archive.tag]);
  throw new BoxmarkError({
    what: `The image that Docker loaded is not the one of the archive, which is ${archive.id}.`,
    value: id,
    remedy: `remove ${archive.file}; the next run makes it again`,
  });
}

/**
 * The image in the daemon of this host, shared by the run's environments. A daemon of the user's gets a tag of this run's
 * own, so that runs at the same time don't take the image from one another. Each success takes one `releaseImage`.
 */
export async function acquireImage(box: Box, daemon: HostDaemon, image: Image, workspace: Workspace): Promise<string> {
  const key = image.digest;
  let entry = daemon.images.get(key);
  if (entry === undefined) {
    entry = { users: 0, ready: loadShared(box, daemon, image, workspace) };
    daemon.images.set(key, entry);
  }
  entry.users++;
  try {
    return await entry.ready;
  } catch (error) {
    daemon.images.delete(key);
    throw error;
  }
}

/** The last one removes the image from a daemon of the user's; a private daemon goes with everything in it. */
export async function releaseImage(box: Box, daemon: HostDaemon, image: Image, workspace: Workspace): Promise<void> {
  const entry = daemon.images.get(image.digest);
  if (entry === undefined || --entry.users > 0) return;
  daemon.images.delete(image.digest);
  if (daemon.own === undefined) await tryDocker(box, daemon.client, ['image', 'rm', runTag(image, workspace)]);
}

async function loadShared(box: Box, daemon: HostDaemon, image: Image, workspace: Workspace): Promise<string> {
  const archive = await dockerArchive(image);
  const { client, facts, own } = daemon;
  const before = own === undefined ? await isPresent(box, client, archive.tag) : true;
  const id = await loadArchive(box, client, archive, facts.containerdStore);
  if (own !== undefined) return id;
  await callDocker(box, client, ['tag', id, runTag(image, workspace)], 'The image could not be tagged');
  if (!before) await tryDocker(box, client, ['image', 'rm', archive.tag]); // Removes the name only.
  return id;
}

async function isPresent(box: Box, client: DockerClient, name: string): Promise<boolean> {
  return (await tryDocker(box, client, ['image', 'inspect', '-f', '{{.Id}}', name])).exitCode === 0;
}

function runTag(image: Image, workspace: Workspace): string {
  return `boxmark:${image.digest.slice(0, 12)}-${workspace.id}`;
}

/** Digests of the layers that the archive's configuration lists. */
async function layersOf(file: string): Promise<readonly string[]> {
  const archive = await open(file, 'r');
  try {
    for await (const { path, read } of readTar(archive)) {
      if (!/^[0-9a-f]{64}\.json$/.test(path)) continue;
      const chunks: Uint8Array[] = [];
      for await (const chunk of read()) chunks.push(chunk);
      const config = JSON.parse(Buffer.concat(chunks).toString()) as { rootfs?: { diff_ids?: string[] } };
      return config.rootfs?.diff_ids ?? [];
    }
  } finally {
    await archive.close();
  }
  return [];
}
