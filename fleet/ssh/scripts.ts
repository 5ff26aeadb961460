/**
 * What runs on a host beside the program: text for its `sh`, with coreutils or busybox. A login shell may print whatever it
 * likes before, so every answer stands on a line of its own and begins with a word of Boxmark's.
 */

/** On a disk in every distribution, and kept across reboots. */
const PLACE = '/var/tmp';
export const FOLDER_PREFIX = `${PLACE}/boxmark-node-`;
/** Followed by the user's id. Whoever can write to `/var/tmp` can take the name: what is there is used only if it is this user's alone. */
const KITS_PREFIX = `${PLACE}/boxmark-kits-`;

export const ANSWER = 'boxmark-host ';
export const READY = 'boxmark-node-ready';
export const STARTED = 'boxmark-node-started';
export const ENDED = 'boxmark-node-ended ';
/** This side says it every now and then. */
export const ALIVE = 'on';

/** Time that the program gets to close its boxes after a SIGTERM, s. */
const GRACE_S = 45;
/** Time that `boxmark clean` gets where that was not enough, s. */
const CLEAN_S = 120;
/** A connection that says nothing for so long is gone, s: where cables are cut no side hears of it. */
const SILENCE_S = 120;
/** How long `REMOVE` and the guard may take at most, ms. */
export const REMOVE_LIMIT_MS = (GRACE_S + CLEAN_S + 60) * 1000;
/** Pause between two signs of life, ms. */
export const ALIVE_MS = 30_000;
/** Kits that nobody used for so many days go. */
const KIT_DAYS = 30;

/** What Boxmark's own commands use there. */
export const COMMANDS = [
  ...[
    'sh',
    'cat',
    'chmod',
    'cut',
    'df',
    'find',
    'grep',
    'gzip',
    'head',
    'id',
    'kill',
    'ln',
    'mkdir',
    'mv',
    'readlink',
    'rm',
  ],
  ...['setsid', 'sha256sum', 'sleep', 'sort', 'tail', 'tar', 'timeout', 'touch', 'uname'],
];

/** `$@`: commands that must be there. */
export const ASK = `echo
echo "${ANSWER}system $(uname -s)"; echo "${ANSWER}machine $(uname -m)"
echo "${ANSWER}disk $(df -Pk ${PLACE} | tail -n 1)"
for c; do command -v "$c" >/dev/null || echo "${ANSWER}missing $c"; done
echo "${ANSWER}end"`;

/**
 * `finish DIR`: ends the program of a folder, everything that it started, and the folder. Processes are known by the folder
 * in their environment or their command line: a process id alone may mean something else by now. Where the program could not
 * close its boxes itself, `boxmark clean` does.
 */
const FINISH = `named() { d=$1; shift; grep -ls "$d[/]" "$@" 2>/dev/null | cut -d / -f 3 | sort -u; }
finish() {
  p=; { read -r p <"$1/pid"; } 2>/dev/null
  all=$(named "$1" /proc/[0-9]*/environ)
  case " "$(echo $all)" " in *" $p "*) all=$p;; esac
  if [ -n "$all" ]; then kill -TERM $all 2>/dev/null; fi
  n=0; while [ $n -lt $((${GRACE_S} * 5)) ] && [ -n "$(named "$1" /proc/[0-9]*/environ)" ]; do sleep 0.2; n=$((n+1)); done
  killed=; n=0
  while [ $n -lt 50 ]; do
    all=$(named "$1" /proc/[0-9]*/environ /proc/[0-9]*/cmdline); [ -n "$all" ] || break
    killed=1; kill -9 $all 2>/dev/null; sleep 0.1; n=$((n+1))
  done
  if [ -f "$1/again" ] && { [ -n "$killed" ] || [ ! -f "$1/done" ]; }; then
    timeout -s KILL ${CLEAN_S} sh "$1/again" clean </dev/null >/dev/null 2>&1
  fi
  while read -r _ m _; do case $m in "$1"/*) umount -l "$m" 2>/dev/null;; esac; done </proc/mounts
  find "$1" -xdev -type d ! -perm -700 -exec chmod u+rwx {} ";" 2>/dev/null
  find "$1" -xdev -depth -delete 2>/dev/null
  [ ! -e "$1" ]
}`;

