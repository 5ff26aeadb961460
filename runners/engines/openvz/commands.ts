/** The commands of OpenVZ (vzctl) and Virtuozzo (prlctl) that make a container, run something in it and remove it; pure. */

import type { Limits } from '../../../bench/types.ts';
import { cpuList, quote } from '../../kit/shell.ts';

export const OPENVZ_TOOLS = ['prlctl', 'vzctl'] as const;
export type OpenvzTool = (typeof OPENVZ_TOOLS)[number];

export interface OpenvzCommands {
  /** Commands one after the other that make a container with its limits and start it. */
  open(container: string, limits: Pick<Limits, 'cpus' | 'memoryBytes' | 'pids'>): string[][];
  run(container: string, argv: readonly string[]): string[];
  /** Commands that end and remove it; each may fail when the one before did its work. */
  remove(container: string): string[][];
  /** What it is called: vzctl takes numbers only. */
  containerName(run: string, start: string): string;
}

export const OPENVZ: Readonly<Record<OpenvzTool, OpenvzCommands>> = {
  prlctl: {
    open: (name, { cpus, memoryBytes, pids }) => [
      ['prlctl', 'create', name, '--vmtype', 'ct'],
      ['prlctl', 'set', name, '--hostname', 'boxmark'],
      ['prlctl', 'set', name, '--cpus', String(cpus.length), '--cpumask', cpuList(cpus)],
      ['prlctl', 'set', name, '--memsize', `${mebibytes(memoryBytes)}M`, '--swappages', '0', '--numproc', String(pids)],
      ['prlctl', 'start', name, '--wait'],
    ],
    run: (name, argv) => ['prlctl', 'exec', name, ...argv],
    remove: (name) => [
      ['prlctl', 'stop', name, '--kill'],
      ['prlctl', 'delete', name],
    ],
    containerName: (run, start) => `boxmark-${run}-${start}`,
  },
  vzctl: {
    open: (id, { cpus, memoryBytes, pids }) => [
      ['vzctl', 'create', id, '--hostname', 'boxmark'],
      [
        ...['vzctl', 'set', id, '--save', '--cpus', String(cpus.length), '--cpumask', cpuList(cpus)],
        ...['--ram', `${mebibytes(memoryBytes)}M`, '--swap', '0', '--numproc', String(pids)],
      ],
      ['vzctl', 'start', id, '--wait'],
    ],
    // It hands one string to the shell of the container.
    run: (id, argv) => ['vzctl', 'exec2', id, argv.map(quote).join(' ')],
    remove: (id) => [
      ['vzctl', 'stop', id, '--fast'],
      ['vzctl', 'destroy', id],
    ],
    containerName: (run, start) => String(1_000_000 + (number(`${run}-${start}`) % 1_000_000_000)),
  },
};

/** FNV-1a, so that the same start has the same number. */
function number(text: string): number {
  return [...text].reduce((hash, char) => Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0, 0x811c9dc5);
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / (1 << 20));
}
