/** The file that makes the loader add libraries to every program of a system: ld.so(8). */

export const PRELOAD = '/etc/ld.so.preload';

/** Libraries that its text names. */
export function preloadFiles(text: string): string[] {
  return text
    .replace(/#.*/g, '')
    .split(/[\s:]+/)
    .filter(Boolean);
}
