/** The size of a host that is simulated: `cpus=64,memory=256g`. */

import { usageError } from '../errors.ts';
import { parseBytes, parseCount } from '../units.ts';
import type { ValueType } from './values.ts';

/** What is left out is as in the host that was measured. */
export interface SimulatedSize {
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
}

const MOST_CPUS = 1024;
const EXAMPLE = 'cpus=64,memory=256g';

export const SIMULATED_SIZE: ValueType<SimulatedSize> = {
  metavar: 'size',
  forms: ['text'],
  parse: (given, flag) => sizeOf(given, flag),
  format: ({ cpus, memoryBytes }) =>
    [...(cpus === null ? [] : [`cpus=${cpus}`]), ...(memoryBytes === null ? [] : [`memory=${memoryBytes}b`])].join(','),
};

function sizeOf(given: unknown, flag: string): SimulatedSize {
  const parts = String(given).split(',');
  const found = new Map<string, string>();
  for (const part of parts) {
    const [name = '', value] = part.split('=', 2);
    if (!['cpus', 'memory'].includes(name.trim()) || value === undefined || found.has(name.trim())) {
      throw usageError(
        `${flag} takes the size of a host, CPUs and memory, each once.`,
        String(given),
        `${flag} ${EXAMPLE}`,
      );
    }
    found.set(name.trim(), value.trim());
  }
  const cpus = found.get('cpus');
  const memory = found.get('memory');
  return {
    cpus: cpus === undefined ? null : parseCount(cpus, `cpus of ${flag}`, 1, MOST_CPUS),
    memoryBytes: memory === undefined ? null : parseBytes(memory, `memory of ${flag}`),
  };
}
