/** Words and lists as a shell and the kernel take them. */

/** A word that the shell takes unquoted. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** CPUs as the kernel lists them: `0,2,3`. */
export function cpuList(cpus: readonly number[]): string {
  return cpus.join(',');
}
