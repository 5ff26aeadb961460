/** One row of a table as it lies in the file's bytes: a cell becomes a text only where it must. */

/** Cells by their places in `bytes`; of a row with quotes their texts. Reused for every row of a table. */
export class TableRecord {
  bytes: Buffer = NO_BYTES;
  /** Where the row begins, and the end of each of its `count` cells: the next one begins behind a comma. */
  begin = 0;
  ends = new Int32Array(64);
  count = 0;
  isAscii = true;
  /** A carriage return somewhere outside quotes. */
  hasReturn = false;
  /** Of a row with quotes: they hold for its cells instead of the places. */
  texts: readonly string[] | null = null;
  /** Rows before this one, the header counted. */
  number = -1;
  /** The first `changes` of `changed` are the places of the cells that are not those of the row before, byte for byte. */
  changed = new Int32Array(this.ends.length);
  changes = 0;
  /** Are `changed` and `changes` of this row? If not, any cell may differ. */
  isCompared = false;
  /** Can the next row be compared with this one? */
  isRemembered = false;

  static of(texts: readonly string[]): TableRecord {
    const record = new TableRecord();
    record.texts = texts;
    record.count = texts.length;
    return record;
  }

  /** Room for more cells. */
  grow(): Int32Array<ArrayBuffer> {
    const more = new Int32Array(2 * this.ends.length);
    more.set(this.ends);
    this.ends = more;
    this.changed = new Int32Array(more.length);
    return more;
  }

  beginOf(at: number): number {
    return at === 0 ? this.begin : (this.ends[at - 1] as number) + 1;
  }

  text(at: number): string {
    if (this.texts !== null) return this.texts[at] ?? '';
    return textOf(this.bytes, this.beginOf(at), this.ends[at] as number, this.isAscii);
  }

  all(): string[] {
    return Array.from({ length: this.count }, (_, at) => this.text(at));
  }
}

const NO_BYTES = Buffer.alloc(0);

export function textOf(bytes: Buffer, from: number, to: number, isAscii = false): string {
  return bytes.toString(isAscii ? 'latin1' : 'utf8', from, to);
}
