/** The run's folder on another host: made, filled with verified copies, and removed even when this end dies first. */

import { randomBytes } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Workspace } from '../../../bench/types.ts';
import { imageArchive } from '../../image/forms.ts';
import { loadImage } from '../../image/load.ts';
import { MANIFEST_PATH, readManifest } from '../../image/manifest.ts';
import { sha256File, storeDir } from '../../image/store.ts';
import { endProcess } from '../../kit/end-process.ts';
import { readyLine } from '../../kit/ready.ts';
import type { Connection } from '../../kit/ssh/connection.ts';
import { OUTSIDE } from '../docker/leftovers.ts';

const COPY_LIMIT_MS = 900_000;
const READY_LIMIT_MS = 30_000;
const READY = 'boxmark-folder-ready';

export interface RemoteFolder {
  /** Absolute path on the other host. */
  readonly dir: string;
  /** Path there of an image's root or a file of the store, copied on the first call. Throws when its digests are others there. */
  put(storeFile: string): Promise<string>;
  remove(): Promise<void>;
}

/**
 * Waits for the end of its input, that is of this end of the connection, then removes the folder, and what engines have
 * made outside it that was not there before.
 */
const GUARD = `umask 077; mkdir "$1" && mkdir "$1/store" "$1/scratch" || exit 1
dir=$1; shift; absent=; for f; do [ -e "$f" ] || absent="$absent $f"; done
trap '' HUP INT TERM PIPE
echo ${READY}
cat >/dev/null
for m in $(while read -r _ m _; do case $m in "$dir"/*) echo "$m";; esac; done </proc/mounts); do umount -l "$m" 2>/dev/null; done
for f in $absent; do case $f in *.json) rm -f "$f";; *) rmdir "$f" 2>/dev/null;; esac; done
rm -rf --one-file-system "$dir"`;

/** Removes the groups of the run that are empty; others may be of boxes that still end. */
const UNGROUP = `for g in /sys/fs/cgroup/boxmark/$1 /sys/fs/cgroup/*/boxmark/$1; do
  [ -d "$g" ] && find "$g" -depth -type d -exec rmdir {} \\; 2>/dev/null; rmdir "\${g%/*}" 2>/dev/null; done; :`;

const GONE = `n=0; while [ -e "$1" ] && [ $n -lt 600 ]; do sleep 0.05; n=$((n+1)); done; [ ! -e "$1" ]`;

/** Makes the folder. It goes with the connection. */
export async function makeFolder(connection: Connection, workspace: Workspace, path: string): Promise<RemoteFolder> {
  // Where the other host is this one it must not be the run's own.
  const dir = `/var/tmp/boxmark-${workspace.id}-ssh-${randomBytes(4).toString('hex')}`;
  const guard = await connection.spawn(['sh', '-c', GUARD, 'sh', dir, ...OUTSIDE]);
  const match = (line: string): true | undefined => (line === READY ? true : undefined);
  try {
    await readyLine(guard, match, { path, limitMs: READY_LIMIT_MS, signal: workspace.signal });
  } catch (error) {
    await endProcess(guard);
    throw error;
  }
  const copied = new Map<string, Promise<string>>();
  return {
    dir,
    put: async (storeFile) => {
      const place = join(dir, 'store', relative(storeDir(), storeFile));
      if (storeFile === storeDir()) return place;
      const known = copied.get(storeFile) ?? copy(connection, storeFile, place);
      copied.set(storeFile, known);
      return known;
    },
    remove: async () => {
      await connection.exec(['sh', '-c', UNGROUP, 'sh', workspace.id]);
      await endProcess(guard);
      await connection.exec(['sh', '-c', GONE, 'sh', dir]);
    },
  };
}

/** Copies an image's root or a single file of the store, and verifies every digest there. */
async function copy(connection: Connection, storeFile: string, place: string): Promise<string> {
  const isRoot = (await lstat(storeFile)).isDirectory();
  const script = isRoot ? 'umask 022; mkdir -p "$1" && tar -C "$1" -xpf -' : 'mkdir -p "$2" && cat >"$1"';
  const file = isRoot ? await imageArchive(await loadImage(basename(dirname(storeFile)))) : storeFile;
  const sent = await connection.send(file, ['sh', '-c', script, 'sh', place, dirname(place)], COPY_LIMIT_MS);
  if (sent.exitCode !== 0) {
    throw new BoxmarkError({
      what: `The image could not be copied to the other host: ${sent.timedOut ? 'it took too long' : sent.stderr.trim()}`,
      value: storeFile,
      remedy: 'check that /var/tmp has room there, and that tar is installed',
    });
  }
  const digests: [path: string, sha256: string][] = isRoot
    ? [
        ...Object.entries((await readManifest(storeFile)).files).map(([path, { sha256 }]): [string, string] => [
          path,
          sha256,
        ]),
        [MANIFEST_PATH, await sha256File(join(storeFile, MANIFEST_PATH))],
      ]
    : [[basename(storeFile), await sha256File(storeFile)]];
  const list = digests.map(([path, sha256]) => `${sha256}  ${path}\n`).join('');
  const check = ['sh', '-c', 'cd "$1" && sha256sum -c --quiet -', 'sh', isRoot ? place : dirname(place)];
  const checked = await connection.exec(check, { input: list, timeoutMs: COPY_LIMIT_MS });
  if (checked.exitCode === 0) return place;
  throw new BoxmarkError({
    what: 'The copy of the image on the other host differs from what was sent.',
    value: (checked.stdout + checked.stderr).trim().split('\n')[0] ?? place,
    remedy: 'check the disk of the other host, and that it has sha256sum',
  });
}
