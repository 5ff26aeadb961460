/** Makes a clone ready to run: installs the locked dependencies and builds, when they are not as they should be. Needs nothing installed. */

import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { quietly } from './child.mjs';

/** Everything that the build reads; a test compares this with what goes into the bundles. */
export const SOURCES = [
  'cli',
  'bench',
  'runners',
  'fleet',
  'scimark',
  'shims',
  'system',
  'reports',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];
const LOCK_WAIT_MS = 15 * 60_000;

/** Are the installed packages exactly the locked ones? npm writes down what it installed when it has finished, not before. */
export function isInstalled(root) {
  const locked = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (locked === null || installed === null) return false;
  const known = Object.entries(locked).filter(([path]) => path !== '');
  return (
    known.every(([path, entry]) => {
      const found = installed[path];
      // Builds for other platforms are locked too but not installed.
      if (found === undefined) return entry.optional === true || entry.devOptional === true || entry.peer === true;
      return found.version === entry.version && found.integrity === entry.integrity && existsSync(join(root, path));
    }) && Object.keys(installed).every((path) => locked[path] !== undefined)
  );
}

/** Digest of everything that the build reads. */
export function sourceDigest(root) {
  const hash = createHash('sha256').update(process.versions.node.split('.')[0]);
  for (const name of SOURCES) {
    for (const file of filesBelow(root, name)) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** Was the program built from the sources as they are now? */
export function isBuilt(root) {
  const outputs = [
    join(root, 'dist', 'cli', 'main.js'),
    join(root, 'dist', 'payload.cjs'),
    join(root, 'dist', 'report', 'main.js'),
  ];
  return outputs.every((file) => existsSync(file)) && textOf(join(root, 'dist', '.stamp')) === sourceDigest(root);
}

/** Installs and builds as far as needed; two at once don't get in each other's way. */
export async function makeReady(root) {
  if (isInstalled(root) && isBuilt(root)) return 0;
  const { unlock, shareWith } = await lock(root);
  try {
    if (!isInstalled(root)) {
      const code = await quietly(
        'Installing the locked dependencies',
        npm(['ci', '--no-audit', '--no-fund', '--include=dev']),
        root,
        shareWith,
      );
      if (code !== 0) return code;
    }
    if (!isBuilt(root)) {
      // Taken before: what changes during the build is built next time.
      const digest = sourceDigest(root);
      const code = await quietly('Building', npm(['run', '--silent', 'build']), root, shareWith);
      if (code !== 0) return code;
      writeFileSync(join(root, 'dist', '.stamp'), digest);
    }
    return 0;
  } finally {
    unlock();
  }
}

/** Programs of the project itself, by the mode of the bootstrap that runs them. */
const PROGRAMS = {
  bench: 'test/speed/main.ts',
  faults: 'test/faults/main.ts',
  soak: 'test/faults/soak.ts',
  installs: 'test/install/main.ts',
  emulated: 'test/emulated/main.ts',
};

export const isOwnProgram = (mode) => Object.hasOwn(PROGRAMS, mode);

/** Where the bundle of such a program is. */
export function bundleOf(mode, root) {
  return join(root, 'node_modules', '.cache', 'boxmark', `${mode}.mjs`);
}

/** Bundles such a program into one file; returns the exit code. */
export async function bundleOwn(mode, root) {
  const esbuild = realpathSync(join(root, 'node_modules', '.bin', 'esbuild'));
  const flags = [
    '--bundle',
    '--platform=node',
    '--target=node20',
    '--format=esm',
    '--packages=external',
    '--log-level=warning',
  ];
  return quietly(
    'Bundling',
    [esbuild, [join(root, PROGRAMS[mode]), ...flags, `--outfile=${bundleOf(mode, root)}`]],
    root,
  );
}

/** npm as it was called, else the one on the path. */
function npm(args) {
  const self = process.env.npm_execpath;
  return self && basename(self) === 'npm-cli.js' ? [process.execPath, [self, ...args]] : ['npm', args];
}

/** A folder that only one process can make. Not in node_modules: installing empties that. */
async function lock(root) {
  const key = createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `boxmark-build-${process.getuid?.() ?? 0}-${key}`);
  for (const deadline = Date.now() + LOCK_WAIT_MS; Date.now() < deadline; ) {
    try {
      mkdirSync(folder, { mode: 0o700 });
      // npm outlives a killed bootstrap: as long as either runs, the lock is held.
      const shareWith = (pid) => writeFileSync(join(folder, 'pids'), `${process.pid} ${pid ?? ''}`);
      shareWith();
      return { unlock: () => removeLock(folder), shareWith };
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isForeign(folder)) throw new Error(`${folder} belongs to another user or may be written by others; remove it.`);
    if (isStale(folder)) {
      // Moved first: only one of several that wait gets it.
      const aside = `${folder}.${process.pid}`;
      try {
        renameSync(folder, aside);
      } catch {
        continue;
      }
      // In between, another one may have made a new lock.
      if (isStale(aside)) removeLock(aside);
      else renameSync(aside, folder);
    } else await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`Another process holds ${folder}; remove it when there is none.`);
}

/** Is there something that this user did not make as a lock? The name can be guessed, and the place is open to everyone. */
function isForeign(folder) {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  return !stats.isDirectory() || stats.uid !== process.geteuid?.() || (stats.mode & 0o022) !== 0;
}

/** Nothing else is ever in it. Not recursive: root would reach through links that others swap in. */
function removeLock(folder) {
  rmSync(join(folder, 'pids'), { force: true });
  try {
    rmdirSync(folder);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

function isStale(folder) {
  try {
    const pids = (textOf(join(folder, 'pids')) ?? '').split(' ').filter(Boolean);
    if (pids.length === 0) return Date.now() - statSync(folder).mtimeMs > 10_000;
    if (pids.some((pid) => isRunning(Number(pid)))) return false;
    // Killed before it could say which npm it had just started: that one may still run.
    return pids.length > 1 || Date.now() - statSync(join(folder, 'pids')).mtimeMs > 3000;
  } catch {
    return false; // It has just gone: the next attempt tells.
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? null;
  } catch {
    return null;
  }
}

function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Files at or below a path, sorted; none when it is missing. */
function filesBelow(root, path) {
  if (!existsSync(join(root, path))) return [];
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => filesBelow(root, join(path, name)));
}
