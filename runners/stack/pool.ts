/** What several environments of a run use together, such as a daemon: opened by the first that asks, closed by the last. */

export interface Pool<T> {
  /** Opened once, however many ask at the same time. Every success takes one `release`. */
  acquire(key: string, open: () => Promise<T>): Promise<T>;
  /** The last one closes it; nothing for a key that is not open. */
  release(key: string): Promise<void>;
  /** Without taking a share in it; undefined when it is not open, or being closed. */
  find(key: string): Promise<T> | undefined;
}

interface Entry<T> {
  users: number;
  readonly thing: Promise<T>;
  closing?: Promise<void>;
}

export function newPool<T>(close: (thing: T) => Promise<void>): Pool<T> {
  const entries = new Map<string, Entry<T>>();
  return {
    async acquire(key, open) {
      for (;;) {
        let entry = entries.get(key);
        if (entry?.closing !== undefined) {
          await entry.closing;
          continue;
        }
        if (entry === undefined) {
          entry = { users: 0, thing: open() };
          entries.set(key, entry);
        }
        entry.users++;
        try {
          return await entry.thing;
        } catch (error) {
          if (entries.get(key) === entry) entries.delete(key);
          throw error;
        }
      }
    },
    async release(key) {
      const entry = entries.get(key);
      if (entry === undefined) return;
      entry.users--;
      if (entry.users > 0) return;
      entry.closing = entry.thing.then(close).finally(() => entries.delete(key));
      await entry.closing;
    },
    find(key) {
      const entry = entries.get(key);
      return entry?.closing === undefined ? entry?.thing : undefined;
    },
  };
}
