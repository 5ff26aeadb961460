/**
 * One measurer a host: two runs at once share caches, memory and the clock of the CPU, and the ratios of both include it.
 * The lock is a listening socket in the abstract namespace (unix(7)): the kernel takes it away with its process, so that no
 * lock of a dead run is left, and it is seen by all users and from containers on the host's network.
 */

import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

const NAME = '\0boxmark/measuring';
/** Whoever asks has this long to take the answer, which fits into a socket's buffer at once. */
const ANSWER_LIMIT_MS = 1000;
const ANSWER_LIMIT_BYTES = 4096;
const MOST_CLIENTS = 16;
const RETRY_MS = 500;
/** While this host is measured on, looking for the lock must not be work. */
const QUIET_RETRY_MS = 10_000;

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

/** Takes the host's lock, or says who has it. @throws the reason of the signal */
export async function takeHostLock({ self, waitMs, signal, onWait }: LockWish): Promise<Taken> {
  const giveUpAt = performance.now() + waitMs;
  for (let isWaiting = false; ; isWaiting = true) {
    signal.throwIfAborted();
    const lock = await lockedBy(self);
    if (lock !== null) return { lock };
    const holder = await askHolder();
    if (performance.now() >= giveUpAt) return { holder };
    if (!isWaiting) onWait?.(holder);
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }
}

/** Takes the lock as soon as it is free, while something else goes on: a third run must learn of the one that was allowed. */
export function takeHostLockLater(self: Measurer, everyMs = QUIET_RETRY_MS): HostLock {
  const end = new AbortController();
  const { signal } = end;
  const taking = (async (): Promise<HostLock | null> => {
    while (!signal.aborted) {
      const lock = await lockedBy(self);
      if (lock !== null) return lock;
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {});
    }
    return null;
  })();
  return {
    release: async () => {
      end.abort();
      await (await taking)?.release();
    },
  };
}

/** Tests that measure at the same time have a lock each. */
function nameOfLock(): string {
  const { BOXMARK_LOCK } = process.env;
  return BOXMARK_LOCK ? `${NAME}/${BOXMARK_LOCK}` : NAME;
}

/** Null when another process has the name. A host without such sockets has no lock, and is measured on all the same. */
function lockedBy(self: Measurer): Promise<HostLock | null> {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    client.on('error', () => {}); // It went away before it had its answer.
    // Anyone may ask: one who never reads or leaves must keep neither a place nor this process.
    client.unref();
    client.setTimeout(ANSWER_LIMIT_MS, () => client.destroy());
    client.end(`${JSON.stringify(self)}\n`);
  });
  server.maxConnections = MOST_CLIENTS;
  const lock: HostLock = {
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      }),
  };
  return new Promise((resolve) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code === 'EADDRINUSE' ? null : { release: async () => {} });
    });
    server.listen(nameOfLock(), () => {
      server.unref();
      resolve(lock);
    });
  });
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
