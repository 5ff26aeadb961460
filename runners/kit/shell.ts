/** Words and lists as a shell and the kernel take them. */

/** A word that the shell takes unquoted. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** CPUs as the kernel lists them: `0,2,3`. */
export function cpuList(cpus: readonly number[]): string {
  return cpus.join(',');
}

/** The kernel's own list format, `0-3,8`; anything else in it is passed over. */
export function parseKernelCpus(text: string): number[] {
  const cpus = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part);
    if (match === null) continue;
    for (let cpu = Number(match[1]); cpu <= Number(match[2] ?? match[1]); cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}
