/** Does this QEMU boot this kernel here? Found out by booting it; the answer is kept until the host is booted again. */

import { readFileSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { makeFolders } from '../../bench/folders.ts';
import { sha256, storeDir } from '../image/store.ts';
import { hostSpawn } from '../kit/process.ts';
import { GUEST_MARK } from './init.ts';

/** A working KVM needs well under 2 s to a guest's first line; one that is emulated itself some 15 s. */
export const KVM_PATIENCE_MS = 6000;

/** The setting `patience` of a layer that boots with KVM. */
export const PATIENCE = z
  .string()
  .regex(/^\d{1,4}[sm]$/, 'is no time such as 60s')
  .transform((text) => Number.parseInt(text, 10) * (text.endsWith('m') ? 60_000 : 1000))
  .optional()
  .describe('how long a guest may take to its first line before KVM counts as not working; 6s without it');

export interface BootResult {
  readonly works: boolean;
  /** What was seen; the engine's own words when it failed. */
  readonly reason: string;
  /** It did not answer in time, which another moment may change. */
  readonly timedOut?: true;
}

const answers = new Map<string, Promise<BootResult>>();

/**
 * Boots a machine that is to say its line on standard output, and ends it then, after `timeoutMs`, or when `signal` says so.
 * Never throws, and leaves no process behind.
 */
export async function bootOnce(argv: readonly string[], timeoutMs: number, signal?: AbortSignal): Promise<BootResult> {
  const machine = await hostSpawn(argv);
  const lines: string[] = [];
  const begun = performance.now();
  const result = await new Promise<BootResult>((resolve) => {
    const timer = setTimeout(() => {
      resolve({ works: false, timedOut: true, reason: `no sign of life within ${timeoutMs / 1000} s${output()}` });
    }, timeoutMs);
    const settle = (answer: BootResult) => {
      clearTimeout(timer);
      resolve(answer);
    };
    const output = () => {
      const words = [machine.errorTail(), ...lines].filter(Boolean).join('; ').replace(/\s+/g, ' ').trim();
      return words === '' ? '' : `: ${words.slice(-300)}`;
    };
    const interrupted = () => settle({ works: false, reason: 'interrupted' });
    if (signal?.aborted) interrupted();
    signal?.addEventListener('abort', interrupted, { once: true });
    machine.onLine((line) => {
      if (lines.length < 5) lines.push(line);
      if (line.startsWith(GUEST_MARK)) {
        settle({ works: true, reason: `booted in ${((performance.now() - begun) / 1000).toFixed(1)} s` });
      }
    });
    void machine.exited.then(({ exitCode, signal }) => {
      settle({ works: false, reason: `the machine ended (${signal ?? `exit code ${exitCode}`})${output()}` });
    });
  });
  machine.kill();
  await machine.exited;
  return result;
}

/**
 * The answer of `boot` with a memory: per process, and in the image store until the host is booted again. `inputs` names
 * whatever could change it. `keep` says whether it is worth keeping: a time limit missed on a busy host may not be.
 */
export async function bootAnswer(
  inputs: readonly string[],
  boot: () => Promise<BootResult>,
  keep: (result: BootResult) => boolean,
): Promise<BootResult> {
  // At once: two questions of one moment must meet in `answers`, before the first is answered and perhaps forgotten.
  const bootId = bootIdOfHost();
  const key = sha256(JSON.stringify([bootId, ...inputs])).slice(0, 16);
  const known = answers.get(key);
  if (known !== undefined) return known;
  const answer = remembered(key).then(async (kept) => {
    if (kept !== undefined) return kept;
    const fresh = await boot();
    if (keep(fresh) && bootId !== '') await remember(key, fresh);
    else answers.delete(key);
    return fresh;
  });
  answers.set(key, answer);
  return answer;
}

function bootIdOfHost(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

async function remembered(key: string): Promise<BootResult | undefined> {
  try {
    const kept: unknown = JSON.parse(await readFile(fileOf(key), 'utf8'));
    const { works, reason } = kept as Partial<BootResult>;
    return typeof works === 'boolean' && typeof reason === 'string' ? { works, reason } : undefined;
  } catch {
    return undefined; // Never asked, or cut off by a full disk: then it is asked again.
  }
}

async function remember(key: string, result: BootResult): Promise<void> {
  try {
    makeFolders(join(storeDir(), 'probes'));
    const half = join(storeDir(), 'probes', `.tmp-${key}-${process.pid}`);
    await writeFile(half, JSON.stringify(result));
    await rename(half, fileOf(key));
  } catch {
    // A store that can't be written costs the next probe its time, nothing else.
  }
}

function fileOf(key: string): string {
  return join(storeDir(), 'probes', `${key}.json`);
}
