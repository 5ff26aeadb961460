/** Forms of an image that engines take: a docker-archive and a disk; made from the root once, the same bytes everywhere. */

import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import type { Image } from '../../bench/types.ts';
import { hostExec } from '../kit/process.ts';
import { MANIFEST_PATH, readManifest } from './manifest.ts';
import { derive, sha256, sha256File } from './store.ts';
import { readTar, type TarMember, tarBytes } from './tar.ts';

export interface DockerArchive {
  readonly file: string;
  /** `sha256:` and the digest of the image's configuration: the id that docker and podman give it. */
  readonly id: string;
  readonly tag: string;
}

/** Any fixed UUID makes the disk reproducible. */
const DISK_UUID = '00000000-0000-0000-0000-00000000b0c5';

/** What an image is called, and what a container of it runs. */
export interface ImageForm {
  readonly repository: string;
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
}

/** The archive that `docker load` and `podman load` take. Same image, same bytes, same id on every host. */
export async function dockerArchive(image: Image, form?: ImageForm): Promise<DockerArchive> {
  const { repository, ...starts } = form ?? { repository: 'boxmark', command: image.payloadArgv };
  const tag = `${repository}:${image.digest.slice(0, 12)}`;
  const file = await derive(image, `${form === undefined ? 'docker' : repository}.tar`, (target) =>
    writeDockerArchive(image, { tag, ...starts }, target),
  );
  return { file, id: await archiveId(file), tag };
}

/** An uncompressed, read-only erofs disk of the root. Throws `BoxmarkError` when mkfs.erofs is missing or fails. */
export async function erofsDisk(image: Image): Promise<string> {
  return derive(image, 'root.erofs', async (target) => {
    const made = await hostExec(['mkfs.erofs', '-T0', '-U', DISK_UUID, '--all-root', target, image.root], {
      timeoutMs: 300_000,
    });
    if (made.exitCode === 0) return;
    throw new BoxmarkError({
      what: 'The disk of a virtual machine could not be made.',
      value: made.stderr.trim() || made.stdout.trim(),
      remedy: 'install erofs-utils (boxmark setup)',
    });
  });
}

/** The whole root as one tar archive, kept beside it. */
export async function imageArchive(image: Image): Promise<string> {
  return derive(image, 'root.tar', async (target) => writeStream(tarBytes(await rootMembers(image)), target));
}

/** Everything in the root in the order of its paths' bytes, the manifest included. */
export async function rootMembers(image: Image): Promise<TarMember[]> {
  const { files, folders, links } = await readManifest(image.root);
  const manifestFile = join(image.root, MANIFEST_PATH);
  const members: TarMember[] = [
    ...Object.entries(folders).map(
      ([path, mode]): TarMember => ({ entry: { path, type: 'directory', mode: Number.parseInt(mode, 8) } }),
    ),
    ...Object.entries(files).map(
      ([path, { mode, size }]): TarMember => ({
        entry: { path, type: 'file', mode: Number.parseInt(mode, 8), size },
        content: { file: join(image.root, path) },
      }),
    ),
    ...Object.entries(links).map(([path, target]): TarMember => ({ entry: { path, type: 'symlink', target } })),
    {
      entry: { path: MANIFEST_PATH, type: 'file', mode: 0o644, size: (await stat(manifestFile)).size },
      content: { file: manifestFile },
    },
  ];
  return members.sort((a, b) => Buffer.compare(Buffer.from(a.entry.path), Buffer.from(b.entry.path)));
}

/** Writes the pieces to a new file. */
export async function writeStream(pieces: AsyncIterable<Uint8Array>, target: string): Promise<void> {
  const file = await open(target, 'wx', 0o644);
  try {
    for await (const piece of pieces) await file.write(piece);
  } finally {
    await file.close();
  }
}

type Tagged = Omit<ImageForm, 'repository'> & { readonly tag: string };

async function writeDockerArchive(image: Image, { tag, ...starts }: Tagged, target: string): Promise<void> {
  const layerFile = `${target}.layer`; // In the same build folder, so it goes with it.
  await writeStream(tarBytes(await rootMembers(image)), layerFile);
  const layer = await sha256File(layerFile);
  const config = Buffer.from(dockerConfig(image, layer, starts));
  const manifest = Buffer.from(
    JSON.stringify([{ Config: `${sha256(config)}.json`, RepoTags: [tag], Layers: [`${layer}/layer.tar`] }]),
  );
  const bytes = (path: string, content: Uint8Array): TarMember => ({
    entry: { path, type: 'file', mode: 0o644, size: content.length },
    content,
  });
  const members: TarMember[] = [
    bytes('manifest.json', manifest),
    bytes(`${sha256(config)}.json`, config),
    { entry: { path: layer, type: 'directory', mode: 0o755 } },
    {
      entry: { path: `${layer}/layer.tar`, type: 'file', mode: 0o644, size: (await stat(layerFile)).size },
      content: { file: layerFile },
    },
  ];
  await writeStream(tarBytes(members), target);
}

/** The configuration of the one image in it. Only what decides how a box starts, and no date but zero. */
function dockerConfig(image: Image, layer: string, { entrypoint, command }: Omit<Tagged, 'tag'>): string {
  const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? process.arch;
  return JSON.stringify({
    architecture,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Env: ['PATH=/usr/bin:/bin', 'HOME=/'],
      ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
      Cmd: command,
      WorkingDir: '/',
      Labels: { 'boxmark.image': image.digest },
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
    history: [{ created: '1970-01-01T00:00:00Z' }],
  });
}

/** The id is in the archive's first entry, which names the configuration by its digest. */
async function archiveId(file: string): Promise<string> {
  const archive = await open(file, 'r');
  try {
    for await (const { path, read } of readTar(archive)) {
      if (path !== 'manifest.json') break;
      const chunks: Uint8Array[] = [];
      for await (const chunk of read()) chunks.push(chunk);
      const digest = /"Config":"([0-9a-f]{64})\.json"/.exec(Buffer.concat(chunks).toString())?.[1];
      if (digest !== undefined) return `sha256:${digest}`;
    }
  } finally {
    await archive.close();
  }
  throw new BoxmarkError({
    what: 'The docker archive in the image store is damaged.',
    value: file,
    remedy: `remove ${file}`,
  });
}
