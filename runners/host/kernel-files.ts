/** Reads what the kernel shows under /proc and /sys, below a root that tests can replace. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseKernelCpus } from '../kit/shell.ts';

export interface KernelFiles {
  /** Trimmed content of a file; null when it is missing or unreadable. */
  text(path: string): string | null;
  /** A file's content as a number; null when it is missing or none. */
  number(path: string): number | null;
  /** A file's content as a list of CPUs; null when it is missing. */
  cpus(path: string): number[] | null;
  /** Names in a folder, sorted; empty when it is missing. */
  names(path: string): string[];
}

/** These files live in memory, so reading them synchronously costs less than scheduling a read. */
export function kernelFiles(root = '/'): KernelFiles {
  const text = (path: string): string | null => {
    try {
      return readFileSync(join(root, path), 'utf8').trim();
    } catch {
      return null;
    }
  };
  return {
    text,
    number: (path) => {
      const content = text(path);
      return content === null || content === '' || !Number.isFinite(Number(content)) ? null : Number(content);
    },
    cpus: (path) => {
      const content = text(path);
      return content === null ? null : parseKernelCpus(content);
    },
    names: (path) => {
      try {
        return readdirSync(join(root, path)).sort();
      } catch {
        return [];
      }
    },
  };
}

/** Value of `name: value` or `name\t: value` in the text of /proc/cpuinfo, /proc/meminfo or a status file; null when it is missing. */
export function fieldOf(text: string | null, name: string): string | null {
  for (const line of (text ?? '').split('\n')) {
    const colon = line.indexOf(':');
    if (colon >= 0 && line.slice(0, colon).trim() === name) return line.slice(colon + 1).trim();
  }
  return null;
}

/** A field of /proc/meminfo, or of another file that counts in kB, in bytes; null when it is missing. */
export function memoryField(files: KernelFiles, name: string, file = '/proc/meminfo'): number | null {
  const match = /^(\d+) kB$/.exec(fieldOf(files.text(file), name) ?? '');
  return match === null ? null : Number(match[1]) * 1024;
}

/** The choice in brackets of `always [madvise] never`; the whole text when there are none. */
export function bracketed(text: string | null): string | null {
  return /\[([^\]]+)\]/.exec(text ?? '')?.[1] ?? text;
}

/** Distinct values in order, joined by ` + `; null when there are none. */
export function joinDistinct(values: readonly (string | null)[]): string | null {
  const found = [...new Set(values.filter((value) => value !== null && value !== ''))];
  return found.length === 0 ? null : found.join(' + ');
}
