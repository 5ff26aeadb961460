/** What the campaign tries: each scenario breaks something, then looks at what became of the session and of the host. */

import type { Decoys } from './decoys.ts';
import { leftSince, stateOf } from './state.ts';

/** The promise (docs/reliability.md): memory of the harness itself, whatever boxes write. */
export const MOST_MIB = 200;

export interface Finding {
  /** What is not as promised, in words; none when it is. */
  readonly problems: readonly string[];
  readonly lostBlocks: number;
  readonly leaked: readonly string[];
  readonly peakMiB: number;
  /** The run ended before it could be disturbed, or was not hindered by what was prepared. */
  readonly missed?: boolean;
}

export interface Context {
  readonly lab: string;
  /** Between 0 and 1; by the seed. */
  random(): number;
  /** Folder of results for one attempt. */
  readonly out: string;
  /** How often this scenario was tried before. */
  readonly attempt: number;
  readonly field: Field;
}

/** Thrown by a scenario that can't be tried on this host. */
export class NotHere extends Error {}

export interface Scenario {
  readonly name: string;
  /** How many times it is tried: of so many kills, or in the short form. */
  tries(kills: number, short: boolean): number;
  run(context: Context): Promise<Finding>;
  /** Why it can't be tried here. */
  missing?(): string | undefined;
}

/** The lab's state before anything is tried, and the decoys in it. */
export class Field {
  readonly #lab: string;
  readonly #decoys: Decoys;
  readonly #known: Set<string>;

  constructor(lab: string, decoys: Decoys) {
    this.#lab = lab;
    this.#decoys = decoys;
    this.#known = this.#read();
  }

  /** Things that were not there before the first attempt and do not end by themselves. */
  async leaked(limitMs?: number): Promise<string[]> {
    return leftSince(this.#known, () => this.#read(), limitMs);
  }

  /** The next attempt is not blamed for what this one left. */
  accept(leaked: readonly string[]): void {
    for (const line of leaked) this.#known.add(line);
  }

  /** @param all also those that only an engine can be asked about, which takes seconds */
  touched(all = false): string[] {
    return this.#decoys.touched(all);
  }

  #read(): Set<string> {
    return stateOf(this.#lab);
  }
}
