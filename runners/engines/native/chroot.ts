/** Natively in a root that the user brings: a change of root in private mounts, and no other isolation. */

import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Image, Workspace } from '../../../bench/types.ts';
import { asRoot } from '../../kit/as-root.ts';
import { findCommand } from '../../kit/commands.ts';
import { type Mount, mountTable } from '../../kit/mount-table.ts';
import { envShell } from '../../kit/payload-env.ts';
import { removeTree } from '../../kit/remove.ts';
import { quote } from '../../kit/shell.ts';

/** What a program needs of its host, and the root itself, which nobody writes to. */
const mountsOf = (root: string): Mount[] => [
  [root, '', 'none', 'bind,ro'],
  ...['/proc', '/sys', '/dev'].map((folder): Mount => [folder, folder, 'none', 'rbind']),
  ['tmpfs', '/tmp', 'tmpfs', 'nosuid,nodev,mode=1777,size=64m'],
];

const SET_UP_FAILED = 125;

export class Chroot {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Throws `BoxmarkError` for a user who may not mount. */
  static async prepare(image: Image, workspace: Workspace): Promise<Chroot> {
    if (process.getuid?.() !== 0) {
      throw new BoxmarkError({
        what: 'Natively, programs run in a root of yours by chroot, which only root may do.',
        value: 'native',
        remedy: asRoot(),
      });
    }
    const chroot = new Chroot(join(workspace.dir, `native-${randomBytes(4).toString('hex')}`));
    await mkdir(chroot.#newRoot, { recursive: true });
    await writeFile(chroot.#table, mountTable(mountsOf(image.root), chroot.#newRoot));
    return chroot;
  }

  /** Words that run a command in the root; its mounts end with it. */
  command(argv: readonly string[], env?: Readonly<Record<string, string>>): string[] {
    const [unshare = 'unshare', chroot = 'chroot'] = [findCommand('unshare'), findCommand('chroot')];
    const script = [
      `mount -a -T ${quote(this.#table)} || exit ${SET_UP_FAILED}`,
      `${envShell(env)} exec ${quote(chroot)} ${quote(this.#newRoot)} "$@"`,
    ].join('\n');
    return [unshare, '--mount', '--propagation', 'private', '--', 'sh', '-c', script, 'sh', ...argv];
  }

  dispose(): Promise<void> {
    return removeTree(this.#folder);
  }

  /** A mount point, in the private mounts only. */
  get #newRoot(): string {
    return join(this.#folder, 'root');
  }

  get #table(): string {
    return join(this.#folder, 'mounts');
  }
}
