/** What the tests of images and of boxes share: a store of their own, a payload that tells what it sees, and a workspace. */

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Box, BoxProcess, Limits, Workspace } from '../../bench/types.ts';
import { hostHierarchies, removeWorkspaceGroups } from '../../runners/cgroup/group.ts';
import { allowedCpus } from '../../runners/host/cpus.ts';

/**
 * Tells facts in its first line, then answers each line. It runs on the host too, so it tries to write only where it is the
 * first process of a box.
 */
const PAYLOAD = `'use strict';
const fs = require('fs');
const text = (file) => { try { return fs.readFileSync(file, 'utf8'); } catch (error) { return error.code; } };
const status = Object.fromEntries(text('/proc/self/status').split('\\n').map((line) => line.split(':\\t')));
const write = (file) => {
  if (process.pid !== 1) return 'not tried';
  try { fs.writeFileSync(file, 'x'); return 'written'; } catch (error) { return error.code; }
};
console.log(JSON.stringify({
  pid: process.pid, uid: process.getuid(), cwd: process.cwd(), argv: process.argv.slice(2), env: process.env,
  cpus: status.Cpus_allowed_list, capabilities: [status.CapEff, status.CapPrm, status.CapBnd], nnp: status.NoNewPrivs,
  root: fs.readdirSync('/').sort(), bin: fs.readdirSync('/usr/bin').length,
  interfaces: text('/proc/net/dev').split('\\n').slice(2).map((line) => line.split(':')[0].trim()).filter(Boolean),
  route: text('/proc/net/route').trim().split('\\n').length - 1,
  processes: fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)),
  mounts: text('/proc/self/mountinfo').trim().split('\\n').map((line) => line.split(' ')[4]),
  hostname: require('os').hostname(),
  writes: ['/written', '/etc/passwd', '/proc/sys/kernel/hostname', '/sys/kernel/uevent_helper', '/tmp/written'].map(write),
}));
const chunk = Buffer.alloc(4096);
for (let rest = ''; ; ) {
  const size = fs.readSync(0, chunk, 0, chunk.length, null);
  if (size === 0) break;
  rest += chunk.toString('utf8', 0, size);
  for (let end = rest.indexOf('\\n'); end >= 0; end = rest.indexOf('\\n')) {
    const line = rest.slice(0, end);
    rest = rest.slice(end + 1);
    if (line === 'quit') process.exit(3);
    if (line === 'burn') for (const until = Date.now() + 200; Date.now() < until; );
    console.log('echo ' + line);
  }
}
`;

export interface Facts {
  readonly pid: number;
  readonly uid: number;
  readonly cwd: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cpus: string;
  readonly capabilities: readonly string[];
  readonly nnp: string;
  readonly root: readonly string[];
  readonly bin: number;
  readonly interfaces: readonly string[];
  readonly route: number;
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly hostname: string;
  readonly writes: readonly string[];
}

export interface Lab {
  readonly payloadFile: string;
  readonly workspace: Workspace;
  readonly limits: Limits;
  readonly notes: string[];
  /** Removes everything, and says what the boxes had left: processes, groups and mounts. */
  dispose(): Promise<string[]>;
}

/** Opens a store and a workspace below /var/tmp, which is a real file system. */
export function openLab(): Lab {
  const dir = mkdtempSync('/var/tmp/boxmark-test-');
  const id = randomBytes(4).toString('hex');
  const before = process.env.BOXMARK_CACHE;
  process.env.BOXMARK_CACHE = join(dir, 'store');
  const payloadFile = join(dir, 'payload.cjs');
  writeFileSync(payloadFile, PAYLOAD);
  const work = join(dir, `boxmark-${id}`);
  mkdirSync(work);
  const allowed = allowedCpus();
  const limits: Limits = {
    cpus: allowed.slice(-1),
    housekeeping: allowed.length > 1 ? allowed.slice(0, -1) : allowed,
    memoryBytes: 512 << 20,
    pids: 64,
  };
  const notes: string[] = [];
  const { signal } = new AbortController();
  const note: Workspace['note'] = ({ kind, ...detail }) => void notes.push(`${kind} ${JSON.stringify(detail)}`);
  return {
    payloadFile,
    workspace: { id, dir: work, limits, signal, note },
    limits,
    notes,
    dispose: async () => {
      const left = [...processesNaming(id), ...processesNaming(work), ...groupsOf(id), ...mountsBelow(dir)];
      await removeWorkspaceGroups(id);
      rmSync(dir, { recursive: true, force: true });
      if (before === undefined) delete process.env.BOXMARK_CACHE;
      else process.env.BOXMARK_CACHE = before;
      return left;
    },
  };
}

/** A process of a box with its lines in a queue. */
export interface Talk {
  readonly child: BoxProcess;
  next(): Promise<string>;
}

export async function talk(box: Box, argv: readonly string[]): Promise<Talk> {
  const child = await box.spawn(argv);
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  child.onLine((line) => {
    const first = waiting.shift();
    if (first === undefined) lines.push(line);
    else first(line);
  });
  const ended = child.exited.then(({ exitCode }) => {
    throw new Error(`ended with ${exitCode}: ${child.errorTail()}`);
  });
  ended.catch(() => {});
  const next = (): Promise<string> => {
    const line = lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    return Promise.race([new Promise<string>((resolve) => waiting.push(resolve)), ended]);
  };
  return { child, next };
}

export async function factsOf(running: Talk): Promise<Facts> {
  return JSON.parse(await running.next()) as Facts;
}

/** Command lines of the host's processes that contain the text, this one left out. */
export function processesNaming(text: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids
    .map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`)
    .filter((line) => line.includes(text));
}

/** Groups of a workspace's boxes; the workspace's own, empty one is left to the end of a run. */
export function groupsOf(id: string): string[] {
  return hostHierarchies().flatMap(({ mount }) => {
    try {
      const entries = readdirSync(`${mount}/boxmark/${id}`, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map((entry) => join(mount, id, entry.name));
    } catch {
      return [];
    }
  });
}

function mountsBelow(dir: string): string[] {
  return read('/proc/self/mounts')
    .split('\n')
    .filter((line) => line.includes(dir));
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
