/** Ends the reading of a table at a row that is too wide, for a parser that has no such limit. */

import { assertWidth } from './scan.ts';

const [LF, CR, QUOTE, COMMA] = [10, 13, 34, 44] as const;

/** The pieces as they are; throws a BadTable in place of the one in which a row becomes too wide. */
export function* withinWidth(pieces: Iterable<Buffer>): Generator<Buffer> {
  const rows = new Rows();
  for (const piece of pieces) {
    rows.see(piece);
    yield piece;
  }
}

class Rows {
  /** Before this one, the header counted. */
  #count = 0;
  #cells = 1;
  #isQuoted = false;
  #before = 0;
  /** Of all rows, as for csv-parse, is the first line end outside quotes: LF, CR, or both as a pair. */
  #end: number | undefined;
  #isPair = false;

  see(piece: Buffer): void {
    for (const byte of piece) {
      if (byte <= COMMA) this.#seeMark(byte);
      this.#before = byte;
    }
  }

  #seeMark(byte: number): void {
    // Two quotes within a cell stand for one, and leave it open.
    if (byte === QUOTE) this.#isQuoted = !this.#isQuoted;
    else if (this.#isQuoted) return;
    else if (byte === COMMA) {
      this.#cells += 1;
      assertWidth(this.#cells, this.#count);
    } else if ((byte === LF || byte === CR) && this.#isEnd(byte)) {
      this.#count += 1;
      this.#cells = 1;
    }
  }

  #isEnd(byte: number): boolean {
    this.#end ??= byte;
    const isBehindReturn = byte === LF && this.#before === CR;
    if (this.#isPair) return isBehindReturn;
    this.#isPair = isBehindReturn && this.#end === CR && this.#count === 1;
    return !this.#isPair && byte === this.#end;
  }
}
