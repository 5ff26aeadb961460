/** Rows of the same kind together. */

/** Items of the same key together, in the order in which the keys come first. */
export function grouped<T>(items: readonly T[], keyOf: (item: T) => unknown): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = JSON.stringify(keyOf(item));
    const known = groups.get(key);
    if (known) known.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}

/** Values by two names. Rows that follow each other mostly have both in common: such a value is found without looking it up. */
export class ByPair<V> {
  /** In the order in which the pairs came first. */
  readonly all: V[] = [];
  readonly byFirst = new Map<string, Map<string, V>>();
  #first = '';
  #second = '';
  #last: V | undefined;

  get(first: string, second: string): V | undefined {
    if (first === this.#first && second === this.#second && this.#last !== undefined) return this.#last;
    this.#first = first;
    this.#second = second;
    this.#last = this.byFirst.get(first)?.get(second);
    return this.#last;
  }

  /** Of a pair that has none yet. No function makes it on demand, because that would be an object for every row. */
  add(first: string, second: string, value: V): V {
    const own = this.byFirst.get(first) ?? new Map<string, V>();
    if (own.size === 0) this.byFirst.set(first, own);
    own.set(second, value);
    this.all.push(value);
    this.#last = undefined;
    return value;
  }
}
