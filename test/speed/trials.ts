/** The simulations of the tests with all their trials, of which the gate runs a tenth. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

export async function benchTrials(print: (line: string) => void): Promise<void> {
  const child = spawn('npx', ['vitest', 'run', '--project', 'unit', 'test/bench/analysis'], {
    stdio: 'inherit',
    env: { ...process.env, BOXMARK_TRIALS: 'all' },
  });
  const [code] = await once(child, 'exit');
  print(code === 0 ? 'every bound holds' : `a bound does not hold (exit code ${code})`);
  if (code !== 0) process.exitCode = 1;
}
