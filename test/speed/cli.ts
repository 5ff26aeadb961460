/** How long the program takes to say something that it need not look for, as a multiple of what Node.js takes to do nothing. */

import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { median } from '../../bench/units.ts';
import { idPart, type Recorder } from './record/figure.ts';

const TURNS = 20;
const GOAL = 1.5;

/** Arguments of the program; those with a goal load nothing but the tables of commands and flags. */
const CALLS: readonly { readonly args: readonly string[]; readonly goal?: number }[] = [
  { args: ['--version'], goal: GOAL },
  { args: ['--help'], goal: GOAL },
  { args: ['run', '--help'], goal: GOAL },
  { args: ['completion', 'bash'] },
  { args: ['list', 'workloads'] },
  { args: ['list', 'environments'] },
];

export async function benchCli(print: (line: string) => void, _: object, record: Recorder): Promise<void> {
  const main = resolve('dist/cli/main.js');
  const nothing: number[] = [];
  const times = CALLS.map((): number[] => []);
  for (let turn = 0; turn < TURNS; turn++) {
    nothing.push(timeOf(['-e', '0']));
    for (const [index, { args }] of CALLS.entries()) times[index]?.push(timeOf([main, ...args]));
  }
  print(`node -e 0: ${median(nothing).toFixed(1)} ms, median of ${TURNS} in turns`);
  print('boxmark …              ms   times node   goal');
  for (const [index, { args, goal }] of CALLS.entries()) {
    const ms = median(times[index] ?? []);
    const turns = (times[index] ?? []).map((time, turn) => time / (nothing[turn] ?? time));
    record(`cli.${idPart(args.join(' '))}`, 'ratio', turns);
    const ratio = median(turns).toFixed(2);
    print(
      `${args.join(' ').padEnd(18)}${ms.toFixed(1).padStart(7)}${ratio.padStart(13)}   ${goal === undefined ? '–' : `≤ ${goal}`}`,
    );
  }
}

function timeOf(argv: readonly string[]): number {
  const begun = performance.now();
  const { status, stderr } = spawnSync(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ms = performance.now() - begun;
  if (status !== 0) throw new Error(`${argv.join(' ')} failed: ${stderr}`);
  return ms;
}
