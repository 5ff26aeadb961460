/** What kinds without workloads have in common: rows of whole blocks count, and an environment that started was measured. */

import type { SessionRecords, SessionRows } from '../run/kind.ts';

export function wholeOf({ starts, footprint, blocksCompleted }: SessionRecords): SessionRows {
  const isWhole = ({ block }: { readonly block: number }) => block <= blocksCompleted;
  return { samples: [], starts: starts.filter(isWhole), footprint: footprint.filter(isWhole) };
}

export function startedIn({ starts }: SessionRows): ReadonlySet<string> {
  return new Set(starts.filter(({ status }) => status === 'completed').map(({ env }) => env));
}
