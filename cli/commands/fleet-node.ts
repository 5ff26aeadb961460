/** `boxmark fleet node`: what runs on a host of a fleet. Its standard output is the stream that the fleet reads. */

import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { usageError } from '../../bench/errors.ts';
import type { Footing } from '../../bench/fleet/info.ts';
import { type Job, jobFiles, readJob } from '../../bench/fleet/job.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import {
  HostContainer,
  hostFlags,
  isInContainer,
  type OwnContainer,
  ownContainer,
} from '../../fleet/docker/host-namespaces.ts';
import { KIT_IMAGE, KIT_PROGRAM } from '../../fleet/kit.ts';
import { removeTree } from '../../runners/kit/remove.ts';
import { sayOnce } from '../fleet/kept.ts';
import { measureHere } from '../fleet/measure-here.ts';
import { packageFile } from '../paths.ts';
import { interruptSignal } from '../terminal/interrupt.ts';
import { stdout } from '../terminal/streams.ts';

export async function fleetNode({ job: folder, footing, keep }: FlagValues<'fleet node'>): Promise<number> {
  const interrupt = interruptSignal();
  try {
    if (keep !== undefined) return await kept(keep, folder ?? '', footing, interrupt.signal);
    if (folder === '-') return await fromInput(interrupt.signal, footing ?? 'host');
    const job = readJob(folder ?? '');
    if (footing !== undefined) return await here(job, interrupt.signal, footing, null);
    // Outside of a container, this is the host.
    if (!isInContainer()) return await here(job, interrupt.signal, 'host', null);
    const own = await ownContainer();
    return await ('why' in own
      ? here(job, interrupt.signal, 'container', own.why)
      : onHost(own, job, interrupt.signal));
  } finally {
    interrupt.release();
  }
}

function kept(keep: string, folder: string, footing: Footing | undefined, signal: AbortSignal): Promise<number> {
  if (folder === '-') throw usageError('--keep needs a job in a folder.', '--job -', '--job FOLDER');
  const words = ['fleet', 'node', '--job', folder, ...(footing === undefined ? [] : ['--footing', footing])];
  return sayOnce({ folder: keep, job: readJob(folder), words, signal });
}

/** The job is the first line of standard input; at the end of it, nobody waits for the result any more. */
async function fromInput(signal: AbortSignal, footing: 'host' | 'container'): Promise<number> {
  const gone = new AbortController();
  const lines = createInterface({ input: process.stdin });
  const first = await new Promise<string | undefined>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => {
      gone.abort();
      resolve(undefined);
    });
  });
  const job = await jobIn(first ?? '');
  try {
    return await here(job, AbortSignal.any([signal, gone.signal]), footing, null);
  } finally {
    lines.close();
    process.stdin.destroy();
  }
}

/** Checked like the one in a folder. */
async function jobIn(line: string): Promise<Job> {
  const folder = mkdtempSync(join(tmpdir(), 'boxmark-job-'));
  try {
    const files = JSON.parse(line) as Record<string, string>;
    for (const name of Object.keys(jobFiles({ fleet: '', planDigest: '', flags: [], plan: '' }))) {
      writeFileSync(join(folder, name), files[name] ?? '');
    }
    return readJob(folder);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw usageError('The first line of standard input is no job.', line.slice(0, 80), '--job FOLDER');
  } finally {
    await removeTree(folder);
  }
}

async function onHost(own: OwnContainer, job: Job, signal: AbortSignal): Promise<number> {
  const found = await hostFlags(own);
  if ('why' in found) return here(job, signal, 'container', found.why);
  const words = ['fleet', 'node', '--job', '-', '--footing', 'host'];
  const container = await HostContainer.start(own, { fleet: job.fleet, flags: found.flags, words });
  const stop = () => void container.stop();
  signal.addEventListener('abort', stop, { once: true });
  container.process.onLine((line) => stdout.write(`${line}\n`));
  container.process.write(JSON.stringify(jobFiles(job)));
  if (signal.aborted) stop();
  const { exitCode } = await container.process.exited;
  return exitCode ?? 1;
}

function here(job: Job, signal: AbortSignal, footing: 'host' | 'container', why: string | null): Promise<number> {
  return measureHere(job, { footing, why, image: kitImage(), signal });
}

/** The image of the boxes beside the program, where it is part of a kit. */
function kitImage(): string | null {
  const program = dirname(packageFile('package.json'));
  const file = join(program.slice(0, -KIT_PROGRAM.length), KIT_IMAGE);
  return program.endsWith(KIT_PROGRAM) && existsSync(file) ? file : null;
}
