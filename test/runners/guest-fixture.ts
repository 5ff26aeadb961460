/** What the tests of the guest-kernel runners share: a workspace, a payload that answers, and a look for what was left. */

import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Box, BoxProcess, Image, Prepared, Runner, Workspace } from '../../bench/types.ts';
import { removeWorkspaceGroups } from '../../runners/cgroup/group.ts';
import { createWorkspaceDir, removeWorkspaceDir } from '../../runners/host/workspace.ts';
import { ensureImage, storeDir } from '../../runners/image/image.ts';
import { hostBox } from '../../runners/kit/process.ts';

/** Reads like the real payload: synchronously, line by line, until `quit` or the end. */
const PAYLOAD = `'use strict';
const fs = require('fs'), os = require('os');
const text = (file) => fs.readFileSync(file, 'utf8');
const attempt = (act) => { try { act(); return 'done'; } catch (error) { return error.code; } };
function say(answer) {
  const bytes = Buffer.from('@boxmark ' + JSON.stringify({ ...answer, monoNs: String(process.hrtime.bigint()) }) + '\\n');
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(1, bytes, at);
}
say({
  argv: process.argv.slice(2), env: process.env, version: process.version, release: os.release(), memory: os.totalmem(),
  cpus: os.availableParallelism(), uid: process.getuid(),
  clock: text('/sys/devices/system/clocksource/clocksource0/current_clocksource').trim(),
  writeRoot: attempt(() => fs.writeFileSync('/written', '')), writeTmp: attempt(() => fs.writeFileSync('/tmp/written', '')),
  root: fs.readdirSync('/').sort(), cpuModel: (os.cpus()[0] || {}).model,
});
const chunk = Buffer.alloc(65536);
for (let rest = '';;) {
  const size = fs.readSync(0, chunk, 0, chunk.length);
  if (size === 0) process.exit(0);
  rest += chunk.toString('latin1', 0, size);
  for (let end; (end = rest.indexOf('\\n')) >= 0; rest = rest.slice(end + 1)) {
    const request = JSON.parse(rest.slice(0, end));
    if (request.quit) process.exit(0);
    if (request.spin) for (;;);
    say({ echo: request.echo, filler: 'x'.repeat(request.fill || 0) });
  }
}
`;

export interface Answer {
  readonly [name: string]: unknown;
  readonly monoNs: string;
  /** When the question was sent and when the answer arrived, by the host's clock. */
  readonly sentNs: bigint;
  readonly atNs: bigint;
}

export interface Guest {
  readonly box: Box;
  readonly process: BoxProcess;
  /** The payload's first line. */
  readonly facts: Answer;
  ask(request: Readonly<Record<string, unknown>>): Promise<Answer>;
}

export interface Lab {
  readonly workspace: Workspace;
  readonly notes: string[];
  image(): Promise<Image>;
  start(runner: Runner, prepared: Prepared, name: string, argv?: readonly string[]): Promise<Guest>;
  /** Everything on the host that names this workspace, besides the workspace folder itself. */
  leftovers(): string[];
  dispose(): Promise<void>;
}

/** A workspace and an image store of its own, in which the kernel and the probes' answers of the real store are seen. */
export async function openLab(memoryBytes = 512 << 20): Promise<Lab> {
  // With an owner that lives, so that nobody's clean-up takes it for a leftover.
  const { id, dir } = await createWorkspaceDir();
  const outerCache = process.env.BOXMARK_CACHE;
  const outerStore = storeDir();
  const store = join(dir, 'store');
  mkdirSync(store);
  // Kernels are fetched by set-up, not by tests: they are in the user's store, whatever store the tests have.
  const userStore = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'boxmark');
  const kernels = [outerStore, userStore].map((place) => join(place, 'kernels')).find((place) => existsSync(place));
  if (kernels !== undefined) symlinkSync(kernels, join(store, 'kernels'));
  mkdirSync(join(outerStore, 'probes'), { recursive: true });
  symlinkSync(join(outerStore, 'probes'), join(store, 'probes'));
  process.env.BOXMARK_CACHE = store;
  const payload = join(dir, 'payload.cjs');
  writeFileSync(payload, PAYLOAD);
  const notes: string[] = [];
  const cpu = Number(/Cpus_allowed_list:\s*(?:.*[,-])?(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  const work = join(dir, 'work');
  mkdirSync(work);
  const workspace: Workspace = {
    id,
    dir: work,
    limits: { cpus: [cpu], housekeeping: [cpu], memoryBytes, pids: 512 },
    signal: new AbortController().signal,
    note: ({ kind, ...detail }) => notes.push(`${kind} ${JSON.stringify(detail)}`),
  };
  const boxes: Box[] = [];
  return {
    workspace,
    notes,
    image: () => ensureImage(payload),
    async start(runner, prepared, name, argv = []) {
      const { limits, signal } = workspace;
      const box = await runner.open(hostBox(workspace), prepared, { name, limits, signal });
      boxes.push(box);
      const image = await ensureImage(payload);
      return meet(box, await box.spawn([...image.payloadArgv, `--start=${id}-${name}`, ...argv]));
    },
    leftovers: () => [
      ...processesNaming(id),
      ...readdirSync('/sys/fs/cgroup').flatMap((entry) => groupsBelow(`/sys/fs/cgroup/${entry}/boxmark/${id}`)),
      ...groupsBelow(`/sys/fs/cgroup/boxmark/${id}`),
      ...readdirSync(work),
      ...readdirSync('/dev/shm').filter((name) => name.includes(id) || name.startsWith('vm_file')),
    ],
    async dispose() {
      for (const box of boxes) await box.close();
      await removeWorkspaceGroups(id);
      if (outerCache === undefined) delete process.env.BOXMARK_CACHE;
      else process.env.BOXMARK_CACHE = outerCache;
      await removeWorkspaceDir(dir);
    },
  };
}

/** Waits for the first line of the payload; rejects with what the guest said when it ends without one. */
async function meet(box: Box, child: BoxProcess): Promise<Guest> {
  let sentNs = process.hrtime.bigint();
  const arrived: Answer[] = [];
  const waiting: ((answer: Answer) => void)[] = [];
  child.onLine((line, atNs) => {
    if (!line.startsWith('@boxmark ')) return;
    const answer: Answer = { ...JSON.parse(line.slice('@boxmark '.length)), sentNs, atNs };
    const next = waiting.shift();
    if (next === undefined) arrived.push(answer);
    else next(answer);
  });
  const ended = child.exited.then((): never => {
    throw new Error(`the guest ended: ${child.errorTail()}`);
  });
  ended.catch(() => {});
  const next = (): Promise<Answer> => {
    const ready = arrived.shift();
    return ready === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(ready);
  };
  return {
    box,
    process: child,
    facts: await Promise.race([next(), ended]),
    ask(request) {
      sentNs = process.hrtime.bigint();
      child.write(JSON.stringify(request));
      return Promise.race([next(), ended]);
    },
  };
}

export function processesNaming(text: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      if (command.includes(text) && Number(pid) !== process.pid) found.push(`process ${pid} ${command.slice(0, 120)}`);
    } catch {
      // Ended in between.
    }
  }
  return found;
}

function groupsBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${folder}/${name}`);
}
