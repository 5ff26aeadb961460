/** What differs between two hosts, as lines for a terminal. */

import { clean, wrap } from './text.ts';

export interface HostDifference {
  /** `hardware` decides whether sessions compare; the others are what may be under test. */
  readonly part: 'hardware' | 'stack' | 'image' | 'environment';
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** `kernel: 6.1.0 → 6.12.0`, one fact a line or two. */
export function differenceLines(differences: readonly HostDifference[], width: number): string[] {
  return differences.flatMap(({ part, what, before, after }) =>
    wrap(`${part}: ${clean(what, 100)}: ${clean(before, 160)} → ${clean(after, 160)}`, width, '  '),
  );
}
