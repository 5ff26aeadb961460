/** Boots an emulated host, follows its console through the steps, each within its time, and brings out what they left. */

import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { hostTscKhz } from '../../runners/guest/host-tsc.ts';
import type { EmulatedHost } from './hosts.ts';
import { readReport, type Step } from './job.ts';
import type { Root } from './root.ts';
import { exitOf, kill, StepFailed, type Work } from './work.ts';

const BOOT_LIMIT_MS = 15 * 60_000;
const SAVE_LIMIT_MS = 5 * 60_000;
/** For the line that a step has ended to arrive: inside, the step is ended at its own limit. */
const GRACE_MS = 2 * 60_000;
const OUT_BYTES = 256 << 20;
const MEMORY_MIB = 4096;
/** Translated code; the default is thrown away over and over. */
const TRANSLATED_MIB = 1024;

export interface StepEnd {
  readonly code: number;
  readonly seconds: number;
}

export interface GuestRun {
  readonly bootSeconds: number;
  /** The guest's kernel, and whether it has KVM. */
  readonly up: string;
  readonly ends: ReadonlyMap<string, StepEnd>;
  /** Folder of what the steps left. */
  readonly out: string;
}

export interface GuestParts {
  readonly host: EmulatedHost;
  readonly root: Root;
  /** Archive that goes over the root. */
  readonly program: string;
  readonly steps: readonly Step[];
}

/** @throws StepFailed where it doesn't come up, a step has no end, or nothing comes out. */
export async function runGuest(parts: GuestParts, work: Work, say: (line: string) => void): Promise<GuestRun> {
  const { host, steps } = parts;
  const disk = join(work.dir, `out-${host.name}.tar`);
  writeFileSync(disk, '');
  truncateSync(disk, OUT_BYTES);
  const [file = '', ...args] = await commandOf(parts, disk);
  const begunMs = performance.now();
  const child = work.start(file, args, { stdin: 'pipe' });
  const log = join(work.dir, `console-${host.name}.log`);
  const ends = new Map<string, StepEnd>();
  const seen = { up: '', bootSeconds: 0, saved: false, waitsFor: 'its first line', late: false, failed: '', tail: '' };
  const watch = new Watch(() => {
    seen.late = true;
    kill(child);
  });
  watch.allow(BOOT_LIMIT_MS);
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    seen.tail = `${seen.tail}${text}`.slice(-600);
  });
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    appendFileSync(log, `${line}\n`);
    const report = readReport(line);
    if (report === null) seen.tail = `${seen.tail}${line}\n`.slice(-600);
    else if (report.kind === 'up') {
      seen.bootSeconds = (performance.now() - begunMs) / 1000;
      seen.up = report.text;
      say(`${host.name}: up after ${seen.bootSeconds.toFixed(0)} s: ${report.text}`);
    } else if (report.kind === 'begin') {
      seen.waitsFor = report.name;
      watch.allow((steps.find(({ name }) => name === report.name)?.limitSeconds ?? 0) * 1000 + GRACE_MS);
    } else if (report.kind === 'end') {
      const { name, code, seconds } = report;
      ends.set(name, { code, seconds });
      say(`${host.name}: ${name} ended with ${code} after ${minutes(seconds)}`);
      seen.waitsFor = 'what comes after it';
      watch.allow(SAVE_LIMIT_MS);
    } else if (report.kind === 'saved') seen.saved = true;
    else seen.failed = report.text;
  });
  const ended = await exitOf(child);
  watch.end();
  work.assertGoing();
  if (!seen.saved || seen.failed !== '') {
    const why = seen.late ? `no sign in its time of: ${seen.waitsFor}` : seen.failed || `QEMU ended (${ended})`;
    throw new StepFailed(`the emulated host ${host.name}: ${why}\n${seen.tail}`);
  }
  const out = join(work.dir, `out-${host.name}`);
  mkdirSync(out);
  await work.call('tar', ['x', '--no-same-owner', '-f', disk, '-C', out], { limitMs: SAVE_LIMIT_MS });
  return { bootSeconds: seen.bootSeconds, up: seen.up, ends, out };
}

/** A time limit that is set again with every sign of life. */
class Watch {
  #timer: NodeJS.Timeout | undefined;
  readonly #onLate: () => void;

  constructor(onLate: () => void) {
    this.#onLate = onLate;
  }

  allow(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onLate, ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

export const minutes = (seconds: number): string =>
  `${Math.floor(seconds / 60)} min ${String(Math.round(seconds % 60)).padStart(2, '0')} s`;

async function commandOf({ host, root, program }: GuestParts, out: string): Promise<string[]> {
  const tscKhz = host.name === 'x64' ? await hostTscKhz() : undefined;
  // Too slow to measure the clock against a timer, as in Boxmark's own emulated guests.
  const clock = tscKhz === undefined ? [] : [`tsc_early_khz=${tscKhz}`, 'tsc=reliable'];
  const kernelLine = [`console=${host.console}`, 'quiet', 'panic=-1', 'random.trust_cpu=on', ...clock].join(' ');
  const disk = (name: string, file: string, more: string) => [
    ...['-drive', `if=none,id=${name},format=raw,file=${file.replaceAll(',', ',,')}${more}`],
    ...['-device', `virtio-blk-pci,drive=${name}`],
  ];
  return [
    // It doesn't outlive this program, however that ends.
    ...['setpriv', '--pdeathsig', 'KILL', host.qemu, ...host.machine],
    ...['-accel', `tcg,thread=${host.threads},tb-size=${TRANSLATED_MIB}`, '-smp', '2', '-m', String(MEMORY_MIB)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console', '-device', 'virtio-rng-pci'],
    ...disk('root', root.disk, ',snapshot=on'),
    ...disk('program', program, ',readonly=on'),
    ...disk('out', out, ',cache=unsafe'),
    ...['-kernel', root.kernel, '-initrd', root.initramfs, '-append', kernelLine],
  ];
}
