/** A private Docker daemon in any box: everything in one folder, no network, off the workload's CPUs. */

import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box } from '../../../bench/types.ts';
import { cpuList } from '../../kit/shell.ts';
import { type DockerClient, lastLines } from './client.ts';
import type { Runtime } from './runtime.ts';
import type { DaemonWish } from './settings.ts';

const START_LIMIT_MS = 60_000;
/** The kernel's limit for the path of a socket, with its final zero. */
const SOCKET_PATH_LIMIT = 108;
const START_ATTEMPTS = 3;
const TOO_SLOW = /timeout waiting for containerd/;
const STORAGE_DRIVERS = ['overlay2', 'vfs'] as const;

/** What a daemon says about itself. */
export interface DaemonFacts {
  readonly version: string;
  readonly storage: string;
  readonly cgroupDriver: string;
  readonly kernel: string;
  /** True when it keeps images in containerd, which names them by another digest. */
  readonly containerdStore: boolean;
  /** Names of the OCI runtimes that it knows. */
  readonly runtimes: readonly string[];
  /** The one that it takes when none is asked for; empty where it doesn't say. */
  readonly defaultRuntime: string;
  readonly rootless: boolean;
  /** What it can't limit, and would run without a limit. */
  readonly unlimited: readonly string[];
}

export interface OwnDaemon {
  /** Folder of the daemon, on a real file system. */
  readonly dir: string;
  /** Path of the docker command in the box. */
  readonly docker: string;
  /** Group of the daemon's containers. */
  readonly group: string;
  readonly cpus: readonly number[];
  /** It runs in a box, whose root is read-only and whose mounts are the box's own. */
  readonly boxed?: boolean;
  /** The only storage driver to try. */
  readonly storage?: string | undefined;
  /** An OCI runtime beside the default one. */
  readonly runtime?: Runtime | undefined;
}

/** What `docker info` says of its limits, in the order of the format. */
const LIMITS = ['CPUs', 'memory', 'processes'];

/** For `docker info -f`. */
export const FACTS_FORMAT =
  '{{.ServerVersion}}\t{{.Driver}}\t{{.CgroupDriver}}\t{{.KernelVersion}}\t{{json .DriverStatus}}\t{{range $name, $_ := .Runtimes}}{{$name}} {{end}}\t{{.DefaultRuntime}}\t{{json .SecurityOptions}}\t{{.CPUSet}} {{.MemoryLimit}} {{.PidsLimit}}';

export function parseFacts(line: string): DaemonFacts {
  const [
    version = '',
    storage = '',
    cgroupDriver = '',
    kernel = '',
    status = '',
    runtimes = '',
    defaultRuntime = '',
    security = '',
    able = '',
  ] = line.trim().split('\t');
  return {
    version,
    storage,
    cgroupDriver,
    kernel,
    containerdStore: status.includes('io.containerd.snapshotter'),
    runtimes: runtimes.split(' ').filter(Boolean),
    defaultRuntime: defaultRuntime.trim(),
    rootless: security.includes('name=rootless'),
    unlimited: able.split(' ').flatMap((word, at) => (word === 'false' ? [LIMITS[at] ?? ''] : [])),
  };
}

/**
 * The OCI runtime to ask for by its name; undefined for the daemon's default. Without a wish Docker is measured with runc,
 * whatever default its users have set (nvidia, runsc, sysbox).
 */
export function runtimeByName({ defaultRuntime }: DaemonFacts, wish: DaemonWish): string | undefined {
  if (wish.runtime !== undefined) return wish.runtime;
  return ['', 'runc', 'io.containerd.runc.v2'].includes(defaultRuntime) ? undefined : 'runc';
}

export function clientOf({ dir, docker, cpus }: OwnDaemon): DockerClient {
  return { file: docker, socket: `${dir}/s.sock`, cpus };
}

/**
 * `running` holds while the pid file names a daemon on this folder: the file may be of a box that is gone, where its number
 * meant another process. A zombie counts as ended, as nobody may be there to collect it.
 */
const RUNNING = `dir=$1
pid=; [ -r "$dir/pid" ] && read -r pid <"$dir/pid"
running() {
  [ -n "$pid" ] && [ -r "/proc/$pid/stat" ] && read -r _ _ state _ <"/proc/$pid/stat" && [ "$state" != Z ] || return 1
  case "$(cat "/proc/$pid/cmdline" 2>/dev/null)" in *"$dir/data"*) return 0;; esac; return 1
}
`;

/**
 * Docker writes to /etc/docker whatever its options are. The socket belongs to root alone, not to the host's group
 * `docker`, whose members would get root by it. It is there before the daemon is ready: the first question waits. Without a
 * format nothing is asked, and whoever comes next waits.
 */
