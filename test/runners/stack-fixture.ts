/** Starting environments by their paths in tests: a payload that reads files on demand, and a look for what was left. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment, Image, Started, Workspace } from '../../bench/types.ts';
import { hostHierarchies } from '../../runners/cgroup/group.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { identify } from '../../runners/host/processes.ts';
import { createWorkspaceDir, removeWorkspaceDir } from '../../runners/host/workspace.ts';
import { ensureImage } from '../../runners/image/image.ts';
import { RUNNERS } from '../../runners/index.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { prepareStack, UnavailableError } from '../../runners/stack/stack.ts';

/** Answers each line, the path of a file, with its text as JSON; `ls:` a folder, `write:` whether it can; `burn`, `quit`, `fail`. */
const PAYLOAD = `'use strict';
const fs = require('fs');
const attempt = (act) => { try { return act(); } catch (error) { return error.code; } };
const answer = (line) => {
  if (line.startsWith('ls:')) return attempt(() => fs.readdirSync(line.slice(3)).sort());
  if (line.startsWith('write:')) return attempt(() => (fs.writeFileSync(line.slice(6), 'x'), 'written'));
  if (line === 'env') return process.env;
  if (line === 'burn') { for (const until = Date.now() + 200; Date.now() < until; ); return null; }
  if (line === 'quit') process.exit(0);
  if (line === 'fail') process.exit(3);
  return attempt(() => fs.readFileSync(line, 'utf8'));
};
console.log(JSON.stringify({ pid: process.pid, argv: process.argv.slice(2) }));
const chunk = Buffer.alloc(4096);
for (let rest = ''; ; ) {
  const size = fs.readSync(0, chunk, 0, chunk.length, null);
  if (size === 0) break;
  rest += chunk.toString('utf8', 0, size);
  for (let end = rest.indexOf('\\n'); end >= 0; end = rest.indexOf('\\n')) {
    const line = rest.slice(0, end);
    rest = rest.slice(end + 1);
    console.log(JSON.stringify(answer(line)));
  }
}
`;

export interface StackLab {
  readonly workspace: Workspace;
  readonly image: Image;
  readonly notes: string[];
  /** Prepares an environment; gives the reason where it can't run. */
  prepare(path: string): Promise<Environment | string>;
  /**
   * Processes, mounts, groups, loop devices and files outside the work folder that bear the run's name and the text, once
   * what is just ending has had a moment for it.
   */
  leftovers(text?: RegExp): Promise<string[]>;
  dispose(): Promise<void>;
}

export async function openStackLab(memoryBytes = 512 << 20): Promise<StackLab> {
  const { id, dir } = await createWorkspaceDir();
  const payloadFile = join(dir, 'payload.cjs');
  writeFileSync(payloadFile, PAYLOAD);
  const notes: string[] = [];
  const workspace: Workspace = {
    id,
    dir,
    limits: defaultLimits(undefined, memoryBytes),
    signal: new AbortController().signal,
    note: ({ kind, ...detail }) => notes.push(`${kind} ${JSON.stringify(detail)}`),
  };
  const image = await ensureImage(payloadFile);
  // No box has a network, so that none should come with it; names of interfaces don't tell whose they are.
  const interfaces = new Set(namesIn('/sys/class/net'));
  const newInterfaces = () => namesIn('/sys/class/net').filter((name) => !interfaces.has(name));
  return {
    workspace,
    image,
    notes,
    prepare: async (path) => {
      try {
        const layers = parsePath(path, RUNNERS, () => '');
        return await prepareStack(path, layers, { runners: RUNNERS, image, workspace });
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        return `${error.message} (${error.unavailable.remedy})`;
      }
    },
    leftovers: async (text = /./) => {
      for (let attempt = 0; ; attempt++) {
        const left = [
          ...leftoversOf(id, dir).filter((line) => text.test(line)),
          ...newInterfaces().map((name) => `network interface ${name}`),
        ];
        if (left.length === 0 || attempt === 50) return left;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    dispose: () => removeWorkspaceDir(dir),
  };
}

/** A started payload that is asked line by line. */
export interface Conversation {
  readonly started: Started;
  readonly hello: { readonly pid: number; readonly argv: readonly string[] };
  ask(line: string): Promise<unknown>;
}

export async function converse(environment: Environment, name: string): Promise<Conversation> {
  const started = await environment.start(name, new AbortController().signal);
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  started.process.onLine((line) => {
    if (line.startsWith('boxmark-')) return; // A guest's init tells how far it is.
    const next = waiting.shift();
    if (next === undefined) lines.push(line);
    else next(line);
  });
  const ended = started.process.exited.then((status): never => {
    throw new Error(`ended with ${JSON.stringify(status)}: ${started.process.errorTail()}`);
  });
  ended.catch(() => {});
  const next = async (): Promise<unknown> => {
    const line = lines.shift();
    return JSON.parse(
      line ?? (await Promise.race([new Promise<string>((resolve) => waiting.push(resolve)), ended])),
    ) as unknown;
  };
  try {
    const hello = (await next()) as Conversation['hello'];
    return {
      started,
      hello,
      ask: (line) => {
        started.process.write(line);
        return next();
      },
    };
  } catch (error) {
    await started.close();
    throw error;
  }
}

/** Places where engines note their boxes by name. */
const PLACES = [
  ...[
    '/tmp',
    '/run',
    '/run/netns',
    '/run/runc',
    '/run/crun',
    '/run/runsc',
    '/run/containers',
    '/run/libpod',
    '/dev/shm',
  ],
  ...[
    '/run/systemd/nspawn/locks',
    '/run/systemd/nspawn/propagate',
    '/run/systemd/nspawn/unix-export',
    '/var/lib/machines',
  ],
];

/** Of a run, by its id and its work folder. */
export function leftoversOf(id: string, dir: string): string[] {
  const processes = readdirSync('/proc')
    // One that has ended and that nobody has collected yet is no process any more.
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && identify(Number(name)) !== null)
    .map((pid) => ({
      pid,
      argv: text(`/proc/${pid}/cmdline`).replaceAll('\0', ' '),
      groups: text(`/proc/${pid}/cgroup`),
    }))
    .filter(({ argv, groups }) => argv.includes(id) || groups.includes(id))
    .map(({ pid, argv }) => `process ${pid} ${argv.slice(0, 300)}`);
  const mounts = text('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.includes(id))
    .map((line) => `mount ${line}`);
  const groups = hostHierarchies().flatMap(({ mount }) =>
    namesIn(`${mount}/boxmark/${id}`)
      .filter((name) => existsSync(`${mount}/boxmark/${id}/${name}/cgroup.procs`))
      .map((name) => `cgroup ${mount}/boxmark/${id}/${name}`),
  );
  const loops = namesIn('/sys/block')
    .filter((name) => text(`/sys/block/${name}/loop/backing_file`).includes(dir))
    .map((name) => `loop device ${name}`);
  const files = PLACES.flatMap((place) =>
    namesIn(place)
      .filter((name) => name.includes(id))
      .map((name) => `file ${place}/${name}`),
  );
  return [...processes, ...mounts, ...groups, ...loops, ...files];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
