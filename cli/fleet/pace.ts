/** How fast hosts are beside each other, and whether one has gone quiet: what somebody who follows the progress wants to know. */

import { formatSpan, median } from '../../bench/units.ts';

/** A host is slow when its block takes so many times as long as the median of the others'. */
const SLOW = 3;
/** Blocks of less time differ for many reasons. */
const LEAST_MS = 5000;
/** A host that says nothing for so long is named; a block of a long plan takes some minutes. */
const QUIET_MS = 15 * 60_000;
const MOST_BLOCKS = 20;
const MOST_OTHERS = 50;

interface Heard {
  /** When its last line came. */
  atMs: number;
  /** When its block began. */
  blockMs: number | null;
  readonly blocks: number[];
  isNamed: boolean;
}

/** Times are of a clock that only goes forward, ms. */
export class Pace {
  readonly #hosts = new Map<string, Heard>();
  readonly #slow = new Set<string>();

  /** A line came. */
  heard(host: string, nowMs: number): void {
    const known = this.#hosts.get(host);
    if (known === undefined) this.#hosts.set(host, { atMs: nowMs, blockMs: null, blocks: [], isNamed: false });
    else Object.assign(known, { atMs: nowMs, isNamed: false });
  }

  began(host: string, nowMs: number): void {
    this.heard(host, nowMs);
    Object.assign(this.#hosts.get(host) as Heard, { blockMs: nowMs });
  }

  /** A block has ended. What to say of the host: once, when it is much slower than the others; null otherwise. */
  ended(host: string, nowMs: number): string | null {
    this.heard(host, nowMs);
    const own = this.#hosts.get(host) as Heard;
    if (own.blockMs === null) return null;
    const tookMs = nowMs - own.blockMs;
    own.blocks.push(tookMs);
    if (own.blocks.length > MOST_BLOCKS) own.blocks.shift();
    own.blockMs = null;
    const others = this.#slow.has(host) ? [] : this.#usualOthers(host);
    if (others.length === 0) return null;
    const usual = median(others);
    if (tookMs < Math.max(LEAST_MS, SLOW * usual)) return null;
    this.#slow.add(host);
    return `slow: a block takes ${formatSpan(tookMs / 1000)}, elsewhere ${formatSpan(usual / 1000)}`;
  }

  /** The usual time of a block on each of the other hosts, of so many that looking takes no time. */
  #usualOthers(host: string): number[] {
    const others = [...this.#hosts].filter(([name, { blocks }]) => name !== host && blocks.length > 0);
    return others.slice(-MOST_OTHERS).map(([, { blocks }]) => median(blocks));
  }

  /** Its job has ended. */
  done(host: string): void {
    const known = this.#hosts.get(host);
    if (known !== undefined) known.isNamed = true;
  }

  /** Hosts of which nothing was heard for long, each once until it says something again. */
  quiet(nowMs: number): { readonly host: string; readonly text: string }[] {
    return [...this.#hosts].flatMap(([host, heard]) => {
      if (heard.isNamed || nowMs - heard.atMs < QUIET_MS) return [];
      heard.isNamed = true;
      return [{ host, text: `nothing heard for ${formatSpan((nowMs - heard.atMs) / 1000)}` }];
    });
  }
}
