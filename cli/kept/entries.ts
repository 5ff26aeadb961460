/** What `history` takes from a session. */

import * as z from 'zod';
import type { KnownEntries, SeriesHead } from '../../bench/session/history.ts';
import { type KeptOptions, openKept } from './store.ts';

/** Beyond it there is no date. */
const LAST_MS = 8.64e15;

const heads = z.array(
  z
    .tuple([z.enum(['ratio', 'time', 'size']), z.string(), z.string().nullable(), z.string()])
    .transform(([figure, env, baseline, workload]): SeriesHead => ({ figure, env, baseline, workload })),
);
const values = z.array(z.number()).readonly();
const bounds = z.array(z.number().nullable()).readonly();
const schema = z.strictObject({
  id: z.string(),
  startedAtMs: z.number().min(-LAST_MS).max(LAST_MS),
  machine: z.string(),
  // In the order in which they are printed.
  head: z.strictObject({
    fingerprint: z.string(),
    cpuModel: z.string(),
    size: z.string(),
    kernels: z.string(),
    threads: z.number(),
    baseline: z.string(),
    ownThreads: z.exactOptional(z.array(z.strictObject({ id: z.string(), threads: z.number() })).readonly()),
    measure: z.exactOptional(z.string()),
  }),
  /** As JSON: of thousands of sessions nearly all have the same. */
  figures: z.string(),
  values,
  lows: bounds,
  highs: bounds,
  untrusted: z.number(),
});

export interface KeptEntries extends KnownEntries {
  /** Writes what is new. */
  close(): void;
}

export function keptEntries(options?: KeptOptions): KeptEntries {
  const kept = openKept({ command: 'history', schema, isSealed: false }, options);
  const known = new Map<string, readonly SeriesHead[] | null>();
  const headsOf = (text: string): readonly SeriesHead[] | null => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const read = headsIn(text);
    known.set(text, read);
    return read;
  };
  return {
    read(dir) {
      const entry = kept.read(dir);
      const figures = entry && headsOf(entry.figures);
      if (entry === null || figures === null) return null;
      const isWhole = [entry.values, entry.lows, entry.highs].every(({ length }) => length === figures.length);
      return isWhole ? { ...entry, figures } : null;
    },
    keep(dir, { figures, ...entry }) {
      const text = figures.map(({ figure, env, baseline, workload }) => [figure, env, baseline, workload]);
      kept.keep(dir, { ...entry, figures: JSON.stringify(text) });
    },
    close: kept.close,
  };
}

function headsIn(text: string): readonly SeriesHead[] | null {
  try {
    return heads.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
