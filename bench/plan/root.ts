/** A container image as the root in which users' programs run: how it is asked for, and what a plan keeps of it. */

import { usageError } from '../errors.ts';
import type { PlannedRoot } from '../types.ts';
import type { ValueType } from './values.ts';

const FORM = /^(oci|docker-archive|docker|dir):.+/s;
const EXAMPLE = 'docker:debian:12, oci:FOLDER:TAG, docker-archive:FILE or dir:FOLDER';

/** What the programs ran in: as it was named, and what it was. */
export function rootText({ source, digest, id }: PlannedRoot): string {
  const image = id === undefined ? '' : `image ${id.slice(0, 12)}, `;
  return `${source} (${image}root ${digest.slice(0, 12)})`;
}

/** Where the image is. */
export const ROOT: ValueType<string> = {
  metavar: 'image',
  forms: ['text'],
  pattern: FORM,
  parse: (given, flag) => {
    if (typeof given === 'string' && FORM.test(given) && !given.includes('\0')) return given;
    throw usageError(`${flag} takes a container image: ${EXAMPLE}.`, JSON.stringify(given), 'docker:debian:12');
  },
  format: String,
};
