/**
 * A lab: private namespaces of processes, mounts, IPC, network and control groups, with places of its own for everything that
 * a run writes to. What stands in it after a run was left by that run, whoever else measures on this host meanwhile; and
 * it ends with its first process.
 */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Where engines write although the work folder is elsewhere: what is written stays in the lab. */
const OVERLAID = ['/etc', '/opt', '/var/lib', '/var/log'];
/** Replaced by an empty one. */
const EMPTY = ['/var/tmp', '/run', '/dev/shm'];

/** In the new namespaces. `$1` is the lab's folder, the rest is the command. Its shell collects orphans, as a first process must. */
const INSIDE = `
set -e
lab=$1; shift
mount --make-rprivate /
hierarchies=$(awk '$3 ~ /^cgroup2?$/ { print $2 "\\t" $3 "\\t" $4 }' /proc/mounts | sort -u)
mount -t tmpfs -o mode=755 lab "$lab"
mkdir "$lab/home" "$lab/tmp" "$lab/results" "$lab/store" "$lab/upper"
for place in ${OVERLAID.join(' ')}; do
  name=$(echo "$place" | tr / -)
  mkdir "$lab/upper/$name" "$lab/work$name"
  mount -t overlay -o "lowerdir=$place,upperdir=$lab/upper/$name,workdir=$lab/work$name" overlay "$place"
done
# Podman's own storage is in there, and an overlay can't be on an overlay.
mkdir -p /var/lib/containers
mount -t tmpfs -o mode=755 lab /var/lib/containers
for place in ${EMPTY.join(' ')}; do mount -t tmpfs -o mode=1777 lab "$place"; done
while grep -q ' /sys/fs/cgroup' /proc/self/mountinfo; do umount -R /sys/fs/cgroup; done
mount -t tmpfs -o mode=755 lab /sys/fs/cgroup
echo "$hierarchies" | while IFS="$(printf '\\t')" read -r place type options; do
  [ -n "$place" ] || continue
  mkdir -p "$place"
  options=$(echo "$options" | tr , '\\n' | grep -vE '^(rw|ro|relatime|nosuid|nodev|noexec|nsdelegate|memory_recursiveprot)$' | tr '\\n' , | sed 's/,$//')
  mount -t "$type" \${options:+-o "$options"} cgroup "$place" || rmdir "$place"
done
ip link set lo up 2>/dev/null || true
export BOXMARK_LAB="$lab" HOME="$lab/home" TMPDIR="$lab/tmp" BOXMARK_CACHE="$lab/store"
set +e
"$@"
code=$?
exit $code
`;

const ENTER = `
for group in $2; do echo $$ > "$group/cgroup.procs" || exit 125; done
folder=$1; shift 2
exec unshare --mount --pid --fork --kill-child --mount-proc --ipc --net --cgroup bash -c '${INSIDE.replaceAll("'", `'\\''`)}' lab "$folder" "$@"
`;

export interface Lab {
  /** Put in front of a command, runs it in the lab. Each use is a lab of its own in the same folder, one after the other. */
  readonly argv: readonly string[];
  /** After the last command has ended. */
  remove(): void;
}

/** Needs root. Makes a folder, and a control group in every hierarchy, which become the roots of the lab's. */
export function makeLab(): Lab {
  const folder = mkdtempSync(join(tmpdir(), 'boxmark-lab-'));
  const groups = hierarchies().map((mount) => join(mount, basename(folder)));
  for (const group of groups) {
    mkdirSync(group);
    for (const name of ['cpuset.mems', 'cpuset.cpus']) inherit(group, name);
  }
  return {
    argv: ['bash', '-c', ENTER, 'enter', folder, groups.join(' ')],
    remove: () => {
      for (const group of groups) removeGroups(group);
      rmdirSync(folder);
    },
  };
}

function hierarchies(): string[] {
  const lines = readFileSync('/proc/mounts', 'utf8').split('\n');
  const mounts = lines.flatMap((line) => {
    const [, place = '', type = ''] = line.split(' ');
    return /^cgroup2?$/.test(type) && place.startsWith('/sys/fs/cgroup') ? [place] : [];
  });
  return [...new Set(mounts)];
}

/** A group of the hierarchy cpuset takes no process before it has CPUs and memory nodes. */
function inherit(group: string, name: string): void {
  try {
    writeFileSync(join(group, name), readFileSync(join(group, '..', name)));
  } catch {
    // This hierarchy has no such file.
  }
}

/** Deepest first. Processes that have just ended keep a group busy for a moment. */
function removeGroups(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroups(join(group, entry.name));
  }
  for (let attempt = 0; ; attempt++) {
    try {
      rmdirSync(group);
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
}
