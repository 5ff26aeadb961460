/** `spawn`: processes, started and waited for. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM_PATH } from '../bench/payload/image-files.ts';
import type { Size } from '../bench/types.ts';
import { fold, type Opened, type SystemWorkload } from './system.ts';

const PROCESSES: Readonly<Record<Size, number>> = { tiny: 1, small: 1, large: 4 };

/** By number of arguments beside the name. */
const ARGUMENTS = [[], ['1'], ['1', '2'], ['1', '2', '3']] as const;

/**
 * Node.js forks itself, as every program that starts another one does, and the copy becomes the image's smallest program,
 * which ends with the number of its arguments. What the payload has in memory is part of the price of a fork: compare
 * sessions with the same workloads.
 */
export const spawn: SystemWorkload = {
  id: 'spawn',
  title: 'Processes',
  summary: 'fork, execute a program of two instructions, and wait for its end',
  unit: 'processes/s',
  sizes: { tiny: sizeOf('tiny'), small: sizeOf('small'), large: sizeOf('large') },
  open: (size, { root }): Opened => {
    const program = join(root, PROGRAM_PATH);
    if (!existsSync(program)) throw new Error(`spawn: the image has no /${PROGRAM_PATH}`);
    const env = {};
    return {
      act: (pass) => {
        let answer = pass;
        for (let child = 0; child < PROCESSES[size]; child++) {
          const { status, signal, error } = spawnSync(program, argumentsOf(pass, child), { stdio: 'ignore', env });
          if (error !== undefined) throw error;
          if (status === null) throw new Error(`spawn: the program was ended by ${signal}`);
          answer = fold(answer, status);
        }
        return answer;
      },
    };
  },
  answer: (size, pass) => {
    let answer = pass;
    for (let child = 0; child < PROCESSES[size]; child++) answer = fold(answer, 1 + argumentsOf(pass, child).length);
    return answer;
  },
};

function argumentsOf(pass: number, child: number): readonly string[] {
  return ARGUMENTS[(pass + child) % ARGUMENTS.length] ?? [];
}

function sizeOf(size: Size) {
  return { parameters: { processes: PROCESSES[size] }, perPass: PROCESSES[size] };
}
