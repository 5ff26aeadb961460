/** What moved between two runs of the benches, as ratios with the spread of both, so that noise isn't called a move. */

import type { Figure } from './figure.ts';
import type { BenchFile } from './file.ts';
import { goalOf } from './goals.ts';

export type Verdict = 'better' | 'worse' | 'moved' | 'within the spread' | 'measured once' | 'new' | 'gone';

export interface Move {
  readonly id: string;
  readonly verdict: Verdict;
  /** New value over the old one, from least to most by the spread of both; null where there is nothing to divide. */
  readonly ratio: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** Less than this is no move, however narrow the spreads are: they don't know what changes from hour to hour. */
const LEAST = 0.02;

/** One for every figure of either run, in the order of the new one; those that are gone come last. */
export function movesBetween(before: readonly Figure[], after: readonly Figure[]): Move[] {
  const old = new Map(before.map((figure) => [figure.id, figure]));
  const names = new Set(after.map(({ id }) => id));
  const none = { ratio: null, low: null, high: null };
  return [
    ...after.map((now): Move => {
      const then = old.get(now.id);
      return then === undefined || then.unit !== now.unit ? { id: now.id, verdict: 'new', ...none } : moveOf(then, now);
    }),
    ...before.filter(({ id }) => !names.has(id)).map(({ id }): Move => ({ id, verdict: 'gone', ...none })),
  ];
}

function moveOf(then: Figure, now: Figure): Move {
  const ratio = quotient(now.value, then.value);
  const low = quotient(now.low, then.high);
  const high = quotient(now.high, then.low);
  const own = { id: now.id, ratio, low, high };
  if (ratio === null || low === null || high === null) return { ...own, verdict: 'measured once' };
  const isOutside = (low > 1 || high < 1) && Math.abs(ratio - 1) >= LEAST;
  return { ...own, verdict: isOutside ? directionOf(now, ratio) : 'within the spread' };
}

function quotient(over: number | null, under: number | null): number | null {
  return over === null || under === null || under === 0 ? null : over / under;
}

/** Seconds and bytes are better when fewer; a ratio or share only when a goal says which way. */
function directionOf({ id, unit }: Figure, ratio: number): Verdict {
  const goal = goalOf(id)?.is ?? (unit === 'ratio' || unit === 'share' ? undefined : '≤');
  if (goal === undefined) return 'moved';
  return ratio > 1 === (goal === '≥') ? 'better' : 'worse';
}

/** What else differs between the runs, and could move figures by itself. */
export function differencesOf(before: BenchFile, after: BenchFile): string[] {
  const named = (['cpu', 'cpus', 'memoryGib', 'hypervisor', 'kernel', 'node', 'v8'] as const).filter(
    (name) => before.host[name] !== after.host[name],
  );
  const peers = Object.keys({ ...before.host.peers, ...after.host.peers }).filter(
    (name) => (before.host.peers[name] ?? null) !== (after.host.peers[name] ?? null),
  );
  const line = (name: string, then: unknown, now: unknown) => `${name}: ${then ?? 'none'} before, ${now ?? 'none'} now`;
  const busiest = ({ host }: BenchFile) => Math.max(host.loadBefore[0], host.loadAfter[1]);
  const [then, now] = [busiest(before), busiest(after)];
  return [
    ...named.map((name) => line(name, before.host[name], after.host[name])),
    ...peers.map((name) => line(name, before.host.peers[name], after.host.peers[name])),
    ...(Math.abs(then - now) >= 1 ? [line('load average', then.toFixed(1), now.toFixed(1))] : []),
  ];
}
