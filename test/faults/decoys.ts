/**
 * Things that are named, labelled or recorded as if a run had left them, and that nobody may touch: they are planted, and
 * later each is compared with what it was. Only for a lab, whose end takes them all away.
 */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

const STRANGER = 65534;
const LONG_AGO = new Date('2026-01-01T00:00:00Z');
/** Half of them have names that a run could have. */
const PRECIOUS = 'precious\n';

interface Decoy {
  readonly name: string;
  /** What it is now, in full: any difference means that it was touched. */
  look(): string;
  /** A look takes a program of its engine. */
  readonly slow?: boolean;
}

export interface Decoys {
  readonly count: number;
  /** Names of engines whose decoys could not be planted, with the reason. */
  readonly missing: readonly string[];
  /** Each with what it was and what it is. `all` includes those of engines, which takes seconds. */
  touched(all: boolean): string[];
  /** Names of those that are as they were. */
  untouched(): string[];
  /** Ends what was started for them. The rest goes with the lab. */
  end(): Promise<void>;
}

/** @param engines of those whose containers are to be planted: `docker`, which needs a daemon of the lab's own, and `podman` */
export async function plantDecoys(lab: string, engines: readonly ('docker' | 'podman')[] = []): Promise<Decoys> {
  const field = new DecoyField(lab);
  field.folders();
  field.sharedMemory();
  field.links();
  field.records();
  field.others();
  field.processes();
  field.groups();
  field.networks();
  field.mounts();
  field.store();
  field.systemContainers();
  for (const engine of engines) await field.containers(engine);
  return field.planted();
}

class DecoyField {
  readonly #lab: string;
  readonly #decoys: Decoy[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #missing: string[] = [];
  #close = () => {};

  constructor(lab: string) {
    this.#lab = lab;
    mkdirSync(join(lab, 'tmp', 'outside'), { recursive: true });
    writeFileSync(join(lab, 'tmp', 'outside', 'precious'), PRECIOUS);
  }

