/** The seccomp profile of a container as `docker run` finds it. */

import { readFileSync } from 'node:fs';
import { BoxmarkError, messageOf } from '../../bench/errors.ts';
import type { Box, Workspace } from '../../bench/types.ts';
import { writeInBox } from '../kit/box-files.ts';

/** The value of the setting as it holds in the box: the command reads a file where it is called, elsewhere a copy. */
export async function profileIn(
  parent: Box,
  { id }: Workspace,
  seccomp: string | undefined,
): Promise<string | undefined> {
  if (seccomp === undefined || !seccomp.startsWith('/')) return seccomp;
  let text: string;
  try {
    text = readFileSync(seccomp, 'utf8');
  } catch (error) {
    throw new BoxmarkError({
      what: `The seccomp profile can't be read: ${messageOf(error)}`,
      value: seccomp,
      remedy: 'the name of a readable file in the working folder, or an absolute path with %2F for /',
    });
  }
  if (parent.path === 'host') return seccomp;
  const file = `${parent.scratch}/seccomp-${id}.json`;
  await writeInBox(parent, [], { [file]: text });
  return file;
}
