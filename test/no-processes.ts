/** Makes a test fail that starts a process although it belongs to a project whose tests start none. */

import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

const STARTERS = ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'];

function refuse(command: unknown): never {
  throw new Error(`a unit test starts no process, and this one starts ${command}: its file is a *.cli.test.ts`);
}

Object.assign(childProcess, Object.fromEntries(STARTERS.map((name) => [name, refuse])));
syncBuiltinESMExports();
