/** What of an image is not taken as it is, counted by its kind. */

const KINDS = {
  device: (count: string) => `${count} left out, because every box has its own /dev`,
  'set-id': (count: string) => `the set-user-id and set-group-id bits of ${count} dropped`,
  owner: (count: string) => `${count} of other owners belong to root`,
  link: (count: string) => `${count} left out, because they lead out of the root or in a circle`,
} as const;

type NoticeKind = keyof typeof KINDS;

const NOUNS: Readonly<Record<NoticeKind, readonly [one: string, many: string]>> = {
  device: ['device or pipe', 'devices and pipes'],
  'set-id': ['program', 'programs'],
  owner: ['file or folder', 'files and folders'],
  link: ['link', 'links'],
};

export class Notices {
  readonly #found = new Map<NoticeKind, { count: number; readonly first: string }>();

  add(kind: NoticeKind, path: string): void {
    const known = this.#found.get(kind) ?? { count: 0, first: path };
    known.count += 1;
    this.#found.set(kind, known);
  }

  /** A sentence for each kind, always in the same order. */
  get lines(): string[] {
    return (Object.keys(KINDS) as NoticeKind[]).flatMap((kind) => {
      const found = this.#found.get(kind);
      if (found === undefined) return [];
      const [one, many] = NOUNS[kind];
      const { count, first } = found;
      return [KINDS[kind](`${count} ${count === 1 ? one : many} (/${first}${count === 1 ? '' : ', …'})`)];
    });
  }
}
