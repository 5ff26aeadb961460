/** A session apart from its figures: the host, facts of the boxes, the warm-up, and where its rows are. */

import type { ClaimGround } from '../../bench/analysis/claims/conditions.ts';
import type { ClaimOptions } from '../../bench/analysis/claims/judge.ts';
import type { Claim } from '../../bench/analysis/claims/schema.ts';
import type { Inequality, Warmup } from '../../bench/types.ts';

export type Facts = Readonly<Record<string, unknown>>;

/** Rows of a table of the session, by line: the header is line 1. */
export interface RowRange {
  readonly env: string;
  readonly workload: string;
  readonly first: number;
  readonly last: number;
  readonly rows: number;
}

export interface SessionRecord {
  readonly host: {
    readonly name: string;
    readonly fingerprint: string;
    readonly hardware: Facts;
    readonly stack: Facts;
  };
  readonly image: { readonly digest: string; readonly node: string; readonly payload: string };
  readonly work: Readonly<Record<string, number>>;
  readonly warmup: Warmup | null;
  readonly environments: readonly {
    readonly path: string;
    readonly facts: Facts | null;
    readonly inequalities?: readonly Inequality[];
  }[];
  readonly resumed: readonly { readonly at: string; readonly program: string; readonly blocksKept: number }[];
  /** Rows of samples.csv by environment and workload. */
  readonly rows: readonly RowRange[];
}

/** A fact that is not the same on the hosts of two sessions. */
export interface HostDifference {
  /** `hardware` decides whether sessions compare; the others are what may be under test. */
  readonly part: 'hardware' | 'stack' | 'image' | 'environment';
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** Published claims to check against a session, and what they may ask of it. */
export interface ClaimsToJudge extends ClaimOptions {
  readonly title: string;
  readonly claims: readonly Claim[];
  readonly ground: ClaimGround;
}
