/** The seccomp setting of a runtime that has no own profile: the distribution's common one, a file, or none. */

import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { BoxmarkError, messageOf } from '../../bench/errors.ts';
import type { Obstacle } from '../../bench/types.ts';
import { COMMON_PROFILE, type OciSeccomp, ociSeccomp } from './seccomp.ts';

/** Undefined for none, which is also what the runtime does by itself. Never throws. */
export async function profileOf(seccomp: string | undefined): Promise<OciSeccomp | undefined | Obstacle> {
  if (seccomp === undefined || seccomp === 'unconfined') return undefined;
  const file = seccomp === 'default' ? COMMON_PROFILE : seccomp;
  try {
    return ociSeccomp(readFileSync(file, 'utf8'), process.arch, release());
  } catch (error) {
    const known = error instanceof BoxmarkError ? error : undefined;
    const reason = known === undefined ? messageOf(error) : `${known.what} (${known.value})`;
    const remedy =
      seccomp === 'default'
        ? 'install the common files of container engines (boxmark setup --for podman)'
        : 'the absolute path of a profile, with %2F for /';
    return { reason: `the seccomp profile ${file} can't be used: ${reason}`, remedy };
  }
}
