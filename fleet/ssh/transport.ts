/** Hosts reached by ssh: nothing needs to be installed there, and nothing but a cache of the kit stays. */

import { constants } from 'node:os';
import { BoxmarkError, messageOf } from '../../bench/errors.ts';
import { type Job, jobFiles } from '../../bench/fleet/job.ts';
import { createWorkspaceDir, removeWorkspaceDir } from '../../runners/host/workspace.ts';
import { hostExec, hostSpawn } from '../../runners/kit/process.ts';
import { quote } from '../../runners/kit/shell.ts';
import { type Connection, connect } from '../../runners/kit/ssh/connection.ts';
import type { FoundHost, JobEnd, Transport } from '../transport.ts';
import type { SshHost } from './inventory.ts';
import type { SshKit } from './kit.ts';
import { lookAt } from './look.ts';
import { type NodeFolder, openNodeFolder, placeKit, refusal } from './remote.ts';
import { ENDED, RUN, STARTED } from './scripts.ts';

/** At once, while hosts are looked at. */
const LOOKS = 8;
/** A connection is dead when it is silent for 15 s. */
const PULSE = { seconds: 5, missing: 3 };
/** For last words that are still on their way, ms. */
const LAST_WORDS_MS = 2000;

export interface SshTransportOptions {
  readonly hosts: readonly SshHost[];
  readonly kit: SshKit;
}

/** Makes a private folder for its connections, which `close` removes. */
export async function sshTransport({ hosts, kit }: SshTransportOptions): Promise<Transport> {
  const { dir } = await createWorkspaceDir();
  const byAddress = new Map(hosts.map((host) => [host.address, host]));
  const open = ({ target }: SshHost, signal?: AbortSignal): Promise<Connection> =>
    connect({ exec: hostExec, spawn: hostSpawn }, target, dir, {
      alive: PULSE,
      env: agentEnv(),
      ...(signal === undefined ? {} : { signal }),
    });
  return {
    name: 'ssh',
    image: null,
    hosts: () => atMost(LOOKS, hosts, async (host) => ({ ...plainly(host), ...(await looked(host, open, kit)) })),
    run: async ({ address }, job, onLine, signal) => {
      signal.throwIfAborted();
      const host = byAddress.get(address);
      if (host === undefined) return { how: 'refused', reason: `${address} is not one of the hosts that were given` };
      try {
        const connection = await open(host, signal);
        try {
          return await runOn(connection, { kit, job, onLine, signal });
        } finally {
          await connection.close();
        }
      } catch (error) {
        signal.throwIfAborted();
        return { how: 'refused', reason: reasonOf(error) };
      }
    },
    close: () => removeWorkspaceDir(dir),
  };
}

function plainly({ name, address, labels }: SshHost): Pick<FoundHost, 'name' | 'address' | 'labels'> {
  return { name, address, labels };
}

async function looked(
  host: SshHost,
  open: (host: SshHost) => Promise<Connection>,
  kit: SshKit,
): Promise<Pick<FoundHost, 'architecture' | 'refused'>> {
  try {
    const connection = await open(host);
    try {
      return await lookAt(connection, kit.architecture);
    } finally {
      await connection.close();
    }
  } catch (error) {
    return { architecture: null, refused: reasonOf(error) };
  }
}

interface Errand {
  readonly kit: SshKit;
  readonly job: Job;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Rejects with a reason when the job can't begin there, and for an abort. */
async function runOn(connection: Connection, errand: Errand): Promise<JobEnd> {
  const { kit, job, onLine, signal } = errand;
  const folder = await openNodeFolder(connection);
  try {
    // A copy that is under way ends with the connection.
    const place = await unlessAborted(signal, placeKit(connection, folder.dir, kit));
    const words = await kit.words(place);
    const tried = await unlessAborted(signal, connection.exec([...words, '--version']));
    if (tried.exitCode !== 0) {
      const remedy = 'a /var/tmp from which programs may run (no noexec), and a Linux of the last ten years';
      throw refusal('Boxmark does not start there', tried, remedy);
    }
    return await unlessAborted(signal, follow(connection, folder, words, job, onLine));
  } finally {
    await folder.remove();
  }
}

/** Starts the program and passes on its lines until it ends or nothing more can come. */
async function follow(
  connection: Connection,
  { dir, unguarded }: NodeFolder,
  words: readonly string[],
  job: Job,
  onLine: (line: string) => void,
): Promise<JobEnd> {
  const again = `exec ${words.map(quote).join(' ')} "$@"`;
  const argv = ['sh', '-c', RUN, 'sh', dir, again, ...words, 'fleet', 'node', '--job', '-'];
  const program = await connection.spawn(argv);
  let hasStarted = false;
  let hasEnded = false;
  const ended = new Promise<number>((resolve) => {
    program.onLine((line) => {
      if (hasEnded) return;
      if (hasStarted && line.startsWith(ENDED)) {
        hasEnded = true;
        resolve(Number(line.slice(ENDED.length)));
      } else if (hasStarted) onLine(line);
      else hasStarted = line === STARTED;
    });
  });
  program.write(JSON.stringify(jobFiles(job)));
  // Its last lines may still be on their way.
  const code = await Promise.race([ended, program.exited.then(() => later()), unguarded.then(() => null)]);
  if (code === null) return lost(connection, program.errorTail());
  if (code > 128 && code !== 130) return { how: 'lost', reason: killedReason(code - 128) };
  // What it said of a failure has a way of its own.
  if (code !== 0) await Promise.race([program.exited, later()]);
  if (code !== 0) for (const line of program.errorTail().split('\n')) onLine(line);
  return { how: 'ended', exitCode: code };
}

async function lost(connection: Connection, tail: string): Promise<JobEnd> {
  const words = await Promise.race([connection.gone, later()]);
  if (words === null) return { how: 'lost', reason: `what Boxmark runs there was ended from outside${after(tail)}` };
  return { how: 'lost', reason: `the connection is gone${after(words || tail)}` };
}

function later(): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS, null));
}

function after(words: string): string {
  return words === '' ? '' : `: ${words.split('\n').slice(-2).join('; ')}`;
}

function killedReason(number: number): string {
  const { signals } = constants;
  const name = Object.entries(signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
  const why = name === 'SIGKILL' ? ', as when memory runs out' : '';
  return `Boxmark was ended there by ${name}${why}`;
}

function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof BoxmarkError)) return messageOf(error);
  return error.remedy === undefined ? error.what : `${error.what} (try: ${error.remedy})`;
}

/** Where the user's agent listens: the keys of other users' hosts may be there only. */
function agentEnv(): Readonly<Record<string, string>> {
  const { SSH_AUTH_SOCK } = process.env;
  return SSH_AUTH_SOCK === undefined ? {} : { SSH_AUTH_SOCK };
}

/** Results in the order of the items, of which at most so many are worked on at once. */
async function atMost<T, R>(most: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return results;
}