  planted(): Decoys {
    const before = this.#decoys.map((decoy) => decoy.look());
    return {
      count: this.#decoys.length,
      missing: this.#missing,
      touched: (all) =>
        this.#decoys.flatMap(({ name, look, slow }, index) => {
          if (slow === true && !all) return [];
          const now = look();
          return now === before[index] ? [] : [`${name}: was ${before[index]}, is ${now}`];
        }),
      untouched: () => this.#decoys.filter(({ look }, index) => look() === before[index]).map(({ name }) => name),
      end: async () => {
        this.#close();
        for (const child of this.#children) {
          if (child.exitCode !== null || child.signalCode !== null) continue;
          const ended = new Promise((resolve) => child.once('exit', resolve));
          if (child.spawnfile === 'dockerd') child.kill('SIGTERM');
          else process.kill(-(child.pid ?? 0), 'SIGKILL');
          await ended;
        }
      },
    };
  }

  folders(): void {
    for (const name of ['boxmark-results', 'boxmark-7777777', 'boxmark-777777777', 'boxmark-DEADBEEF', 'boxmark']) {
      this.#folder(`/var/tmp/${name}`, { record: '' });
    }
    this.#folder('/var/tmp/boxmark-22222222', { uid: STRANGER });
    this.#folder('/var/tmp/boxmark-33333333', { mode: 0o777 });
    this.#folder(join(this.#lab, 'tmp', 'boxmark-77777777'), {});
  }

  sharedMemory(): void {
    this.#file('/dev/shm/boxmark-87654321.db');
    this.#file('/dev/shm/boxmark-87654321');
    this.#folder('/dev/shm/boxmark-99999999-queue', { uid: STRANGER, record: '' });
  }

  links(): void {
    const outside = join(this.#lab, 'tmp', 'outside');
    this.#link('/var/tmp/boxmark-11111111', outside);
    this.#link('/var/tmp/boxmark-1111111a', outside, STRANGER);
    this.#link('/dev/shm/boxmark-1111111b', join(outside, 'precious'));
    this.#tree('what links lead to', outside);
  }

  /** Of a run whose process is gone, copied to where another id stands; and one that belongs to somebody else. */
  records(): void {
    this.#folder('/var/tmp/boxmark-44444444', { record: record('55555555') });
    this.#folder('/var/tmp/boxmark-4444444a', { recordUid: STRANGER, uid: STRANGER, mode: 0o755 });
  }

  others(): void {
    execFileSync('mkfifo', ['/var/tmp/boxmark-66666666']);
    this.#tree('a FIFO', '/var/tmp/boxmark-66666666');
    this.#file('/var/tmp/boxmark-6666666a');
    const server = createServer().listen('/var/tmp/boxmark-6666666b');
    server.unref();
    this.#close = () => server.close();
    this.#decoys.push(tree('a socket', '/var/tmp/boxmark-6666666b'));
    this.#file(`/run/containerd/s/${'a'.repeat(64)}`);
  }

  processes(): void {
    const named = ['/var/tmp/boxmark-0a1b2c3d/log', '/home/x/boxmark-22222222/tool', '/var/tmp/boxmark-22222222/guest'];
    for (const word of named) this.#process(`a process that names ${word}`, ['sh', '-c', 'sleep 100000 & wait', word]);
    this.#process('a process called as the program is', ['sh', '-c', 'sleep 100000 & wait', 'boxmark', 'run']);
    this.#process('a daemon with another folder', [
      'sh',
      '-c',
      'sleep 100000 & wait',
      'dockerd',
      '--data-root=/srv/boxmark-0a1b2c3d/docker/',
    ]);
  }

  /** In the first hierarchy that takes processes without further settings. */
  groups(): void {
    const mount = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) =>
      existsSync(join(path, 'cgroup.procs')),
    );
    if (mount === undefined) return void this.#missing.push('control groups: there is no hierarchy');
    for (const name of ['boxmark/feedbeef', 'boxmark-0a1b2c3d', 'boxmark/0A1B2C3D']) {
      const group = join(mount, name);
      mkdirSync(group, { recursive: true });
      const child =
        name === 'boxmark/0A1B2C3D' ? undefined : this.#process(`a process in ${name}`, ['sleep', '100000']);
      if (child !== undefined) writeFileSync(join(group, 'cgroup.procs'), String(child.pid));
      const look = () => (existsSync(group) ? `${lstatSync(group).ino} ${read(join(group, 'cgroup.procs'))}` : 'gone');
      this.#decoys.push({ name: `group ${name}`, look });
    }
  }

  networks(): void {
    for (const name of ['boxmark-12345678-lab', 'boxmark-1234567']) {
      const { status, stderr } = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
      if (status !== 0) this.#missing.push(`network namespace ${name}: ${stderr.trim()}`);
      else this.#decoys.push(tree(`network namespace ${name}`, `/run/netns/${name}`));
    }
    if (spawnSync('ip', ['link', 'add', 'boxmark0', 'type', 'dummy']).status === 0)
      this.#decoys.push({ name: 'network boxmark0', look: () => read('/sys/class/net/boxmark0/ifindex') });
  }

  mounts(): void {
    for (const place of ['/var/tmp/boxmark-mnt', join(this.#lab, 'tmp', 'boxmark-88888888')]) {
      mkdirSync(place);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'decoy', place]);
      this.#file(join(place, 'precious'));
      const look = () => String(read('/proc/self/mountinfo').includes(` ${place} `));
      this.#decoys.push({ name: `mount ${place}`, look });
    }
  }

  store(): void {
    const store = join(this.#lab, 'store');
    this.#file(join(store, 'thesis.tmp'));
    this.#folder(join(store, 'old.tmp'), { record: '' });
    mkdirSync(join(this.#lab, 'tmp', 'victim'));
    this.#file(join(this.#lab, 'tmp', 'victim', '.build-1234'));
    this.#link(join(store, 'sub'), join(this.#lab, 'tmp', 'victim'));
  }

  systemContainers(): void {
    this.#folder('/var/lib/lxc/boxmark-99999999', { record: 'lxc.uts.name = boxmark\n', recordName: 'config' });
    this.#folder('/var/lib/machines/boxmark-99999999', { record: '' });
  }

  async containers(engine: 'docker' | 'podman'): Promise<void> {
    if (engine === 'docker' && !(await this.#daemon())) return;
    const call = (...args: string[]) => spawnSync(engine, args, { encoding: 'utf8', timeout: 60_000 });
    const empty = join(this.#lab, 'home', 'empty.tar');
    execFileSync('tar', ['-cf', empty, '-T', '/dev/null']);
    const { status, stderr } = call('import', empty, 'boxmark:mine');
    if (status !== 0) return void this.#missing.push(`${engine}: ${stderr.trim()}`);
    const labelled = [
      ['shop-db', 'production'],
      ['nightly', 'true'],
      ['boxmark-0a1b2c3d', '0a1b2c3d'],
      ['theirs', '22222222'],
    ];
    for (const [name = '', label] of labelled) {
      const made = call('create', '--name', name, '--label', `boxmark=${label}`, 'boxmark:mine', 'true');
      if (made.status !== 0) this.#missing.push(`${engine} ${name}: ${made.stderr.trim()}`);
      const look = () => call('inspect', '--format', '{{.Id}} {{.Created}} {{.State.Status}}', name).stdout.trim();
      this.#decoys.push({ name: `${engine} container ${name}`, look, slow: true });
    }
    const volume = 'boxmark-0a1b2c3d';
    call('volume', 'create', '--label', 'boxmark=true', volume);
    const look = () => call('volume', 'inspect', '--format', '{{.Name}} {{.CreatedAt}}', volume).stdout.trim();
    this.#decoys.push({ name: `${engine} volume`, look, slow: true });
    const image = () => call('image', 'inspect', '--format', '{{.Id}}', 'boxmark:mine').stdout.trim();
    this.#decoys.push({ name: `${engine} image`, look: image, slow: true });
  }

  /** At the place where the program looks for the host's own. */
  async #daemon(): Promise<boolean> {
    const home = join(this.#lab, 'home', 'docker');
    const flags = ['--data-root', home, '--iptables=false', '--bridge=none', '-H', 'unix:///run/docker.sock'];
    const child = spawn('dockerd', flags, { stdio: 'ignore' });
    child.on('error', () => {});
    this.#children.push(child);
    for (let attempt = 0; attempt < 150; attempt++) {
      if (spawnSync('docker', ['version'], { timeout: 5000 }).status === 0) return true;
      if (child.exitCode !== null || child.pid === undefined) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    this.#missing.push('docker: no daemon starts in the lab');
    return false;
  }

  #file(path: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, PRECIOUS);
    this.#tree(path, path);
  }

  #link(path: string, target: string, uid = 0): void {
    symlinkSync(target, path);
    lchownSync(path, uid, uid);
    this.#decoys.push(tree(path, path));
  }

  #folder(path: string, options: FolderOptions): void {
    const {
      uid = 0,
      mode = 0o700,
      recordUid = 0,
      recordName = 'owner.json',
      record: text = record(path.slice(-8)),
    } = options;
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'precious'), PRECIOUS);
    if (text !== '') {
      writeFileSync(join(path, recordName), text, { mode: 0o600 });
      chownSync(join(path, recordName), recordUid, recordUid);
    }
    chmodSync(path, mode);
    chownSync(path, uid, uid);
    this.#tree(path, path);
  }

  /** Old, so that no span of grace protects it. */
  #tree(name: string, path: string): void {
    utimesSync(path, LONG_AGO, LONG_AGO);
    this.#decoys.push(tree(name, path));
  }

  #process(name: string, [file = '', ...args]: readonly string[]): ChildProcess {
    const child = spawn(file, args, { detached: true, stdio: 'ignore' });
    this.#children.push(child);
    this.#decoys.push({ name, look: () => startOf(child.pid) });
    return child;
  }
}

