/** Texts that many sessions have in common, each kept once. */

export class Names {
  readonly #known = new Map<string, string>();
  readonly #lists = new Map<string, readonly string[]>();

  /** A cell is a slice of its file's text and would keep all of it in memory, so it is copied the first time. */
  shared(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const copy = Buffer.from(text).toString();
    this.#known.set(copy, copy);
    return copy;
  }

  list(texts: readonly string[]): readonly string[] {
    const key = JSON.stringify(texts);
    const known = this.#lists.get(key) ?? texts;
    this.#lists.set(key, known);
    return known;
  }
}
