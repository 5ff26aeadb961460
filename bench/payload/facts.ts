/** Facts that a payload reads inside its own box: what runs, on which CPUs, under which limits and filters. */

import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PRELOAD, preloadFiles } from '../box/preload.ts';
import type { BoxFacts, Fact } from '../types.ts';
import { readCgroupFacts } from './cgroup-facts.ts';
import { scratchFacts } from './scratch-facts.ts';

/** Fields of /proc/self/status that decide what a pure loop costs or what a box may do. */
const STATUS_FIELDS: Readonly<Record<string, Fact>> = {
  Cpus_allowed_list: 'cpus_allowed',
  Seccomp: 'seccomp',
  Seccomp_filters: 'seccomp_filters',
  Speculation_Store_Bypass: 'speculation_store_bypass',
  NoNewPrivs: 'no_new_privs',
  CapEff: 'capabilities_effective',
  CapBnd: 'capabilities_bounding',
};

/** Of a file that is hashed. */
const PIECE_BYTES = 256 * 1024;

const NAMESPACES = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'] as const;

/**
 * Reads the facts; what the box does not show is null.
 * @param scratch folder of the payload's data
 * @param digests also hash the Node.js binary, its libraries and the payload against the image's manifest (about 100 MB)
 */
export function readBoxFacts(digests: boolean, scratch?: string): BoxFacts {
  const status = new Map((text('/proc/self/status') ?? '').split('\n').map((line) => split(line, ':')));
  const flags = cpuFlags();
  const shown = Object.entries(STATUS_FIELDS).map(([from, to]) => [to, status.get(from) ?? null]);
  const facts: BoxFacts = {
    node_version: process.version,
    v8_version: process.versions.v8,
    libc: libc(),
    pid: process.pid,
    uid: process.getuid?.() ?? null,
    kernel: text('/proc/sys/kernel/osrelease'),
    clocksource: text('/sys/devices/system/clocksource/clocksource0/current_clocksource'),
    cpu_flags: flags,
    cpu_flags_sha256: flags === null ? null : createHash('sha256').update(flags).digest('hex'),
    cpu_model: field(text('/proc/cpuinfo') ?? '', 'model name'),
    memory_total_kib: Number.parseInt(field(text('/proc/meminfo') ?? '', 'MemTotal') ?? '', 10) || null,
    mitigations: mitigations(),
    transparent_hugepages: text('/sys/kernel/mm/transparent_hugepage/enabled'),
    uid_map: text('/proc/self/uid_map')?.replace(/\s+/g, ' ') ?? null,
    security_label: text('/proc/self/attr/current'),
    root_filesystem: rootFilesystem(),
    ...scratchFacts(scratch, text('/proc/self/mountinfo')),
    devices: devices(),
    preloaded:
      preloaded()
        .map((file) => basename(file))
        .join(' ') || 'none',
    ...namespaces(),
    payload_sha256: sha256(process.argv[1] ?? ''),
    ...readCgroupFacts(text),
    ...Object.fromEntries(shown),
  };
  return digests ? { ...facts, ...imageDigests() } : facts;
}

/** Hashes what really runs and compares it with the image's manifest. */
function imageDigests(): BoxFacts {
  const payload = process.argv[1] ?? '';
  const manifest = JSON.parse(text(join(dirname(payload), 'manifest.json')) ?? '{}') as {
    files?: Record<string, { sha256?: string }>;
  };
  const listed = new Map<string, string>();
  // Boxmark's own files last: a root of the user's has others of the same name.
  const own = ([path]: [string, unknown]) => Number(path.startsWith('boxmark/'));
  const files = Object.entries(manifest.files ?? {}).sort((a, b) => own(a) - own(b));
  for (const [path, entry] of files) listed.set(basename(path), entry.sha256 ?? '');
  const wrong: string[] = [];
  const preloads = preloaded();
  const running = new Map([[basename(payload), payload]]);
  running.set('node', link('/proc/self/exe') ?? mappedProgram() ?? process.execPath);
  for (const file of loadedLibraries()) running.set(basename(file), file);
  let node: string | null = null;
  for (const [name, file] of running) {
    const digest = sha256(file);
    if (name === 'node') node = digest;
    // What the host loads into every program, and what that needs itself, is a fact of its own.
    if (!listed.has(name) && preloads.length > 0) continue;
    if (digest === null || listed.get(name) !== digest) wrong.push(name);
  }
  return { node_sha256: node, image_matches: wrong.length === 0, image_mismatch: wrong.sort().join(' ') || null };
}

