/** Makes a pack: all that belongs to a session in one folder, and that as an archive whose bytes depend on nothing else. */

import { createWriteStream, existsSync } from 'node:fs';
import { copyFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { stringify } from 'yaml';
import { BoxmarkError } from '../../bench/errors.ts';
import { writtenPlan } from '../../bench/plan/written-plan.ts';
import { isTableThere, readTable } from '../../bench/session/compressed.ts';
import { createFile, digestOf, partialName } from '../../bench/session/files.ts';
import type { SessionInfo } from '../../bench/session/info.ts';
import { readSessionInfo } from '../../bench/session/load.ts';
import type { SigningKey } from '../../bench/session/signature/private-key.ts';
import { SIGNATURE_FILE, signSession } from '../../bench/session/signature/session-signature.ts';
import { sealedFiles } from '../../bench/session/store.ts';
import { exportImage, loadImage } from '../../runners/image/image.ts';
import { type TarMember, tarBytes } from '../../runners/image/tar.ts';
import { chosenFormats, renderReports, writeFiles } from '../session/write-report.ts';
import { anonymise } from './anonymise.ts';
import { dataPackage, roCrate } from './describe.ts';
import { SUMS, sumsText } from './sums.ts';

export interface PackOptions {
  readonly anonymous: boolean;
  readonly image: boolean;
  readonly sign: SigningKey | undefined;
}

const PLAN = 'plan.yaml';
const DATA_PACKAGE = 'datapackage.json';
const CRATE = 'ro-crate-metadata.json';

/** Puts together the pack of the session in `from`, in the empty folder `to`. */
export async function gather(from: string, to: string, { anonymous, image, sign }: PackOptions): Promise<void> {
  if (anonymous) anonymise(from, to);
  else await copySession(from, to);
  if (sign !== undefined) signSession(to, sign);
  const info = readSessionInfo(to);
  createFile(join(to, PLAN), planText(info));
  if (image) await packImage(info, join(to, 'image.tar'));
  const report = join(to, 'report');
  writeFiles(report, await renderReports([{ dir: to }], report, chosenFormats(['html', 'md'])));
  createFile(join(to, DATA_PACKAGE), dataPackage(to, info, await filesBelow(to)));
  createFile(join(to, CRATE), roCrate(to, info, await filesBelow(to)));
  await writeSums(to);
}

/** Puts the session in `from` and the sums of its files into the empty folder `to`: what is sent, and no more. */
export async function gatherFiles(from: string, to: string): Promise<void> {
  await copySession(from, to);
  await writeSums(to);
}

async function writeSums(to: string): Promise<void> {
  const digests = new Map((await filesBelow(to)).map((name) => [name, digestOf(join(to, name))]));
  createFile(join(to, SUMS), sumsText(digests));
}

/** What belongs to the session, and nothing else that lies beside it. */
async function copySession(from: string, to: string): Promise<void> {
  const names = [...sealedFiles(from), 'manifest.json', SIGNATURE_FILE];
  for (const name of names) {
    const file = join(from, name);
    if (existsSync(file)) await copyFile(file, join(to, name));
    // The archive is compressed as a whole.
    else if (isTableThere(file)) createFile(join(to, name), readTable(file));
  }
}

function planText({ session, plan }: SessionInfo): string {
  const lines = [
    `# The plan of the session ${session}, for boxmark run --plan. For the same work per burst and the same bytes:`,
    '# boxmark reproduce.',
  ];
  return `${lines.join('\n')}\n${stringify(writtenPlan(plan), { lineWidth: 0 })}`;
}

async function packImage({ image: { digest } }: SessionInfo, file: string): Promise<void> {
  const image = await loadImage(digest).catch((error: unknown) => {
    throw new BoxmarkError({
      what: 'The image of the session is not in the image store of this host.',
      value: digest,
      remedy: 'boxmark pack on the host that measured it, or without --image',
      cause: error,
    });
  });
  await exportImage(image, file);
}

/** By their paths below the folder, sorted. */
async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => relative(dir, join(entry.parentPath, entry.name))).sort();
}

/** Writes the folder as an archive, whole or not at all. The date of every entry is the session's end. */
export async function writeArchive(dir: string, name: string, file: string): Promise<void> {
  const { startedAt, finishedAt } = readSessionInfo(dir);
  const date = Math.max(0, Math.floor(Date.parse(finishedAt ?? startedAt) / 1000) || 0);
  const partial = partialName(file);
  try {
    const bytes = Readable.from(tarBytes(await membersOf(dir, name), date));
    await pipeline(bytes, createGzip(), createWriteStream(partial, { flags: 'wx' }));
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}

async function membersOf(dir: string, name: string): Promise<TarMember[]> {
  const files = await filesBelow(dir);
  const folders = new Set(files.map((file) => dirname(join(name, file))));
  const members: TarMember[] = [...folders].map((path) => ({ entry: { path, type: 'directory', mode: 0o755 } }));
  for (const file of files) {
    const { size } = await stat(join(dir, file));
    members.push({
      entry: { path: join(name, file), type: 'file', mode: 0o644, size },
      content: { file: join(dir, file) },
    });
  }
  return members.sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
}