interface FolderOptions {
  readonly uid?: number;
  readonly mode?: number;
  /** Of a dead run, unless it says otherwise; empty for none. */
  readonly record?: string;
  readonly recordUid?: number;
  readonly recordName?: string;
}

/** What a run that is dead wrote of itself: its process was another boot's. */
function record(id: string): string {
  return `${JSON.stringify({ pid: 1, startTicks: 1, id, bootId: 'another boot', pidNamespace: null })}\n`;
}

function tree(name: string, path: string): Decoy {
  return { name, look: () => lookAt(path) };
}

/** Kind, owner, mode, time and content of an entry and all below it. */
function lookAt(path: string): string {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 'gone';
  const own = [stats.ino, stats.uid, stats.mode.toString(8), stats.mtimeMs].join(' ');
  if (stats.isSymbolicLink()) return `${own} -> ${readlinkSync(path)}`;
  if (stats.isFile()) return `${own} ${createHash('sha256').update(read(path)).digest('hex').slice(0, 16)}`;
  if (!stats.isDirectory()) return own;
  const below = readdirSync(path)
    .sort()
    .map((name) => `${name} ${lookAt(join(path, name))}`);
  return `${own} (${below.join('; ')})`;
}

function startOf(pid: number | undefined): string {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || fields[0] === 'Z' ? 'ended' : `${pid} since ${fields[19]}`;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