const START = `${RUNNING}
cpus=$2 group=$3 driver=$4 docker=$5 format=$6 boxed=$7 runtime=$8 script=$9
[ -z "$boxed" ] || mkdir -p /etc/docker 2>/dev/null || mount -t tmpfs tmpfs /etc || exit 1
mkdir -p "$dir" && cd "$dir" || exit 1
n=0; while running && [ ! -S s.sock ] && [ $n -lt 500 ]; do n=$((n+1)); sleep 0.02; done
if ! running; then
  rm -rf exec s.sock pid; echo '{}' >daemon.json
  if [ -n "$runtime" ]; then
    printf %s "$script" >runtime && chmod 755 runtime || exit 1
    echo '{"runtimes":{"'"$runtime"'":{"path":"'"$dir"'/runtime"}}}' >daemon.json
  fi
  taskset -c "$cpus" dockerd --config-file "$dir/daemon.json" --log-level warn \\
    --data-root "$dir/data" --exec-root "$dir/exec" -H "unix://$dir/s.sock" --pidfile "$dir/pid" \\
    --group 0 --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \\
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "$group" --storage-driver "$driver" \\
    >log 2>&1 </dev/null &
  started=$!
  until [ -S s.sock ]; do kill -0 $started 2>/dev/null || exit 3; sleep 0.005; done
fi
[ -n "$format" ] || exit 0
exec taskset -c "$cpus" "$docker" -H "unix://$dir/s.sock" info -f "$format"`;

/**
 * `limit` is in steps of 20 ms: none to ask only, and after it the daemon is killed. Without its socket, a start waits for
 * the end of the one that was asked.
 */
const STOP = `${RUNNING}
limit=$2; running || exit 0
kill "$pid"; rm -f "$dir/s.sock"; [ "$limit" = 0 ] && exit 0
n=0; while running; do n=$((n+1)); [ $n -gt "$limit" ] && { kill -9 "$pid"; break; }; sleep 0.02; done`;

/**
 * A command that starts the daemon in its box, or finds that it runs: to be run before the box is entered. It ends when the
 * daemon listens.
 */
export function daemonAhead(daemon: OwnDaemon, { storage }: DaemonFacts): string[] {
  return startArgv(daemon, storage, '');
}

function startArgv({ dir, cpus, group, docker, boxed, runtime }: OwnDaemon, driver: string, format: string): string[] {
  const own = [runtime?.name ?? '', runtime?.script ?? ''];
  return ['sh', '-c', START, 'sh', dir, cpuList(cpus), group, driver, docker, format, boxed ? 'yes' : '', ...own];
}

/** Starts the daemon, or finds that it runs, and waits until it answers. Throws `BoxmarkError` with the end of its log. */
export async function startDaemon(box: Box, daemon: OwnDaemon): Promise<DaemonFacts> {
  const longest = `${daemon.dir}/exec/containerd/containerd.sock.ttrpc`;
  if (longest.length >= SOCKET_PATH_LIMIT) {
    throw new BoxmarkError({
      what: 'The path of the work folder is too long for the sockets of a Docker daemon.',
      value: daemon.dir,
      remedy: `a path of at most ${SOCKET_PATH_LIMIT - 1 - (longest.length - daemon.dir.length)} characters`,
    });
  }
  let log = '';
  let attempts = 0;
  const drivers = daemon.storage === undefined ? STORAGE_DRIVERS : [daemon.storage];
  for (let at = 0; at < drivers.length; ) {
    const argv = startArgv(daemon, drivers[at] ?? '', FACTS_FORMAT);
    const done = await box.exec(argv, { timeoutMs: START_LIMIT_MS });
    const facts = parseFacts(done.stdout);
    if (done.exitCode === 0 && facts.version !== '') return facts;
    log = (await box.exec(['cat', `${daemon.dir}/log`])).stdout || done.stderr;
    await stopDaemon(box, daemon, 2000);
    // It gives containerd 15 s, which a guest kernel on a busy host may not keep; the second time its files are in memory.
    if (++attempts < START_ATTEMPTS && TOO_SLOW.test(log)) continue;
    if (!/graph ?driver|storage[- ]driver|overlay/i.test(lastLines(log, 3))) break;
    at += 1;
  }
  throw new BoxmarkError({
    what: `The Docker daemon did not start: ${lastLines(log, 2) || 'it printed nothing'}`,
    remedy: 'boxmark doctor',
  });
}

/**
 * SIGTERM, then SIGKILL after `graceMs`; with 0 it is only asked to stop. Never throws: a box that is gone took its daemon
 * along.
 */
export async function stopDaemon(box: Box, daemon: OwnDaemon, graceMs: number): Promise<void> {
  const steps = Math.ceil(graceMs / 20);
  await box.exec(['sh', '-c', STOP, 'sh', daemon.dir, String(steps)], { timeoutMs: graceMs + 5000 });
}
