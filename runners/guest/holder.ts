/** A box with its own kernel that holds others: the machine boots when it is opened, and commands run in it side by side. */

import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoxmarkError } from '../../bench/errors.ts';
import type { Box } from '../../bench/types.ts';
import type { Group } from '../cgroup/group.ts';
import { storeDir } from '../image/store.ts';
import { SCRATCH_MOUNT, STORE_MOUNT } from '../kit/places.ts';
import { hostSpawn } from '../kit/process.ts';
import { GuestAgent } from './agent.ts';

const BOOT_LIMIT_MS = 120_000;
/** Its disk is written back on the way down. */
const END_LIMIT_MS = 20_000;
const NOISE_CHARS = 2000;

export interface HolderMachine {
  readonly path: string;
  readonly group: Group | undefined;
  /** CPUs of this host for the machine. */
  readonly cpus: readonly number[];
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Let it come down in order, because what is on its disk is wanted; otherwise it is killed. */
  readonly keepsDisk: boolean;
  cleanUp(): Promise<void>;
}

/** Boots the machine and waits until commands can be run in it. Throws `BoxmarkError` with its output. */
export async function openHolderGuest(holder: HolderMachine): Promise<Box> {
  const pinned = ['taskset', '-c', holder.cpus.join(','), ...holder.command];
  const machine = await hostSpawn([...(holder.group?.enterArgvPrefix ?? []), ...pinned], { env: holder.env });
  const agent = new GuestAgent(machine);
  let output = '';
  agent.onNoise((line) => {
    output = `${output}${line}\n`.slice(-NOISE_CHARS);
  });
  let closing: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    if (holder.keepsDisk) {
      agent.end();
      await Promise.race([machine.exited, sleep(END_LIMIT_MS, undefined, { ref: false })]);
    }
    machine.kill();
    await Promise.race([machine.exited, sleep(END_LIMIT_MS, undefined, { ref: false })]);
    await holder.group?.remove();
    await holder.cleanUp();
  };
  const close = (): Promise<void> => {
    closing ??= end();
    return closing;
  };
  const timer = new AbortController();
  const limit = sleep(BOOT_LIMIT_MS, 'it was not ready in time', { signal: timer.signal }).catch(() => '');
  const interrupted = new Promise<string>((resolve) => {
    if (holder.signal.aborted) resolve('interrupted');
    holder.signal.addEventListener('abort', () => resolve('interrupted'), { once: true });
  });
  const ended = machine.exited.then(({ exitCode, signal }) => `it ended (${signal ?? `exit code ${exitCode}`})`);
  const failure = await Promise.race([agent.ready.then(() => undefined), limit, interrupted, ended]);
  timer.abort();
  if (failure !== undefined) {
    await close();
    const value = [output.trim(), machine.errorTail()].filter(Boolean).join('\n');
    throw new BoxmarkError({
      what: `The box ${holder.path} did not start: ${failure}.`,
      value,
      remedy: 'boxmark doctor',
    });
  }
  return {
    path: holder.path,
    scratch: SCRATCH_MOUNT,
    cpus: [0],
    ...(holder.group === undefined ? {} : { machine: holder.group.path }),
    exec: (argv, options) => agent.exec(argv, options),
    spawn: async (argv, options) => agent.spawn(argv, options?.env),
    put: async (storeFile) => join(STORE_MOUNT, relative(storeDir(), storeFile)),
    close,
  };
}
