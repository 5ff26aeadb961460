/** Numbers by round: what a map of a cell's bursts would hold, in a fraction of its memory, and ready to be computed with. */

const ROOM = 16;

/** In the order in which rounds were first set, which nearly always is that of the rounds. */
export class ByRound {
  size = 0;
  #rounds = new Float64Array(ROOM);
  #values = new Float64Array(ROOM);
  #isAscending = true;
  /** Of rounds that don't ascend; made when one is looked up. */
  #places: Map<number, number> | null = null;

  /** Of two values of a round the later stands, in the place of the first. */
  set(round: number, value: number): void {
    const { size } = this;
    const isNext = size === 0 || (this.#isAscending && round > (this.#rounds[size - 1] as number));
    const place = isNext ? -1 : this.placeOf(round);
    if (place >= 0) {
      this.#values[place] = value;
      return;
    }
    if (size === this.#rounds.length) {
      this.#rounds = grown(this.#rounds);
      this.#values = grown(this.#values);
    }
    this.#isAscending &&= isNext;
    this.#places?.set(round, size);
    this.#rounds[size] = round;
    this.#values[size] = value;
    this.size = size + 1;
  }

  get(round: number): number | undefined {
    const place = this.placeOf(round);
    return place < 0 ? undefined : this.#values[place];
  }

  /** -1 where there is none. `guess`: where it most likely is, because cells of a block have the same rounds. */
  placeOf(round: number, guess = 0): number {
    if (guess < this.size && this.#rounds[guess] === round) return guess;
    if (!this.#isAscending) {
      this.#places ??= new Map(Array.from(this.rounds, (one, place) => [one, place]));
      return this.#places.get(round) ?? -1;
    }
    let low = 0;
    let high = this.size - 1;
    while (low <= high) {
      const between = (low + high) >> 1;
      const found = this.#rounds[between] as number;
      if (found === round) return between;
      if (found < round) low = between + 1;
      else high = between - 1;
    }
    return -1;
  }

  get rounds(): Float64Array {
    return this.#rounds.subarray(0, this.size);
  }

  /** In the order of `rounds`. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.size);
  }

  /** The same by ascending rounds; itself where they are. */
  inOrder(): ByRound {
    if (this.#isAscending) return this;
    const sorted = new ByRound();
    for (const round of this.rounds.slice().sort()) sorted.set(round, this.get(round) as number);
    return sorted;
  }
}

function grown(values: Float64Array): Float64Array<ArrayBuffer> {
  const more = new Float64Array(2 * values.length);
  more.set(values);
  return more;
}

/** The values of all, one after the other. */
export function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
