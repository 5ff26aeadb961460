/** Tables of mounts for one call of `mount`. */

/** Source, target below the new root, type and options. */
export type Mount = readonly [source: string, target: string, type: string, options: string];

/** The table as `mount --all --fstab` reads it; one command mounts everything, which saves a process for each mount. */
export function mountTable(mounts: readonly Mount[], newRoot: string): string {
  const field = (text: string): string =>
    text.replace(/[\s\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return mounts
    .map(([source, target, type, options]) => `${field(source)} ${field(newRoot + target)} ${type} ${options} 0 0\n`)
    .join('');
}