/** Folders of this user whose guard is dead, as after a reboot. In doubt it lives. */
const SWEEP = `u=$(id -u)
for d in ${FOLDER_PREFIX}*; do
  [ -n "$(find "$d" -prune -type d -user "$u" -perm 700 2>/dev/null)" ] || continue
  p=; own=; { read -r p own <"$d/guard"; } 2>/dev/null
  case $p in
  ''|*[!0-9]*) [ -n "$(find "$d" -prune -mmin +10)" ] || continue;;
  *) [ "$own" = "$ns" ] || continue; grep -qs -e "$d" "/proc/$p/cmdline" && continue;;
  esac
  finish "$d"
done`;

/**
 * `$1`: the folder, which is made, before anything that takes time shows its name to others, and goes with the connection. Waits until nothing more is heard of the other side, or it
 * says something else than that it lives.
 */
export const GUARD = `umask 077
${FINISH}
ns=$(readlink /proc/self/ns/pid)
mkdir "$1" && mkdir "$1/store" "$1/tmp" && echo "$$ $ns" >"$1/guard" || exit 1
trap '' HUP INT TERM PIPE
${SWEEP}
echo; echo ${READY}
while timeout -s KILL ${SILENCE_S} sh -c 'read -r w && [ "$w" = ${ALIVE} ]'; do :; done
finish "$1"`;

/** `$1`: a folder whose guard has died. */
export const REMOVE = `${FINISH}
finish "$1"`;

/**
 * `$1`: the folder, `$2`: the digest. Says where the kit is or is to be, and whether its files there are those that
 * standard input lists.
 */
export const FIND_KIT = `umask 077; u=$(id -u); c=${KITS_PREFIX}$u
mkdir "$c" 2>/dev/null
if [ -n "$(find "$c" -prune -type d -user "$u" -perm 700 2>/dev/null)" ]; then
  find "$c" -mindepth 1 -maxdepth 1 -mtime +${KIT_DAYS} -exec rm -rf {} ";"
else c=$1; fi
k=$c/$2; echo
if cd "$k" 2>/dev/null && sha256sum -c >/dev/null 2>&1; then touch "$k"; echo "${ANSWER}present $k"
else cd /; rm -rf "$k"; echo "${ANSWER}absent $k"; fi`;

/** `$1`: the folder. Standard input is the archive. */
export const UNPACK = `umask 022; mkdir "$1/kit" && tar -C "$1/kit" -xzpf - && exit
df -Pk ${PLACE} | grep -q " 100% " && echo "${PLACE} is full" >&2; exit 1`;

/** `$1`: the folder, `$2`: where the kit is to be. Standard input lists its files. Two fleets may do it at once. */
export const PUT_KIT = `cd "$1/kit" || exit 1
wrong=$(sha256sum -c 2>&1) || { echo "$wrong" | grep -v ": OK$" | head -n 3 >&2; exit 1; }
cd /; [ -e "$2" ] || mv "$1/kit" "$2"; [ -d "$2" ]`;

/**
 * `$1`: the folder, `$2`: a script that starts the program with other words, then the words of the program. Its image
 * store is in the folder, but for the guest kernels of the user's own. Standard input is the program's.
 */
export const RUN = `dir=$1; again=$2; shift 2
kernels=\${BOXMARK_CACHE:-\${XDG_CACHE_HOME:-$HOME/.cache}/boxmark}/kernels
[ ! -d "$kernels" ] || ln -s "$kernels" "$dir/store/kernels"
printf "%s\\n" "$again" >"$dir/again"
unset NODE_OPTIONS NODE_PATH LD_PRELOAD LD_LIBRARY_PATH
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
TMPDIR=$dir/tmp; BOXMARK_CACHE=$dir/store; LC_ALL=C; export PATH TMPDIR BOXMARK_CACHE LC_ALL
exec 3<&0
echo; echo ${STARTED}
setsid "$@" <&3 3<&- & p=$!
echo "$p" >"$dir/pid"
wait "$p"; c=$?
[ "$c" -ge 128 ] || : >"$dir/done"
echo; echo "${ENDED}$c"`;
