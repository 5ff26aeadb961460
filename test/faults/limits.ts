/** Scenarios in which a run may take no more of something: disk, memory, descriptors, files that grow. */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { measuring, scenario, TWO } from './hindered.ts';
import type { Running } from './program.ts';
import type { Scenario } from './scenario.ts';

/** Sizes around what a short session needs, so that any of its writes can be the first that fails. */
const disk = scenario('the disk is full', 6, 1, ({ out, random }) => {
  const kib = 8 + Math.floor(random() * 150);
  mkdirSync(out, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'results', out]);
  return {
    args: TWO,
    how: `${kib} KiB for results`,
    missed: ({ code }) => code === 0,
    codes: [0, 1, 2],
    says: /disk is full|ENOSPC|No space/i,
    repair: () => void execFileSync('mount', ['-o', 'remount,size=64m', out]),
  };
});

/** A control group of the harness alone: boxes have groups of their own. */
function ownGroup(): { path: string; limit: string } {
  const group = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'].find((path) => existsSync(join(path, 'cgroup.procs')));
  const path = join(group ?? '', 'harness');
  mkdirSync(path, { recursive: true });
  const file = existsSync(join(path, 'memory.limit_in_bytes')) ? 'memory.limit_in_bytes' : 'memory.max';
  return { path, limit: join(path, file) };
}

const noMemory = () =>
  ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'].some((path) => existsSync(join(path, 'cgroup.procs')))
    ? undefined
    : 'no control groups of memory';

const memory = [
  scenario(
    'the harness may use little memory',
    4,
    0,
    ({ random }) => {
      const mib = 30 + Math.floor(random() * 45);
      const { path, limit } = ownGroup();
      writeFileSync(limit, `${mib << 20}`);
      return {
        args: TWO,
        how: `${mib} MiB`,
        missed: ({ code }) => code === 0,
        wrap: ['bash', '-c', `echo $$ > ${path}/cgroup.procs; exec "$@"`, 'bash'],
        // Only this can end a program that may have no more memory.
        codes: [0, 1, null],
        repair: () => void spawnSync('rmdir', [path]),
      };
    },
    noMemory,
  ),
  scenario(
    'memory runs out while it measures',
    4,
    1,
    (context) => {
      const { path, limit } = ownGroup();
      return {
        args: TWO,
        how: 'a limit on the harness that it has reached',
        missed: ({ code }) => code === 0,
        wrap: ['bash', '-c', `echo $$ > ${path}/cgroup.procs; exec "$@"`, 'bash'],
        disturb: async (running) => (await measuring(running, context.out)) === true && shrink(running, limit),
        codes: [0, 1, null],
        repair: () => void spawnSync('rmdir', [path]),
      };
    },
    noMemory,
  ),
];

/** Takes what can be taken until it ends: a group of version 1 refuses a limit below what can't be reclaimed. */
async function shrink({ ended }: Running, limit: string): Promise<boolean> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  for (let kib = 120 << 10; !isOver && kib > 10 << 10; ) {
    try {
      writeFileSync(limit, `${kib << 10}`);
      kib -= 512;
    } catch {
      // What it holds now is all that it gets, until it frees some.
    }
    await sleep(10);
  }
  return true;
}

const noPrlimit = () => (spawnSync('prlimit', ['--version']).status === 0 ? undefined : 'prlimit is missing');

/** The number that its next one gets; 0 when it has ended. */
function freeDescriptor({ child }: Running): number {
  try {
    const used = new Set(readdirSync(`/proc/${child.pid}/fd`));
    let free = 0;
    while (used.has(String(free))) free++;
    return free;
  } catch {
    return 0;
  }
}

/** In bytes; 0 when it has ended. */
function addressSpace({ child }: Running): number {
  try {
    return Number(readFileSync(`/proc/${child.pid}/statm`, 'utf8').split(' ')[0]) * 4096;
  } catch {
    return 0;
  }
}

function limitNow({ child }: Running, what: string, amount: number): boolean {
  return amount > 0 && spawnSync('prlimit', [`--pid=${child.pid}`, `--${what}=${amount}:${amount}`]).status === 0;
}

const limits = [
  scenario('64 descriptors', 2, 1, () => ({
    args: TWO,
    how: 'ulimit -n 64',
    missed: ({ code }) => code === 0,
    wrap: ['bash', '-c', 'ulimit -n 64; exec "$@"', 'bash'],
    codes: [0, 1, 2],
    says: /too many open files[\s\S]*try: ulimit -n/i,
  })),
  scenario(
    'descriptors run out while it measures',
    4,
    1,
    (context) => ({
      args: TWO,
      how: 'a limit on its descriptors that it has nearly reached',
      missed: ({ code }) => code === 0,
      disturb: async (running) => {
        await measuring(running, context.out);
        return limitNow(running, 'nofile', freeDescriptor(running) + 2 - Math.floor(context.random() * 18));
      },
      codes: [0, 1],
      says: /too many open files[\s\S]*try: ulimit -n/i,
      // It can't start what removes files either, and says so.
      isLeft: ({ stderr }) => /Left behind: [\s\S]*Try: boxmark clean/.test(stderr),
    }),
    noPrlimit,
  ),
  scenario(
    'address space runs out while it measures',
    4,
    0,
    (context) => ({
      args: TWO,
      how: 'a limit on its address space that it has nearly reached',
      missed: ({ code }) => code === 0,
      disturb: async (running) => {
        await measuring(running, context.out);
        const mib = Math.floor(context.random() * 6) - (context.attempt % 2 === 0 ? 500 : 0);
        return limitNow(running, 'as', addressSpace(running) + (mib << 20));
      },
      // V8 ends the program where it can allocate nothing, and can't always say so.
      codes: [0, 1, null],
    }),
    noPrlimit,
  ),
  scenario('files may not grow', 4, 1, ({ random }) => {
    const kib = 1 + Math.floor(random() * 60);
    return {
      args: TWO,
      how: `ulimit -f ${kib}`,
      missed: ({ code }) => code === 0,
      wrap: ['bash', '-c', `ulimit -f ${kib}; exec "$@"`, 'bash'],
      codes: [0, 1, 2],
      says: /EFBIG|too large|disk is full/i,
    };
  }),
];

export const LIMITS: readonly Scenario[] = [disk, ...memory, ...limits];
