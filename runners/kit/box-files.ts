/** Writing small files in a box: in-process on the host, by a shell elsewhere. */

import { mkdir, writeFile } from 'node:fs/promises';
import { BoxmarkError } from '../../bench/errors.ts';
import type { Box } from '../../bench/types.ts';
import { quote } from './shell.ts';

/** Makes the folders with those above them, then the files. Throws `BoxmarkError` with the box's message. */
export async function writeInBox(
  box: Box,
  folders: readonly string[],
  files: Readonly<Record<string, string>>,
): Promise<void> {
  if (box.path === 'host') {
    for (const folder of folders) await mkdir(folder, { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(file, text);
    return;
  }
  const script = [
    ...(folders.length === 0 ? [] : [`mkdir -p ${folders.map(quote).join(' ')} || exit 1`]),
    ...Object.entries(files).map(([file, text]) => `printf %s ${quote(text)} >${quote(file)} || exit 1`),
  ].join('\n');
  const done = await box.exec(['sh', '-c', script]);
  if (done.exitCode === 0) return;
  throw new BoxmarkError({
    what: `The box ${box.path} can't be prepared for one inside it.`,
    value: done.stderr.trim().split('\n').at(-1) ?? '',
    remedy: 'boxmark doctor',
  });
}
