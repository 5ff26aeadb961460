/** Which state each workload must be in after so many passes: boxes must agree with each other, and with a replay. */

/** Reckons checksums afresh, outside all timing; ascending pass counts. */
export type Replay = (workload: string, passes: readonly number[]) => Promise<readonly string[]>;

export interface Ledger {
  /** True when no box has reported another state for this pass count. The first to report sets the mark. */
  agrees(workload: string, passes: number, checksum: string): boolean;
  /** The states by replay, each pass count reckoned once. In the order asked. */
  expected(workload: string, passes: readonly number[]): Promise<readonly string[]>;
}

/** A ledger for a whole session: the sequence of passes is the same in every block. */
export function openLedger(replay: Replay): Ledger {
  const seen = new Map<string, string>();
  const proved = new Map<string, string>();
  const keyOf = (workload: string, passes: number) => `${workload} ${passes}`;
  return {
    agrees(workload, passes, checksum) {
      const key = keyOf(workload, passes);
      const known = proved.get(key) ?? seen.get(key);
      if (known === undefined) seen.set(key, checksum);
      return known === undefined || known === checksum;
    },
    async expected(workload, passes) {
      const open = [...new Set(passes)].filter((count) => !proved.has(keyOf(workload, count))).sort((a, b) => a - b);
      const checksums = open.length === 0 ? [] : await replay(workload, open);
      for (const [index, count] of open.entries()) proved.set(keyOf(workload, count), checksums[index] ?? '');
      return passes.map((count) => proved.get(keyOf(workload, count)) ?? '');
    },
  };
}