/** Libraries that /etc/ld.so.preload adds to every program, as agents of monitoring systems do, as far as they are loaded. */
function preloaded(): string[] {
  const names = preloadFiles(text(PRELOAD) ?? '').map((file) => basename(file));
  return names.length === 0 ? [] : loadedLibraries().filter((file) => names.includes(basename(file)));
}

/** Shared objects mapped into this process, as the loader lists them, which works without /proc too. */
function loadedLibraries(): string[] {
  const report = process.report?.getReport() as unknown as { sharedObjects?: string[] } | undefined;
  return (report?.sharedObjects ?? []).filter((file) => file.startsWith('/') && /\.so(\.|$)/.test(file));
}

function libc(): string | null {
  const report = process.report?.getReport() as unknown as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header?.glibcVersionRuntime ? `glibc ${report.header.glibcVersionRuntime}` : null;
}

/** Sorted; they are compared name by name, and only their digest is kept with a session. */
function cpuFlags(): string | null {
  const content = text('/proc/cpuinfo') ?? '';
  const flags = field(content, 'flags') ?? field(content, 'Features');
  return flags === null ? null : flags.split(' ').sort().join(' ');
}

/** `meltdown: Not affected; mds: Vulnerable`: a name and its state for each vulnerability that the kernel lists. */
function mitigations(): string | null {
  const folder = '/sys/devices/system/cpu/vulnerabilities';
  try {
    const names = readdirSync(folder).sort();
    // A state may contain a semicolon.
    return names.map((name) => `${name}: ${(text(join(folder, name)) ?? '').replaceAll(';', ',')}`).join('; ') || null;
  } catch {
    return null;
  }
}

/** Numbers of the namespaces that this process is in, as `namespace_pid` and so on; those of another kernel mean nothing here. */
function namespaces(): BoxFacts {
  return Object.fromEntries(
    NAMESPACES.map((kind) => {
      try {
        return [`namespace_${kind}`, readlinkSync(`/proc/self/ns/${kind}`)];
      } catch {
        return [`namespace_${kind}`, null];
      }
    }),
  );
}

/** Names of the character and block devices in /dev and one level below, the terminals left out. */
function devices(): string | null {
  const found: string[] = [];
  const isDevice = (file: string) => {
    try {
      const stat = statSync(file);
      return stat.isCharacterDevice() || stat.isBlockDevice();
    } catch {
      return false;
    }
  };
  try {
    for (const entry of readdirSync('/dev', { withFileTypes: true })) {
      const path = join('/dev', entry.name);
      if (entry.isSymbolicLink() || /^(tty|pty|vcs|std|fd)/.test(entry.name)) continue;
      if (!entry.isDirectory()) found.push(...(isDevice(path) ? [entry.name] : []));
      else if (entry.name !== 'pts' && entry.name !== 'shm') {
        const below = readdirSync(path).map((name) => `${entry.name}/${name}`);
        found.push(...below.filter((name) => isDevice(join('/dev', name))));
      }
    }
  } catch {
    return null;
  }
  return found.sort().join(' ');
}

function rootFilesystem(): string | null {
  const line = (text('/proc/self/mounts') ?? '').split('\n').findLast((entry) => entry.split(' ')[1] === '/');
  const [, , type, options] = line?.split(' ') ?? [];
  return type === undefined ? null : `${type} ${options?.split(',')[0]}`;
}

function field(content: string, name: string): string | null {
  const line = content.split('\n').find((entry) => entry.split(':')[0]?.trim() === name);
  return line === undefined ? null : split(line, ':')[1];
}

function split(line: string, at: string): [string, string] {
  const index = line.indexOf(at);
  return [line.slice(0, index).trim(), line.slice(index + 1).trim()];
}

function text(file: string): string | null {
  try {
    return readFileSync(file, 'latin1').replaceAll('\0', '').trim();
  } catch {
    return null;
  }
}

function link(file: string): string | null {
  try {
    // Under a loader called by name, /proc/self/exe is that loader.
    const target = readlinkSync(file);
    return basename(target) === 'node' && statSync(target).isFile() ? target : null;
  } catch {
    return null;
  }
}

/** Node.js among the files that are mapped into this process. */
function mappedProgram(): string | null {
  const found = /(\/\S*\/node)$/m.exec(text('/proc/self/maps') ?? '');
  return found?.[1] ?? null;
}

/** In pieces: to a guest kernel, memory for a whole file of a hundred megabytes costs more time than to read it. */
function sha256(file: string): string | null {
  let from: number | undefined;
  try {
    from = openSync(file, 'r');
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let length = readSync(from, piece); length > 0; length = readSync(from, piece)) {
      hash.update(piece.subarray(0, length));
    }
    return hash.digest('hex');
  } catch {
    return null;
  } finally {
    if (from !== undefined) closeSync(from);
  }
}
