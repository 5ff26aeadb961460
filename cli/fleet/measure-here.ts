/** A job of a fleet on the host that it was given to: measures its plan in a process of its own, and says how far it is. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { basename, join } from 'node:path';
import { BoxmarkError, EXIT, messageOf } from '../../bench/errors.ts';
import type { Footing } from '../../bench/fleet/info.ts';
import type { Job } from '../../bench/fleet/job.ts';
import { archiveLines, type StreamLine, streamText } from '../../bench/fleet/stream.ts';
import { createWorkspaceDir, removeWorkspaceDir } from '../../runners/host/workspace.ts';
import { hostSpawn } from '../../runners/kit/process.ts';
import { gatherFiles, writeArchive } from '../pack/write.ts';
import { programVersion } from '../paths.ts';
import { stdout } from '../terminal/streams.ts';
import { type FootedPlan, onFooting } from './footing.ts';
import { ownWords } from './own-words.ts';

export interface HereOptions {
  readonly footing: Footing;
  /** Why it is no better. */
  readonly why: string | null;
  /** The boxes' image as a file; built from this program's Node.js where it is null. */
  readonly image: string | null;
  readonly signal: AbortSignal;
}

/** The environment of the measuring process: where the user's files and daemon are. */
const PASSED = ['PATH', 'HOME', 'XDG_CACHE_HOME', 'BOXMARK_CACHE', 'BOXMARK_LOCK', 'DOCKER_HOST', 'TMPDIR'];

export function say(line: StreamLine): void {
  stdout.write(streamText(line));
}

/** Measures, and says everything there is to say. Returns the exit code. */
export async function measureHere(job: Job, options: HereOptions): Promise<number> {
  const { footing, why, signal } = options;
  const { planDigest } = job;
  const host = process.env.BOXMARK_NODE;
  const named = host === undefined || host === '' ? {} : { host };
  say({ boxmark: 'begin', program: programVersion(), architecture: arch(), footing, why, planDigest, ...named });
  const { dir } = await createWorkspaceDir();
  let code: number = EXIT.failed;
  let reason: string | null = null;
  try {
    const footed = onFooting(job.plan, footing);
    if (footed.note !== null) say({ boxmark: 'note', text: footed.note });
    const ended = await measured(job, { ...options, ...footed, dir });
    ({ code, reason } = ended);
    if (ended.session !== null && !signal.aborted) {
      for (const line of archiveLines(basename(ended.session), await archiveOf(ended.session, dir))) say(line);
    }
  } catch (error) {
    reason = messageOf(error);
    code = error instanceof BoxmarkError ? error.exitCode : EXIT.failed;
  } finally {
    await removeWorkspaceDir(dir);
  }
  say({ boxmark: 'end', exitCode: code, reason: reason?.slice(-2000) ?? null });
  return code;
}

interface Ended {
  readonly code: number;
  /** Its folder, where it has a whole block. */
  readonly session: string | null;
  readonly reason: string | null;
}

async function measured(job: Job, options: HereOptions & FootedPlan & { readonly dir: string }): Promise<Ended> {
  const { dir, signal, image } = options;
  const plan = join(dir, 'plan.yaml');
  writeFileSync(plan, options.plan, { flag: 'wx', mode: 0o600 });
  const words = ['run', '--plan', plan, '--out', join(dir, 'out'), '--json-lines', '--quiet', '--keep-going'];
  const bytes = image === null ? [] : ['--image', image];
  const env = Object.fromEntries(
    PASSED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] as string]])),
  );
  const child = await hostSpawn([...ownWords(), ...words, ...bytes, ...job.flags], { env });
  const follower = new Follower();
  child.onLine((line) => follower.line(line));
  const stop = () => void (child.pid !== undefined && process.kill(child.pid, 'SIGTERM'));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const { exitCode, signal: killedBy } = await child.exited;
  signal.removeEventListener('abort', stop);
  const code = exitCode ?? EXIT.failed;
  const whyNot = child.errorTail() || (killedBy === null ? `it ended with ${code}` : `it was ended by ${killedBy}`);
  const isDone = follower.hasAnswer && follower.session !== null;
  return { code, session: isDone ? follower.session : null, reason: isDone ? null : whyNot };
}

/** Takes the lines of `--json-lines`. */
class Follower {
  session: string | null = null;
  hasAnswer = false;
  #blocks = 0;

  line(text: string): void {
    let line: { type?: string; dir?: string; block?: number; blocks?: number; event?: { kind?: string } };
    try {
      line = JSON.parse(text);
    } catch {
      return;
    }
    if (line.type === 'plan') this.session = line.dir ?? null;
    if (line.type === 'answer') this.hasAnswer = true;
    if (line.type === 'block-begun') this.#blocks = line.blocks ?? 0;
    if (line.type === 'block-begun' || line.type === 'block-ended') {
      const text = line.type === 'block-begun' ? 'begun' : 'ended';
      say({ boxmark: 'progress', block: line.block ?? 0, blocks: this.#blocks, text });
    }
  }
}

async function archiveOf(session: string, dir: string): Promise<Buffer> {
  const folder = join(dir, 'sent');
  mkdirSync(folder);
  await gatherFiles(session, folder);
  const file = join(dir, 'session.tar.gz');
  await writeArchive(folder, basename(session), file);
  return readFile(file);
}
