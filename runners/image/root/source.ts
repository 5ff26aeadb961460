/** `--root` as it is written: where a container image is, that becomes the root in which programs run. */

import { resolve } from 'node:path';
import { usageError } from '../../../bench/errors.ts';

/** `oci`: a folder in the OCI image layout; `docker-archive`: a file of `docker save`; `docker`: a daemon; `dir`: a folder as it is. */
export interface RootSource {
  readonly kind: 'oci' | 'docker-archive' | 'docker' | 'dir';
  /** Absolute path, or the name of an image in a daemon. */
  readonly at: string;
  /** Of an OCI layout that holds several images. */
  readonly tag?: string;
}

const FORM = /^(oci|docker-archive|docker|dir):(.+)$/s;

/** Throws a usage error for a text of another form; relative paths start at `cwd`. */
export function parseRoot(spec: string, cwd: string): RootSource {
  const [, kind = '', named = ''] = FORM.exec(spec) ?? [];
  if (kind === '' || named.includes('\0')) {
    throw usageError(
      '--root takes a container image: oci:FOLDER[:TAG], docker-archive:FILE, docker:NAME or dir:FOLDER.',
      spec,
      'docker:debian:12, or dir:./rootfs',
    );
  }
  if (kind === 'docker') {
    if (/^[A-Za-z0-9][\w.:/@+-]*$/.test(named)) return { kind, at: named };
    throw usageError('--root docker: takes the name of an image.', spec, 'docker:debian:12');
  }
  if (kind !== 'oci') return { kind: kind as 'dir' | 'docker-archive', at: resolve(cwd, named) };
  const [, folder = named, tag] = /^(.+):([\w][\w.-]*)$/s.exec(named) ?? [];
  return { kind, at: resolve(cwd, folder), ...(tag === undefined ? {} : { tag }) };
}
