/** The encoding of SSH keys and signatures (RFC 4251): numbers of four bytes, and bytes with their length in front. */

/** Text between two lines of hyphens is no such key or signature; the message says why. */
export class BadWire extends Error {}

export class WireReader {
  readonly #content: Buffer;
  #at = 0;

  constructor(content: Buffer) {
    this.#content = content;
  }

  take(length: number): Buffer {
    if (length > this.#content.length - this.#at) throw new BadWire('it ends early');
    this.#at += length;
    return this.#content.subarray(this.#at - length, this.#at);
  }

  number(): number {
    return this.take(4).readUInt32BE();
  }

  bytes(): Buffer {
    return this.take(this.number());
  }

  text(): string {
    return this.bytes().toString('latin1');
  }

  rest(): Buffer {
    return this.take(this.#content.length - this.#at);
  }

  end(): void {
    if (this.#at < this.#content.length) throw new BadWire('something follows its end');
  }
}

export function wireNumber(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function wireBytes(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([wireNumber(bytes.length), bytes]);
}

/** The bytes between `-----BEGIN NAME-----` and its end; null for another text. Throws a BadWire where they are no base64. */
export function unarmored(text: string, name: string): Buffer | null {
  const [begin, end] = [`-----BEGIN ${name}-----`, `-----END ${name}-----`];
  const trimmed = text.trim();
  if (!trimmed.startsWith(begin) || !trimmed.endsWith(end)) return null;
  return fromBase64(trimmed.slice(begin.length, -end.length).replaceAll(/\s/g, ''));
}

export function armored(content: Buffer, name: string): string {
  const lines = content.toString('base64').match(/.{1,70}/g) ?? [];
  return [`-----BEGIN ${name}-----`, ...lines, `-----END ${name}-----`, ''].join('\n');
}

/** Node.js reads past what is no base64. */
export function fromBase64(text: string): Buffer {
  const content = Buffer.from(text, 'base64');
  if (content.length === 0 || content.toString('base64') !== text) throw new BadWire('it is no base64');
  return content;
}
