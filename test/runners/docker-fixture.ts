/** What the tests of the runner `docker` share: a workspace, a payload that answers, and a look for what was left. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Box, BoxProcess, Workspace } from '../../bench/types.ts';
import { hostHierarchies } from '../../runners/cgroup/group.ts';
import { allowedCpus } from '../../runners/host/cpus.ts';
import { createWorkspaceDir, removeWorkspaceDir } from '../../runners/host/workspace.ts';

/** Says what it sees, then answers line by line as the real payload does. */
export const PAYLOAD = `'use strict';
const fs = require('fs'), os = require('os');
const status = fs.readFileSync('/proc/self/status', 'utf8');
const field = (name) => new RegExp('^' + name + ':\\\\s*(.*)$', 'm').exec(status)[1];
const attempt = (act) => { try { act(); return 'done'; } catch (error) { return error.code; } };
const first = (files) => { for (const file of files) try { return fs.readFileSync(file, 'utf8').trim(); } catch {} };
console.log(JSON.stringify({
  argv: process.argv.slice(2), env: process.env, hostname: os.hostname(), nets: Object.keys(os.networkInterfaces()),
  cpus: field('Cpus_allowed_list'), capEff: field('CapEff'), capBnd: field('CapBnd'), noNewPrivs: field('NoNewPrivs'),
  seccomp: field('Seccomp'),
  memory: first(['/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory.max']),
  pids: first(['/sys/fs/cgroup/pids/pids.max', '/sys/fs/cgroup/pids.max']),
  root: attempt(() => fs.writeFileSync('/written', '')), tmp: attempt(() => fs.writeFileSync('/tmp/written', '')),
  store: attempt(() => fs.readdirSync('/boxmark/store/x')),
}));
const chunk = Buffer.alloc(65536);
for (let rest = '';;) {
  const size = fs.readSync(0, chunk, 0, chunk.length);
  if (size === 0) process.exit(0);
  rest += chunk.toString('latin1', 0, size);
  for (let end; (end = rest.indexOf('\\n')) >= 0; rest = rest.slice(end + 1)) {
    const line = rest.slice(0, end);
    if (line === 'quit') process.exit(0);
    fs.writeSync(1, 'echo ' + line + '\\n');
  }
}
`;

export interface Facts {
  readonly [name: string]: unknown;
  readonly cpus: string;
}

export interface Talk {
  readonly process: BoxProcess;
  readonly facts: Facts;
  ask(line: string): Promise<string>;
}

export interface Lab {
  readonly workspace: Workspace;
  readonly payloadFile: string;
  readonly notes: string[];
  /** Processes, mounts and groups that name this workspace. */
  leftovers(): string[];
  dispose(): Promise<void>;
}

export async function openLab(): Promise<Lab> {
  const { id, dir } = await createWorkspaceDir();
  const cpus = allowedCpus();
  const cpu = cpus.at(-1) ?? 0;
  const others = cpus.filter((other) => other !== cpu);
  const notes: string[] = [];
  const payloadFile = join(dir, 'payload.cjs');
  writeFileSync(payloadFile, PAYLOAD);
  const workspace: Workspace = {
    id,
    dir,
    limits: { cpus: [cpu], housekeeping: others.length > 0 ? others : [cpu], memoryBytes: 512 << 20, pids: 256 },
    signal: new AbortController().signal,
    note: ({ kind, ...detail }) => notes.push(`${kind} ${JSON.stringify(detail)}`),
  };
  return {
    workspace,
    payloadFile,
    notes,
    leftovers: () => [...processesNaming(dir), ...mountsNaming(dir), ...groupsOf(id)],
    async dispose() {
      await removeWorkspaceDir(dir);
    },
  };
}

/** Starts the payload and waits for its first line; rejects with what the engine said when it ends without one. */
export async function talk(box: Box, argv: readonly string[]): Promise<Talk> {
  const child = await box.spawn(argv);
  const arrived: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  child.onLine((line) => {
    const next = waiting.shift();
    if (next === undefined) arrived.push(line);
    else next(line);
  });
  const ended = child.exited.then((status): never => {
    throw new Error(`ended with ${JSON.stringify(status)}: ${child.errorTail()}`);
  });
  ended.catch(() => {});
  const next = (): Promise<string> => {
    const line = arrived.shift();
    return line === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(line);
  };
  return {
    process: child,
    facts: JSON.parse(await Promise.race([next(), ended])) as Facts,
    ask(line) {
      child.write(line);
      return Promise.race([next(), ended]);
    },
  };
}

export function processesNaming(text: string, program = ''): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      if (!command.includes(text) || !command.includes(program) || Number(pid) === process.pid) continue;
      found.push(`process ${pid} ${command.slice(0, 160)}`);
    } catch {
      // Ended in between.
    }
  }
  return found;
}

function mountsNaming(dir: string): string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(dir));
}

function groupsOf(id: string): string[] {
  return hostHierarchies().flatMap(({ mount }) => {
    const folder = `${mount}/boxmark/${id}/docker`;
    return existsSync(folder) ? [folder] : [];
  });
}
