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

  obtain(first: string, second: string, make: () => V): V {
    if (this.#last !== undefined && first === this.#first && second === this.#second) return this.#last;
    let own = this.byFirst.get(first);
    if (own === undefined) {
      own = new Map();
      this.byFirst.set(first, own);
    }
    let value = own.get(second);
    if (value === undefined) {
      value = make();
      own.set(second, value);
      this.all.push(value);
    }
    this.#first = first;
    this.#second = second;
    this.#last = value;
    return value;
  }
}
