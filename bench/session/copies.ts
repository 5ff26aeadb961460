/** Copies of a session: they say nothing more, and would make sessions seem to agree. */

export class Copies {
  /** Folder of the first session, by each of its keys. */
  readonly #seen = new Map<string, string>();

  /** Why this session does not count, by what copies of it have in common (its name, say); null for the first of its kind. */
  whyLeftOut(dir: string, keys: readonly string[]): string | null {
    const first = keys.map((key) => this.#seen.get(key)).find((known) => known !== undefined);
    for (const key of keys) if (!this.#seen.has(key)) this.#seen.set(key, dir);
    return first === undefined ? null : `it is a copy of ${first}`;
  }
}
