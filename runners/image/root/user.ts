/** The user of a container image as numbers: by its own lists of users and groups. */

import { readFile, stat } from 'node:fs/promises';
import { usageError } from '../../../bench/errors.ts';
import { type Layout, resolvedPlace } from '../layout.ts';
import { shown } from './config.ts';

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

const MOST_LIST_BYTES = 4 << 20;
/** Linux keeps the last number for "no change". */
const MOST_ID = 2 ** 32 - 2;

/** `name`, `number`, and either with a group after a colon; root without one. Throws a usage error for an unknown name. */
export async function identityOf(user: string | undefined, layout: Layout, source: string): Promise<Identity> {
  if (user === undefined) return { uid: 0, gid: 0 };
  const [name = '', group] = user.split(':', 2);
  const users = await linesOf(layout, 'etc/passwd');
  const known = users.find(([one, , id]) => one === name || (idOf(name) !== undefined && id === name));
  const uid = idOf(known?.[2] ?? name);
  if (uid === undefined) throw unknown('user', name, source);
  if (group === undefined || group === '') return { uid, gid: idOf(known?.[3] ?? '0') ?? 0 };
  const listed = (await linesOf(layout, 'etc/group')).find(([one]) => one === group);
  const gid = idOf(listed?.[2] ?? group);
  if (gid === undefined) throw unknown('group', group, source);
  return { uid, gid };
}

function unknown(what: string, name: string, source: string): Error {
  return usageError(
    `The image runs as a ${what} that its own /etc does not list.`,
    `${shown(name)} in ${source}`,
    'an image whose USER is a number',
  );
}

function idOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= MOST_ID ? Number(text) : undefined;
}

async function linesOf(layout: Layout, path: string): Promise<string[][]> {
  const source = layout.files.get(resolvedPlace(layout, path));
  if (source === undefined || !('from' in source) || (await stat(source.from)).size > MOST_LIST_BYTES) return [];
  return (await readFile(source.from, 'utf8')).split('\n').map((line) => line.split(':'));
}
