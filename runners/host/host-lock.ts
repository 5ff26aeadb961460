/**
 * One measurer a host: two runs at once share caches, memory and the clock of the CPU, and the ratios of both include it.
 * The lock is a listening socket in the abstract namespace (unix(7)): the kernel takes it away with its process, so that no
 * lock of a dead run is left, and it is seen by all users and from containers on the host's network.
 */

import { connect, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

const NAME = '\0boxmark/measuring';
const ANSWER_LIMIT_MS = 1000;
const ANSWER_LIMIT_BYTES = 4096;
const RETRY_MS = 500;

/** Who measures, in its own words: another user of the host may say anything. */
export type Measurer = z.infer<typeof measurerSchema>;

const measurerSchema = z.object({
  pid: z.number().int().min(1),
  user: z.string().max(80),
  startedAt: z.string().max(40),
  cpus: z.array(z.number().int().min(0)).max(4096),
  command: z.string().max(1000),
});

export interface HostLock {
  release(): Promise<void>;
}

export type Taken =
  | { readonly lock: HostLock }
  /** Null: what holds the lock does not say who it is. */
  | { readonly holder: Measurer | null };

export interface LockWish {
  readonly self: Measurer;
  /** How long to wait for the holder to end. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Called once, when there is something to wait for. */
  readonly onWait?: (holder: Measurer | null) => void;
}

/** Takes the host's lock, or says who has it. @throws the reason of the signal, and what the kernel answers when there are no such sockets */
export async function takeHostLock({ self, waitMs, signal, onWait }: LockWish): Promise<Taken> {
  const giveUpAt = performance.now() + waitMs;
  for (let isWaiting = false; ; isWaiting = true) {
    signal.throwIfAborted();
    const server = await listening(self);
    if (server !== null) return { lock: { release: () => closed(server) } };
    const holder = await askHolder();
    if (performance.now() >= giveUpAt) return { holder };
    if (!isWaiting) onWait?.(holder);
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }
}

/** Tests that measure at the same time have a lock each. */
function nameOfLock(): string {
  const { BOXMARK_LOCK } = process.env;
  return BOXMARK_LOCK ? `${NAME}/${BOXMARK_LOCK}` : NAME;
}

/** Null when another process has the name. */
function listening(self: Measurer): Promise<Server | null> {
  const server = createServer((client) => {
    client.on('error', () => {}); // It went away before it had its answer.
    client.end(`${JSON.stringify(self)}\n`);
  });
  server.maxConnections = 16;
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(nameOfLock(), () => {
      server.unref();
      resolve(server);
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function askHolder(): Promise<Measurer | null> {
  return new Promise((resolve) => {
    let text = '';
    const client = connect(nameOfLock());
    const end = () => {
      clearTimeout(timer);
      client.destroy();
      resolve(measurerIn(text));
    };
    const timer = setTimeout(end, ANSWER_LIMIT_MS);
    client.setEncoding('utf8');
    client.on('data', (piece) => {
      text += piece;
      if (text.length > ANSWER_LIMIT_BYTES) end();
    });
    client.on('end', end);
    client.on('error', end);
  });
}

function measurerIn(text: string): Measurer | null {
  try {
    return measurerSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
